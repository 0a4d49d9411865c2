//! `levada check OLD NEW`: the registry's verdict on two files, offline, with all reasons.

use std::io::Write as _;
use std::process::ExitCode;
use std::thread;

use levada_schema_core::{Limits, Validation, check_version, counter_example};

use crate::args::CheckArgs;
use crate::config_file;
use crate::exit::{self, Failure};
use crate::limits;
use crate::load;
use crate::render::{self, Example, Reason};

/// Enough for the deepest schemas that the limits allow, in a debug build too, however small the
/// caller's own stack is. What is not used costs address space alone.
const STACK_BYTES: usize = 64 << 20;

/// Every example is a search of its own, and huge schemas can differ in very many places.
const EXAMPLES_MAX: usize = 100;

/// Exits 0 when the new schema may follow the old one, 1 when it may not.
pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::new(exit::FAILED, format!("no working folder: {error}")))?;
    let file = config_file::load(None, &here)?;
    let limits = args.limits.decide(&file.limits, limits::variable)?;
    thread::scope(|scope| {
        let checking = thread::Builder::new()
            .name("check".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || check(args, &limits.schemas))
            .map_err(|error| {
                Failure::new(exit::FAILED, format!("cannot start a thread: {error}"))
            })?;
        // A panic is a defect of ours and goes on as one.
        checking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn check(args: &CheckArgs, limits: &Limits) -> Result<ExitCode, Failure> {
    let old = load::schema(&args.old, args.schema_type, Validation::Stored, limits)?;
    let new = load::schema(&args.new, args.schema_type, Validation::New, limits)?;
    let report = check_version(args.level, &new, &old, limits)
        .map_err(|error| Failure::new(exit::NO_INPUT, error))?;
    let found = report.incompatibilities.iter().enumerate();
    let reasons: Vec<Reason<'_>> = found
        .map(|(index, found)| {
            let example = match index {
                _ if !args.example => Example::NotAsked,
                EXAMPLES_MAX.. => Example::OneTooMany,
                _ => Example::LookedFor(counter_example(&new, &old, found, limits)),
            };
            Reason { found, example }
        })
        .collect();
    let text = render::verdict(args, &report, &reasons, new.schema_type());
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::new(exit::FAILED, format!("cannot write to stdout: {error}")))?;
    Ok(ExitCode::from(if report.is_compatible() { exit::OK } else { exit::FAILED }))
}
