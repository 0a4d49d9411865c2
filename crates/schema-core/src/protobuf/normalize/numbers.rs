//! Numbers in normalized option values: decimal, no exponent, at most three digits of fraction.
//!
//! That is what the reference's reading and formatting of numbers give: `0x10` becomes 16, `017`
//! becomes 15, `1e3` becomes 1000 and `0.12345` becomes 0.123. What it cannot read stays as
//! written.

/// Longest number that is worked on, and most zeros that are written out for an exponent; what is
/// longer stays as written, because a few bytes must not become many.
const DIGITS_MAX: usize = 1_000;

pub(super) fn normalize(text: String) -> String {
    let normalized = if text.len() > DIGITS_MAX {
        None
    } else if is_hex(&text) {
        integer(&text)
    } else if let Some(text) = text.strip_suffix(['l', 'L']) {
        let digits = text.strip_prefix('-').unwrap_or(text);
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| integer(text)).flatten()
    } else if text.contains(['.', 'e', 'E', 'f', 'F', 'd', 'D']) {
        fraction(&text)
    } else {
        integer(&text)
    };
    normalized.unwrap_or(text)
}

fn is_hex(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with("0x") || digits.starts_with("0X")
}

/// Decimal, hexadecimal after `0x`, octal after `0`; a minus may stand on both sides of that.
fn integer(text: &str) -> Option<String> {
    let (outer, digits) = sign(text);
    let (radix, digits) = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(digits) => (16, digits),
        None if digits.starts_with('0') && digits.len() > 1 => (8, digits.get(1..)?),
        None => (10, digits),
    };
    let (inner, digits) = if radix == 16 { (false, digits) } else { sign(digits) };
    let decimal = decimal(digits, radix)?;
    let is_negative = outer != inner && decimal != "0";
    Some(if is_negative { format!("-{decimal}") } else { decimal })
}

fn sign(text: &str) -> (bool, &str) {
    text.strip_prefix('-').map_or((false, text), |rest| (true, rest))
}

