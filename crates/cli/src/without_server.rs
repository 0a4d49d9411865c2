//! The module `serve` of a build without the feature `serve`: `levada serve` says so, and what
//! settings say about a server is left to builds that have one.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

use crate::config_file::ConfigFile;
use crate::doctor::Check;
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::limits::LimitArgs;

pub(crate) const ABOUT: &str =
    "Schema checks, and commands for schema registries and Kafka clusters";
pub(crate) const WITHOUT_COMMAND: &str = "This build is the command line alone; the whole levada is also the schema registry and the Kafka \
     log broker.";
pub(crate) const IS_HERE: bool = false;
pub(crate) const HELP: &str = "Example:\n  levada serve";
pub(crate) const DOCTOR_HELP: &str = "\
Example:
  levada doctor --registry https://registry.example.com --bootstrap kafka.example.com:9092

Nothing is changed. Exits 1 where something is wrong.";

/// Whatever a server would be told.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<OsString>,
}

/// Of all that a server can be told, what checks of schemas can be told, too.
#[derive(Debug, Args)]
pub(crate) struct ServeFlags {
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// A settings file may be shared with a server.
pub(crate) type ServeTable = toml::Table;

/// The limits of a server on requests: of its settings it is known how they begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HttpLimits {
    unused: usize,
}

impl HttpLimits {
    pub(crate) const SETTINGS: &'static [(&'static str, usize)] = &[];

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut usize> {
        name.starts_with("http-").then_some(&mut self.unused)
    }
}

/// A build without a server has no data to look into.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {}

#[expect(clippy::unnecessary_wraps, reason = "that of a server may fail")]
pub(crate) fn look_at_data(
    _: &DataArgs,
    _: &ServeTable,
    _: &mut Vec<Check>,
) -> Result<(), Failure> {
    Ok(())
}

pub(crate) fn run(_: ServeArgs, _: &Globals) -> Result<ExitCode, Failure> {
    Err(none_here())
}

pub(crate) fn check_settings(_: ServeFlags, _: ConfigFile) -> Result<(), Failure> {
    Err(none_here())
}

fn none_here() -> Failure {
    let message = "this levada has no server: it was built without it, for the commands that check \
                   schemas and ask registries and brokers ('levada --help' lists them). The whole levada \
                   has one; from its sources: cargo install --locked --path crates/cli";
    Failure::new(exit::USAGE, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{self, Command};

    fn run_line(line: &[&str]) -> String {
        let line = ["levada"].iter().chain(line).map(OsString::from);
        let asked = args::parse(line).unwrap();
        let Command::Serve(args) = asked.command else { unreachable!("serve was said") };
        format!("{:?}", run(args, &asked.globals).unwrap_err())
    }

    #[test]
    fn serve_says_that_there_is_no_server_whatever_it_is_told() {
        for line in [&[][..], &["serve"], &["serve", "--data-dir", "x"], &["serve", "--dev"]] {
            let failure = run_line(line);
            assert!(failure.contains("code: 2") && failure.contains("no server"), "{failure}");
        }
    }

    #[test]
    fn settings_of_a_server_are_no_fault() {
        let file = "[serve]\nkafka-listen = \"0.0.0.0:9092\"\n[limits]\nhttp-headers-max = 5\n";
        let file: ConfigFile = toml::from_str(file).unwrap();
        assert!(LimitArgs::default().decide(&file.limits, |_| None).is_ok());
    }
}
