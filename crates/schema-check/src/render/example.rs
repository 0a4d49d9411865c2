//! What is told of a value that shows a finding.

use levada_schema_core::{CounterExample, SchemaType};

use crate::report::Example;

/// Longest encoded value that is shown, in bytes.
const SHOWN_BYTES_MAX: usize = 64;

/// The value, its bytes where they are another thing than its text, and the reader's answer.
pub(super) fn lines(example: &Example, schema_type: SchemaType) -> Vec<String> {
    let example = match example {
        Example::NotAsked => return Vec::new(),
        Example::OneTooMany => return vec!["example: not looked for after so many".to_owned()],
        Example::LookedFor(CounterExample::NoneExists(reason)) => {
            return vec![format!("example: no value shows this: {reason}")];
        }
        Example::LookedFor(CounterExample::NotFound) => {
            return vec![
                "example: none was found, which does not mean that there is none".to_owned(),
            ];
        }
        Example::LookedFor(CounterExample::Value(example)) => example,
    };
    let mut lines = vec![format!("example: {}", example.value)];
    let length = example.encoded.len();
    if schema_type != SchemaType::Json && length <= SHOWN_BYTES_MAX {
        let bytes = if length == 0 { "none".to_owned() } else { hex(&example.encoded) };
        lines.push(format!("bytes: {bytes}"));
    }
    lines.push(format!("outcome: {}", example.refusal));
    lines
}

/// Two digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