/// Digits of any length in decimal.
fn decimal(digits: &str, radix: u32) -> Option<String> {
    const LIMB: u64 = 1_000_000_000;
    if digits.is_empty() {
        return None;
    }
    let mut limbs: Vec<u64> = vec![0]; // lowest first
    for digit in digits.chars() {
        let mut carry = u64::from(digit.to_digit(radix)?);
        for limb in &mut limbs {
            let value = *limb * u64::from(radix) + carry;
            *limb = value % LIMB;
            carry = value / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let highest = limbs.pop()?.to_string();
    let others = limbs.iter().rev().map(|limb| format!("{limb:09}"));
    Some(std::iter::once(highest).chain(others).collect())
}

/// A float where that loses nothing a double would keep, else a double, else exact digits.
fn fraction(text: &str) -> Option<String> {
    let (number, suffix) = match text.strip_suffix(['f', 'F', 'd', 'D']) {
        Some(number) => (number, text.bytes().last()),
        None => (text, None),
    };
    if !number.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let double: f64 = number.parse().ok()?;
    let float: f32 = number.parse().ok()?;
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = !mantissa.contains(|c: char| ('1'..='9').contains(&c));
    let holds = |value: f64| value.is_finite() && (value != 0.0 || is_zero);
    let is_float = match suffix {
        Some(b'f' | b'F') => true,
        Some(_) => false,
        None => format!("{float:e}") == format!("{double:e}"),
    };
    if is_float && holds(float.into()) {
        return Some(rounded(float.into()));
    }
    let exact = Exact::parse(number)?;
    let is_exact = || Exact::parse(&format!("{double:e}")).is_some_and(|held| held == exact);
    if holds(double) && (suffix.is_some() || is_exact()) {
        return Some(rounded(double));
    }
    exact.rounded()
}

/// At most three digits of fraction, ties to even.
fn rounded(value: f64) -> String {
    let shortest = value.to_string();
    match shortest.split_once('.') {
        Some((_, digits)) if digits.len() > 3 => {
            let rounded = format!("{value:.3}");
            rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => shortest,
    }
}

/// A decimal number: `digits`, without zeros at either end, × 10^-`scale`.
#[derive(PartialEq, Eq)]
struct Exact {
    is_negative: bool,
    digits: String,
    scale: i64,
}

impl Exact {
    fn parse(number: &str) -> Option<Self> {
        let (is_negative, number) = sign(number);
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let exponent: i32 = exponent.parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0');
        let dropped = i64::try_from(significant.len() - digits.len()).ok()?;
        let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent) - dropped;
        Some(Self { is_negative, digits: digits.to_owned(), scale })
    }

    fn rounded(&self) -> Option<String> {
        let length = i64::try_from(self.digits.len()).ok()?;
        let dropped = self.scale - 3;
        let thousandths = if dropped > length {
            String::new()
        } else if let Ok(zeros) = usize::try_from(-dropped) {
            let zeros = (zeros <= DIGITS_MAX).then(|| "0".repeat(zeros))?;
            format!("{}{zeros}", self.digits)
        } else {
            let (head, tail) = self.digits.split_at(usize::try_from(length - dropped).ok()?);
            let is_odd = head.bytes().last().is_some_and(|digit| digit % 2 == 1);
            if tail > "5" || (tail == "5" && is_odd) { next(head) } else { head.to_owned() }
        };
        let padded = format!("{thousandths:0>4}");
        let (whole, fraction) = padded.split_at(padded.len() - 3);
        let fraction = fraction.trim_end_matches('0');
        let sign = if self.is_negative { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        Some(format!("{sign}{whole}{point}{fraction}"))
    }
}

/// The whole number after `digits`.
fn next(digits: &str) -> String {
    let kept = digits.trim_end_matches('9');
    let zeros = "0".repeat(digits.len() - kept.len());
    let mut chars = kept.chars();
    let last = chars.next_back().and_then(|digit| digit.to_digit(10)).unwrap_or(0) + 1;
    format!("{}{last}{zeros}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn numbers_are_written_in_decimal_with_three_digits_of_fraction() {
        let cases = [
            ("0x1F", "31"),
            ("017", "15"),
            ("-5", "-5"),
            ("-0", "0"),
            ("1.50", "1.5"),
            ("1e3", "1000"),
            ("0.12345", "0.123"),
            ("1e-9", "0"),
            ("-1e-400", "-0"),
            ("-inf", "-inf"),
            ("nan", "nan"),
            ("1-2", "1-2"),
            ("--1", "1"),
            ("09", "09"),
            ("5l", "5"),
            ("1e5L", "1e5L"),
            ("1e", "1e"),
            ("18446744073709551615", "18446744073709551615"),
            ("0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "87112285931760246646623899502532662132735"),
        ];
        for (text, wanted) in cases {
            assert_eq!(normalize(text.to_owned()), wanted, "{text}");
        }
    }

    #[test]
    fn short_fractions_pass_through_a_float_and_long_ones_stay_exact() {
        let cases = [
            ("0.0015", "0.002"),
            ("0.0025", "0.002"),
            ("2.0005", "2"),
            ("1e22", "9999999778196308000000"),
            ("123456789.5f", "123456792"),
            ("12345678901234567.5", "12345678901234567.5"),
            ("1234567890123456789.99951", "1234567890123456790"),
            ("0.00049999999999999999999999", "0.001"),
            ("0.0005000000000000000000000001", "0.001"),
        ];
        for (text, wanted) in cases {
            assert_eq!(normalize(text.to_owned()), wanted, "{text}");
        }
        assert_eq!(normalize("-1e400".to_owned()), format!("-1{}", "0".repeat(400)));
        assert_eq!(normalize("1e1000000000".to_owned()), "1e1000000000");
    }
}
