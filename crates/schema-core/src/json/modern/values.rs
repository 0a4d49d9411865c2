//! Values of `enum`, `const` and unknown keywords as the newer dialects hold and compare them.
//!
//! The reference copies arrays and objects by way of 32-bit integers, and reads references with a
//! parser of its own, whose numbers are never equal to those of the schema itself.

use super::Place;
use crate::json::decimal::Decimal;
use crate::json::model::Held;
use crate::json::text::{normalized_with, printed_integer, printed_number};
use crate::json_text::{Data, Number, Value};

/// The text of a value.
pub(super) fn held(at: Place<'_>) -> String {
    text(at.value, at.document.name.is_some())
}

/// A value whose text may be asked for.
pub(super) fn kept(at: Place<'_>) -> Held {
    Held::Modern { value: at.value.clone(), from_reference: at.document.name.is_some() }
}

/// Equal for two values just if the reference holds them for equal.
pub(in crate::json) fn text(value: &Value, from_reference: bool) -> String {
    let inside = matches!(value.data, Data::Array(_) | Data::Object(_));
    normalized_with(value, &|number| match (inside, from_reference) {
        (false, false) => printed_number(number),
        (true, false) => copied(number, printed_integer(number).is_some()),
        (_, true) if !is_printed_whole(number) => double(number),
        (false, true) => read_integer(number),
        (true, true) => {
            copied(number, printed_integer(number).is_some_and(|n| i32::try_from(n).is_ok()))
        }
    })
}

fn is_printed_whole(number: &Number) -> bool {
    printed_number(number).bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// A number inside a copied value: as it is if it `fits`, else the last 32 bits of its whole part.
fn copied(number: &Number, fits: bool) -> String {
    match Decimal::parse(number.source()) {
        Some(decimal) if !fits => decimal.to_i32_wrapping().to_string(),
        _ => printed_number(number),
    }
}

/// A fraction or power in a reference, which is a double there.
fn double(number: &Number) -> String {
    let value = number.as_f64();
    if value.is_finite() { format!("{value}d") } else { printed_number(number) }
}

/// An integer in a reference: of more than 32 bits it is none of the schema's own until it
/// passes 64.
fn read_integer(number: &Number) -> String {
    let printed = printed_number(number);
    match printed_integer(number) {
        Some(wide) if i32::try_from(wide).is_err() => format!("{printed}n"),
        _ => printed,
    }
}
