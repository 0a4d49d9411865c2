//! Where reports go: formats, files, and how stdout looks.

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use levada_schema_check::render::{Format, Style, plain, render};
use levada_schema_check::report::Report;

use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::places::Places;

const IN_A_FILE: Style = Style { color: false, width: None, summary: true };

#[derive(Debug, Default, Args)]
pub(crate) struct OutputArgs {
    /// text, compact, json, junit, github, gitlab, sarif or markdown; =FILE writes it there. May be
    /// repeated [default: text]
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    pub(crate) formats: Vec<FormatArg>,
}

/// A format, and the file that it goes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormatArg {
    format: Format,
    file: Option<PathBuf>,
}

impl FromStr for FormatArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = name.parse::<Format>().map_err(|error| error.to_string())?;
        Ok(Self { format, file })
    }
}

impl OutputArgs {
    /// Whether a format was asked for, so that there has to be a report in any case.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.formats.is_empty()
    }

    /// Writes a line beside the report: to stderr where stdout is a document for programs.
    pub(crate) fn line(&self, line: impl Display) -> Result<(), Failure> {
        let line = line.to_string();
        let line = plain(&line);
        let is_document =
            |wanted: &FormatArg| wanted.file.is_none() && wanted.format != Format::Text;
        if !self.formats.iter().any(is_document) {
            return print(format_args!("{line}\n"));
        }
        // A closed stderr leaves nobody to tell.
        let _ = writeln!(std::io::stderr(), "{line}");
        Ok(())
    }

    /// Writes the report in every format that was asked for, and the step summary of GitHub.
    pub(crate) fn write(
        &self,
        report: &Report,
        places: &Places,
        globals: &Globals,
    ) -> Result<(), Failure> {
        let text = [FormatArg::default()];
        let formats = if self.formats.is_empty() { &text } else { self.formats.as_slice() };
        if formats.iter().filter(|format| format.file.is_none()).count() > 1 {
            let message = "only one --format can go to stdout; write the others as FORMAT=FILE";
            return Err(Failure::new(exit::USAGE, message));
        }
        for FormatArg { format, file } in formats {
            let shown = places.shown(*format, report);
            match file {
                None => print(render(*format, &shown, globals.style()))?,
                Some(file) => {
                    let text = render(*format, &shown, IN_A_FILE);
                    std::fs::write(file, text).map_err(|error| {
                        let message = format!("cannot write {}: {error}", file.display());
                        Failure::new(exit::FAILED, message)
                    })?;
                }
            }
            if *format == Format::Github {
                step_summary(&shown)?;
            }
        }
        Ok(())
    }
}

/// The columns of the terminal, unless the variable `COLUMNS` says another number; none where text
/// goes into a pipe or a file.
pub(crate) fn width() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    said.or_else(|| asked().map(|size| usize::from(size.ws_col))).filter(|columns| *columns > 0)
}

fn step_summary(report: &Report) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY") else { return Ok(()) };
    let file = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    let text = render(Format::Markdown, report, IN_A_FILE);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let path = PathBuf::from(path);
        Failure::new(exit::FAILED, format!("cannot write {}: {error}", path.display()))
    })
}

/// Writes to stdout. A reader who has hung up has seen enough.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    is_read(write!(stdout, "{text}").and_then(|()| stdout.flush())).map(drop)
}

/// Whether somebody still reads what was written to stdout.
pub(crate) fn is_read(written: std::io::Result<()>) -> Result<bool, Failure> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new(exit::FAILED, format!("cannot write to stdout: {error}"))),
        Ok(()) => Ok(true),
    }
}
