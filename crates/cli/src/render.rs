//! What `levada check` prints: every reason with its places and, if asked for, an example.

use std::fmt::Write as _;

use levada_schema_core::{CounterExample, Incompatibility, SchemaType, Side, VersionReport};

use crate::args::CheckArgs;

/// Longest encoded value that is shown, in bytes.
const SHOWN_BYTES_MAX: usize = 64;

/// A finding, and the value that shows it.
pub(crate) struct Reason<'a> {
    pub(crate) found: &'a Incompatibility,
    pub(crate) example: Example,
}

pub(crate) enum Example {
    NotAsked,
    LookedFor(CounterExample),
    /// Enough reasons before it have one.
    OneTooMany,
}

pub(crate) fn verdict(
    args: &CheckArgs,
    report: &VersionReport,
    reasons: &[Reason<'_>],
    schema_type: SchemaType,
) -> String {
    let (old, new) = (args.old.display(), args.new.display());
    let level = args.level;
    if report.is_compatible() {
        return format!("compatible ({level}): {old} -> {new}\n");
    }
    let mut text = String::new();
    for reason in reasons {
        let mut lines = finding(args, reason.found);
        lines.extend(example_lines(&reason.example, schema_type));
        text.push_str(&lines.join("\n"));
        text.push_str("\n\n");
    }
    let reasons = match reasons.len() {
        0 => "the schema types differ".to_owned(),
        1 => "1 reason".to_owned(),
        count => format!("{count} reasons"),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "incompatible ({level}): {old} -> {new}, {reasons}");
    text
}

/// The rule and path, both places, the plain sentence and the way out.
fn finding(args: &CheckArgs, found: &Incompatibility) -> Vec<String> {
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
    lines
}

/// The value, its bytes where they are another thing than its text, and the reader's answer.
fn example_lines(example: &Example, schema_type: SchemaType) -> Vec<String> {
    let example = match example {
        Example::NotAsked => return Vec::new(),
        Example::OneTooMany => return vec!["  example: not looked for after so many".to_owned()],
        Example::LookedFor(CounterExample::NoneExists(reason)) => {
            return vec![format!("  example: no value shows this: {reason}")];
        }
        Example::LookedFor(CounterExample::NotFound) => {
            return vec![
                "  example: none was found, which does not mean that there is none".to_owned(),
            ];
        }
        Example::LookedFor(CounterExample::Value(example)) => example,
    };
    let mut lines = vec![format!("  example: {}", example.value)];
    let length = example.encoded.len();
    if schema_type != SchemaType::Json && length <= SHOWN_BYTES_MAX {
        let bytes = if length == 0 { "none".to_owned() } else { hex(&example.encoded) };
        lines.push(format!("  bytes: {bytes}"));
    }
    lines.push(format!("  outcome: {}", example.refusal));
    lines
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
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
