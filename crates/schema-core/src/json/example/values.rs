//! Plain values near the limits that two schemas set.

use serde_json::{Number, Value, json};

use super::shape::Shape;
use super::text;
use crate::json::decimal::Decimal;

/// Longest text that is made up, in characters.
pub(super) const LENGTH_MAX: usize = 10_000;
/// Most numbers that are made up for one place.
const NUMBERS_MAX: usize = 400;

/// The value of a text that the model keeps.
pub(super) fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

pub(super) fn decimal(number: &Value) -> Option<Decimal> {
    Decimal::parse(&number.as_number()?.to_string())
}

/// Equal as JSON values: 1 and 1.0 are one number.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => match (decimal(a), decimal(b)) {
            (Some(a), Some(b)) => a.equals(&b),
            _ => a == b,
        },
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let known =
                |(key, value): (&String, &Value)| b.get(key).is_some_and(|b| same(value, b));
            a.len() == b.len() && a.iter().all(known)
        }
        _ => a == b,
    }
}

/// Numbers at, beside and between the limits, and multiples of what must divide them.
pub(super) fn numbers(writer: &Shape<'_>, readers: &[Shape<'_>]) -> Vec<Value> {
    let rules = || writer.numbers.iter().chain(readers.iter().flat_map(|shape| &shape.numbers));
    let mut limits: Vec<f64> = rules()
        .flat_map(|rules| {
            [&rules.minimum, &rules.maximum, &rules.exclusive_minimum, &rules.exclusive_maximum]
        })
        .filter_map(|limit| limit.as_ref().map(Decimal::to_f64))
        .filter(|limit| limit.is_finite())
        .collect();
    limits.sort_by(f64::total_cmp);
    limits.dedup();
    let mut numbers = Vec::new();
    for limit in &limits {
        numbers.extend([0.0, 1.0, -1.0, 0.5, -0.5].map(|step| limit + step));
    }
    let between = limits.iter().zip(limits.iter().skip(1)).map(|(a, b)| f64::midpoint(*a, *b));
    numbers.extend(between);
    let units = rules().filter_map(|rules| Some(rules.multiple_of.as_ref()?.to_f64()));
    for unit in units.filter(|unit| *unit > 0.0) {
        let nearest = numbers.iter().map(|number| (number / unit).round() * unit);
        let nearest: Vec<f64> = nearest.collect();
        numbers.extend(nearest.iter().flat_map(|near| [*near, near + unit, near - unit]));
        numbers.extend([1.0, 2.0, 3.0, 5.0, 7.0, 0.5, -1.0].map(|factor| factor * unit));
    }
    numbers.extend([1.0, 0.0, 2.0, 3.0, 7.0, 1.5, 0.25, -1.0, -1.5, 10.0, 1000.0, 123_456.0, -1e6]);
    numbers.truncate(NUMBERS_MAX);
    let wanted = |number: &f64| !writer.integer || number.fract() == 0.0;
    numbers.into_iter().filter(wanted).filter_map(number).collect()
}

/// Whole numbers are written without a point.
fn number(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return format!("{number:.0}").parse::<i64>().ok().map(Value::from);
    }
    Number::from_f64(number).map(Value::Number)
}

/// Texts of lengths at and beside the limits, texts that match the patterns, and some of the
/// formats that validators know.
pub(super) fn strings(
    writer: &Shape<'_>,
    readers: &[Shape<'_>],
    pattern_depth_max: usize,
) -> Vec<Value> {
    let rules = || writer.strings.iter().chain(readers.iter().flat_map(|shape| &shape.strings));
    let mut lengths = vec![0, 2, 5];
    for limit in rules().flat_map(|rules| [rules.min_length, rules.max_length]).flatten() {
        let limit = usize::try_from(limit).unwrap_or(0);
        lengths.extend([limit, limit + 1, limit.saturating_sub(1)]);
    }
    lengths.retain(|length| *length <= LENGTH_MAX && *length != 1);
    lengths.push(1);
    lengths.sort_by_key(|length| (*length != 1, *length));
    lengths.dedup();
    let mut texts: Vec<String> = Vec::new();
    let formats = writer.formats.iter().chain(readers.iter().flat_map(|shape| &shape.formats));
    texts.extend(formats.flat_map(|format| in_format(format)).map(|text| (*text).to_owned()));
    for pattern in writer.strings.iter().filter_map(|rules| rules.pattern.as_deref()) {
        texts.extend(text::matching(pattern, pattern_depth_max, &lengths));
    }
    texts.extend(lengths.iter().map(|length| "a".repeat(*length)));
    for shape in readers {
        for pattern in shape.strings.iter().filter_map(|rules| rules.pattern.as_deref()) {
            texts.extend(text::matching(pattern, pattern_depth_max, &lengths));
        }
    }
    texts.extend(["A", "0", "-", " ", "_", "\u{e9}", "a b", "Ab1", "zz", "#"].map(str::to_owned));
    texts.into_iter().map(Value::String).collect()
}

fn in_format(format: &str) -> &'static [&'static str] {
    match format {
        "date-time" => &["2024-02-29T12:00:00Z"],
        "date" => &["2024-02-29"],
        "time" => &["12:00:00Z"],
        "email" | "idn-email" => &["a@example.com", "b@example.com", "a@b"],
        "hostname" | "idn-hostname" => &["example.com", "a"],
        "ipv4" => &["192.0.2.1", "1.1.1.1"],
        "ipv6" => &["2001:db8::1", "::1"],
        "uri" | "uri-reference" | "iri" | "iri-reference" => {
            &["http://example.com/a", "urn:a:b", "a:b"]
        }
        "uuid" => &["00000000-0000-4000-8000-000000000000"],
        "json-pointer" => &["/a"],
        "relative-json-pointer" => &["0/a"],
        "regex" => &["a"],
        "duration" => &["P1D"],
        _ => &[],
    }
}

/// One value of each other type, where nothing is asked of it.
pub(super) fn simple() -> [Value; 3] {
    [json!(true), json!(false), Value::Null]
}
