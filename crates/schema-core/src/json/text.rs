//! The stored text and the normalized text of a schema, byte for byte the reference's.

use super::decimal::Decimal;
use crate::json_text::{Data, Member, Number, Value, write_string};

/// How the members of an object are ordered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Written,
    /// By UTF-16 code unit, as Java compares strings.
    Sorted,
}

/// The stored form: no white space, members in written order.
pub(super) fn canonical(value: &Value) -> String {
    let mut out = String::new();
    print(value, Order::Written, &printed_number, &mut out);
    out
}

/// The normalized form: members sorted at every depth, arrays untouched.
pub(super) fn normalized(value: &Value) -> String {
    normalized_with(value, &printed_number)
}

/// The normalized form with numbers as `number` prints them.
pub(super) fn normalized_with(value: &Value, number: &impl Fn(&Number) -> String) -> String {
    let mut out = String::new();
    print(value, Order::Sorted, number, &mut out);
    out
}

fn print(value: &Value, order: Order, printed: &impl Fn(&Number) -> String, out: &mut String) {
    match &value.data {
        Data::Null => out.push_str("null"),
        Data::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Data::Number(number) => out.push_str(&printed(number)),
        Data::String(text) => write_string(text, out),
        Data::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                print(item, order, printed, out);
            }
            out.push(']');
        }
        Data::Object(object) => {
            let mut members: Vec<&Member> = object.iter().collect();
            if order == Order::Sorted {
                members.sort_by(|a, b| a.key.encode_utf16().cmp(b.key.encode_utf16()));
            }
            out.push('{');
            for (index, member) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(&member.key, out);
                out.push(':');
                print(&member.value, order, printed, out);
            }
            out.push('}');
        }
    }
}

pub(super) fn printed_number(number: &Number) -> String {
    Decimal::parse(number.source())
        .map_or_else(|| number.source().to_owned(), |decimal| decimal.printed())
}

/// The value, if the number is printed as an integer and fits: `1e0` and `1.0e1` are, `1.0` and
/// `1e1` are not. What reads the stored text takes the number for what is printed.
pub(super) fn printed_integer(number: &Number) -> Option<i64> {
    printed_number(number).parse().ok()
}
