//! Compact JSON text, escaped as the reference escapes it.

use std::fmt::Write as _;

use super::{Data, Value};

/// The value without white space, members in source order, numbers re-rendered.
pub(crate) fn print(value: &Value, out: &mut String) {
    match &value.data {
        Data::Null => out.push_str("null"),
        Data::Boolean(true) => out.push_str("true"),
        Data::Boolean(false) => out.push_str("false"),
        Data::Number(number) => out.push_str(&number.printed()),
        Data::String(text) => write_string(text, out),
        Data::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                print(item, out);
            }
            out.push(']');
        }
        Data::Object(object) => {
            out.push('{');
            for (index, member) in object.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(&member.key, out);
                out.push(':');
                print(&member.value, out);
            }
            out.push('}');
        }
    }
}

/// `text` in quotes. Only what must be escaped is; other characters stay as they are.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
