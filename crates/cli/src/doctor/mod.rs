//! `levada doctor`: looks at everything that a setup stands on, and says what to do where something
//! is wrong. Nothing is changed.

mod broker;
mod data;
mod registry;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use levada_schema_check::report::plural;
use serde::Serialize;

use crate::config_file::ConfigFile;
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::kafka::{AnswerArgs, BrokerArgs};
use crate::limits::LimitArgs;
use crate::registry::RegistryArgs;

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    broker: BrokerArgs,
    /// The data folder of a levada serve on this machine
    /// [default: data-dir in the table [serve] of levada.toml]
    #[arg(long, env = "LEVADA_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    answer: AnswerArgs,
}

/// What was looked at, and how it is.
#[derive(Debug, Serialize)]
struct Check {
    what: &'static str,
    ok: bool,
    found: String,
    /// What to do where it is not well.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, ok: true, found: found.into(), advice: None }
    }

    fn bad(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
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
        let message = "nothing to look at; name a --registry, a --bootstrap or a --data-dir";
        return Err(Failure::new(exit::NO_INPUT, message));
    }
    args.answer.write(&checks, |checks| text_of(checks))?;
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
    if let Some(folder) = args.data_dir.as_ref().or(file.serve.data_dir.as_ref()) {
        data::look(folder, checks);
    }
    Ok(())
}

fn text_of(checks: &[Check]) -> String {
    let widest = checks.iter().map(|check| check.what.len()).max().unwrap_or_default();
    let line = |check: &Check| {
        let verdict = if check.ok { "ok     " } else { "problem" };
        let Check { what, found, advice, .. } = check;
        let advice = advice.as_ref().map(|advice| format!("         do: {advice}\n"));
        format!("{verdict}  {what:widest$}  {found}\n{}", advice.unwrap_or_default())
    };
    let problems = checks.iter().filter(|check| !check.ok).count();
    let lines: String = checks.iter().map(line).collect();
    format!("{lines}\n{}, {}\n", plural(checks.len(), "check"), plural(problems, "problem"))
}
