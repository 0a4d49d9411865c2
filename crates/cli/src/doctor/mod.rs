//! `levada doctor`: looks at everything that a setup stands on, and says what to do where something
//! is wrong. Nothing is changed.

mod broker;
mod registry;

use std::process::ExitCode;

use clap::Args;
use levada_schema_check::render::wrap;
use levada_schema_check::report::plural;
use serde::Serialize;

use crate::config_file::ConfigFile;
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::kafka::{AnswerArgs, BrokerArgs};
use crate::limits::LimitArgs;
use crate::output::width;
use crate::registry::RegistryArgs;
use crate::serve::{DataArgs, look_at_data};

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    broker: BrokerArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    answer: AnswerArgs,
}

/// What was looked at, and how it is.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    what: &'static str,
    ok: bool,
    found: String,
    /// What to do where it is not well.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    pub(crate) fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, ok: true, found: found.into(), advice: None }
    }

    pub(crate) fn bad(
        what: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { what, ok: false, found: found.into(), advice: Some(advice.into()) }
    }
}

/// Exits 1 where something is not well.
pub(crate) fn run(args: &DoctorArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let path = globals.settings_path()?;
    let loaded = globals.settings();
    let mut checks = Vec::new();
    let file = match (loaded, path) {
        (Ok(file), Some(path)) => {
            checks.push(Check::good("settings", path.display().to_string()));
            file
        }
        (Ok(file), None) => file,
        (Err(failure), _) => {
            let advice = "mend the settings file; without it nothing else of it was looked at";
            checks.push(Check::bad("settings", failure.message(), advice));
            ConfigFile::default()
        }
    };
    look(args, globals, &file, &mut checks)?;
    if checks.is_empty() {
        let message = "nothing to look at; say what, as 'levada doctor --help' shows";
        return Err(Failure::new(exit::NO_INPUT, message));
    }
    args.answer.write(&checks, |checks| text_of(checks, width()))?;
    let is_well = checks.iter().all(|check| check.ok);
    Ok(ExitCode::from(if is_well { exit::OK } else { exit::FAILED }))
}

fn look(
    args: &DoctorArgs,
    globals: &Globals,
    file: &ConfigFile,
    checks: &mut Vec<Check>,
) -> Result<(), Failure> {
    let limits = args.limits.decide(&file.limits, crate::limits::variable)?.schemas;
    if args.registry.is_named(&file.registry) {
        let mut endpoint = args.registry.endpoint(globals, &file.registry)?;
        endpoint.context = None;
        registry::look(&endpoint, &limits, checks)?;
    }
    if args.broker.is_named(file) {
        broker::look(&args.broker, globals, &file.kafka, checks);
    }
    look_at_data(&args.data, &file.serve, checks)
}

/// `width` is that of the terminal, if text goes to one.
fn text_of(checks: &[Check], width: Option<usize>) -> String {
    let widest = checks.iter().map(|check| check.what.len()).max().unwrap_or_default();
    let line = |check: &Check| {
        let verdict = if check.ok { "ok     " } else { "problem" };
        let Check { what, found, advice, .. } = check;
        let found = behind(&format!("{verdict}  {what:widest$}  "), found, width);
        let advice = advice.as_ref().map(|advice| behind("         do: ", advice, width));
        [found, advice.unwrap_or_default()].concat()
    };
    let problems = checks.iter().filter(|check| !check.ok).count();
    let lines: String = checks.iter().map(line).collect();
    format!("{lines}\n{}, {}\n", plural(checks.len(), "check"), plural(problems, "problem"))
}

/// A line that begins with a label; what goes on stands behind it, too.
fn behind(label: &str, text: &str, width: Option<usize>) -> String {
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(label.len()));
    let text = wrap(text, room, room).replace('\n', &format!("\n{}", " ".repeat(label.len())));
    format!("{label}{text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_as_wide_as_the_terminal() {
        let checks =
            [Check::good("data", "room enough"), Check::bad("database", "it is ill", "mend it")];
        let whole = "ok       data      room enough\nproblem  database  it is ill\n         do: mend \
                     it\n\n2 checks, 1 problem\n";
        assert_eq!(text_of(&checks, None), whole);
        let narrow = "ok       data      room\n                   enough\nproblem  database  it is\n\
                      \u{20}                  ill\n         do: mend it\n\n2 checks, 1 problem\n";
        assert_eq!(text_of(&checks, Some(24)), narrow);
    }
}
