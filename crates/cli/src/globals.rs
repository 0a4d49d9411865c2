//! The flags that every command takes: which settings count, how long to wait, and how much is said.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use levada_schema_check::render::Style;

use crate::config_file::{self, ConfigFile};
use crate::exit::{self, Failure};
use crate::output::{print, width};

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Globals {
    /// Settings file [default: levada.toml, looked for from here upwards]
    #[arg(long, global = true, env = "LEVADA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Registry and brokers of levada.toml: the tables [profiles.NAME.registry] and
    /// [profiles.NAME.kafka] count instead of [registry] and [kafka]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Give up on a question to a registry or a broker after so many seconds, repetitions included
    /// [default: 30; 300 for commands that move or compare registries]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: Option<u64>,
    /// Say nothing but findings, errors and what was asked for (names, schemas, records): no
    /// summaries, no progress, no lines about what was done, no warnings
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Tell on stderr which settings file, registry and brokers count, and who says so
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// When text is in colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

/// When text is in colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    Always,
    Never,
}

impl Globals {
    /// The settings file, with the registry and the brokers of the profile.
    pub(crate) fn settings(&self) -> Result<ConfigFile, Failure> {
        let here = working_folder()?;
        let found = config_file::find(self.config.as_deref(), &here);
        if let Some(path) = &found {
            self.note(&format!("settings file {}", path.display()));
        }
        let mut file = config_file::load(found.as_deref())?;
        if let Some(name) = &self.profile {
            let profile = file.profiles.remove(name).ok_or_else(|| unknown(name, &file))?;
            (file.registry, file.kafka) = (profile.registry, profile.kafka);
        }
        Ok(file)
    }

    /// The settings file that counts, if there is one.
    pub(crate) fn settings_path(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(config_file::find(self.config.as_deref(), &working_folder()?))
    }

    /// What the flag says; a profile and a flag or variable never name the same thing twice.
    pub(crate) fn only<'a, T>(
        &self,
        said: Option<&'a T>,
        flag: &str,
        variable: &str,
    ) -> Result<Option<&'a T>, Failure> {
        match (&self.profile, said) {
            (Some(profile), Some(_)) => {
                let message = format!(
                    "--profile {profile} and --{flag} (or {variable}) both say where to go; say one of them"
                );
                Err(Failure::new(exit::USAGE, message))
            }
            (_, said) => Ok(said),
        }
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout.map(Duration::from_secs)
    }

    /// Writes to stdout what nobody asked for: what was done, and summaries.
    pub(crate) fn tell(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        if self.quiet { Ok(()) } else { print(text) }
    }

    /// Writes to stderr what nobody asked for and everybody should know.
    pub(crate) fn warn(&self, text: &str) {
        if !self.quiet {
            // A closed stderr leaves nobody to warn.
            let _ = writeln!(std::io::stderr(), "levada: {text}");
        }
    }

    /// Writes a line to stderr with `--verbose`.
    pub(crate) fn note(&self, line: &str) {
        if self.verbose {
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "levada: {line}");
        }
    }

    /// How text on stdout looks.
    pub(crate) fn style(&self) -> Style {
        let is_terminal = std::io::stdout().is_terminal();
        let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let color = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && is_wanted,
        };
        Style { color, width: width(), summary: !self.quiet }
    }
}

/// Where the command was called.
pub(crate) fn working_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .map_err(|error| Failure::new(exit::FAILED, format!("no working folder: {error}")))
}

fn unknown(name: &str, file: &ConfigFile) -> Failure {
    let known: Vec<&str> = file.profiles.keys().map(String::as_str).collect();
    let known = if known.is_empty() {
        "the settings file has none; a profile is a table [profiles.NAME.registry] or \
         [profiles.NAME.kafka]"
            .to_owned()
    } else {
        format!("known are {}", known.join(", "))
    };
    Failure::new(exit::USAGE, format!("there is no profile '{name}': {known}"))
}

/// Whether an argument is an address with a password in it.
pub(crate) fn has_password(argument: &str) -> bool {
    let Some((_, rest)) = argument.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
}

/// A path of the settings file counts from the folder of that file.
pub(crate) fn from_folder_of(file: &Path, path: &Path) -> PathBuf {
    file.parent().map_or_else(|| path.to_path_buf(), |folder| folder.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_in_an_address_is_seen_and_nothing_else() {
        for with in ["http://u:p@h:1", "--registry=https://u:p%40@h/x", "postgres://u:p@h/db"] {
            assert!(has_password(with), "{with}");
        }
        for without in ["http://h:1", "http://u@h", "http://h/a:b@c", "a:b@c", "http://u:@h"] {
            assert!(!has_password(without), "{without}");
        }
    }
}
