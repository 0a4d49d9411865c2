//! Compact JSON text, escaped as the reference escapes it.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::scan::plain_length;
use super::{Data, Member};

/// The value without white space, members in source order, numbers re-rendered.
pub(crate) fn print(value: &Data, out: &mut String) {
    print_in(value, false, out);
}

/// The same with the members of every object in the order of their keys.
pub(crate) fn print_sorted(value: &Data, out: &mut String) {
    print_in(value, true, out);
}

/// The order in which Java sorts strings: by UTF-16 code units.
pub(crate) fn utf16_order(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

fn print_in(value: &Data, is_sorted: bool, out: &mut String) {
    match value {
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
                print_in(&item.data, is_sorted, out);
            }
            out.push(']');
        }
        Data::Object(object) => {
            let mut members: Vec<&Member> = object.iter().collect();
            if is_sorted {
                members.sort_by(|a, b| utf16_order(&a.key, &b.key));
            }
            out.push('{');
            for (index, member) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(&member.key, out);
                out.push(':');
                print_in(&member.value.data, is_sorted, out);
            }
            out.push('}');
        }
    }
}

/// `text` in quotes. Only what must be escaped is; other characters stay as they are.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(plain_length(rest.as_bytes()));
        out.push_str(plain);
        let Some(c) = special.chars().next() else { break };
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
        }
        rest = special.get(1..).unwrap_or("");
    }
    out.push('"');
}
