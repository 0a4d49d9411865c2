//! A JSON number as written, and as the reference writes it back.

use std::fmt::Write as _;

use smol_str::SmolStr;

/// A number in its source text, which is valid JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    source: SmolStr,
}

impl Number {
    /// `source` must be a number of the JSON grammar.
    pub(crate) fn new(source: &str) -> Self {
        Self { source: source.into() }
    }

    /// A number that no text spells, which may be infinite or none at all.
    pub(crate) fn from_f64(value: f64) -> Self {
        Self { source: java_double(value).trim_matches('"').into() }
    }

    /// The text as the author wrote it.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Written without fraction and exponent: `1`, not `1.0`.
    pub(crate) fn is_integer(&self) -> bool {
        self.source.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    }

    /// The value, if it is written as an integer and fits.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        self.source.parse().ok()
    }

    /// The nearest double; infinite beyond the range.
    pub(crate) fn as_f64(&self) -> f64 {
        // The JSON grammar is a part of what `f64::from_str` reads, so this never falls back.
        self.source.parse().unwrap_or(f64::NAN)
    }

    /// As the reference prints it: integers digit for digit, all else as a Java double.
    pub(crate) fn printed(&self) -> String {
        if !self.is_integer() {
            return java_double(self.as_f64());
        }
        if self.source == "-0" { "0".to_owned() } else { self.source.to_string() }
    }
}

/// A double as Java prints it into JSON: `1.0`, `1.0E10`, `"NaN"` in quotes.
pub(crate) fn java_double(value: f64) -> String {
    java_decimal(value.is_nan(), value, &format!("{:e}", value.abs()))
}

/// A float as Java prints it into JSON.
pub(crate) fn java_float(value: f32) -> String {
    java_decimal(value.is_nan(), f64::from(value), &format!("{:e}", value.abs()))
}

/// Lays out `shortest`, the magnitude as `d.ddde±x`, in Java's way: plain from 10^-3 up to 10^7,
/// scientific outside, always with a fraction.
fn java_decimal(is_nan: bool, value: f64, shortest: &str) -> String {
    if is_nan {
        return "\"NaN\"".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }.to_owned();
    }
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let mut out = String::with_capacity(digits.len() + 8);
    if value.is_sign_negative() {
        out.push('-');
    }
    match usize::try_from(exponent) {
        Ok(whole) if whole < 7 => {
            let split = (whole + 1).min(digits.len());
            let (head, tail) = digits.split_at(split);
            out.push_str(head);
            out.extend(std::iter::repeat_n('0', whole + 1 - split));
            out.push('.');
            out.push_str(if tail.is_empty() { "0" } else { tail });
        }
        Err(_) if exponent >= -3 => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', usize::from(exponent.unsigned_abs() > 1)));
            out.extend(std::iter::repeat_n('0', usize::from(exponent.unsigned_abs() > 2)));
            out.push_str(&digits);
        }
        _ => {
            let (head, tail) = digits.split_at(1);
            let tail = if tail.is_empty() { "0" } else { tail };
            // Writing to a string cannot fail.
            let _ = write!(out, "{head}.{tail}E{exponent}");
        }
    }
    out
}
