//! `levada check OLD NEW`: the registry's verdict on two files, offline, with all reasons.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::thread;

use levada_schema_core::{Incompatibility, Limits, Side, Validation, VersionReport, check_version};

use crate::args::CheckArgs;
use crate::config_file;
use crate::exit::{self, Failure};
use crate::limits;
use crate::load;

/// Enough for the deepest schemas that the limits allow, in a debug build too, however small the
/// caller's own stack is. What is not used costs address space alone.
const STACK_BYTES: usize = 64 << 20;

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
            .spawn_scoped(scope, || check(args, &limits))
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
    let text = render(args, &report);
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::new(exit::FAILED, format!("cannot write to stdout: {error}")))?;
    Ok(ExitCode::from(if report.is_compatible() { exit::OK } else { exit::FAILED }))
}

fn render(args: &CheckArgs, report: &VersionReport) -> String {
    let (old, new) = (args.old.display(), args.new.display());
    let level = args.level;
    if report.is_compatible() {
        return format!("compatible ({level}): {old} -> {new}\n");
    }
    let mut text = String::new();
    for found in &report.incompatibilities {
        finding(&mut text, args, found);
    }
    let count = report.incompatibilities.len();
    let reasons = match count {
        0 => "the schema types differ".to_owned(),
        1 => "1 reason".to_owned(),
        _ => format!("{count} reasons"),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "incompatible ({level}): {old} -> {new}, {reasons}");
    text
}

/// One difference: the rule and path, both places, the plain sentence and the way out.
fn finding(text: &mut String, args: &CheckArgs, found: &Incompatibility) {
    let (reader, writer) = match found.reader {
        Side::New => (&args.new, &args.old),
        Side::Old => (&args.old, &args.new),
    };
    let mut lines =
        vec![format!("error[{}] at {}: {}", found.rule.as_str(), found.path, what(found))];
    for (side, file, location) in
        [("reader", reader, found.reader_location), ("writer", writer, found.writer_location)]
    {
        if let Some(at) = location {
            let file = file.display();
            lines.push(format!("  --> {file}:{}:{} ({side})", at.line, at.column));
        }
    }
    lines.extend(found.rule.explanation().map(|sentence| format!("  why: {sentence}")));
    lines.extend(found.rule.fix().map(|sentence| format!("  fix: {sentence}")));
    text.push_str(&lines.join("\n"));
    text.push_str("\n\n");
}

/// The sentence inside the reference's message, else the whole message. The formats quote it in
/// their own ways: `'…'`, `"…"`, and `"…'` for JSON Schema.
fn what(found: &Incompatibility) -> &str {
    let sentence = || {
        let (_, quoted) = found.message.split_once("description:")?;
        let end = quoted.rfind(", additionalInfo:").or_else(|| quoted.rfind('}'))?;
        let sentence = quoted.get(..end)?.trim_matches(['\'', '"']);
        (!sentence.is_empty()).then_some(sentence)
    };
    sentence().unwrap_or(&found.message)
}
