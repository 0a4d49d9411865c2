//! Numbers in normalized option values: decimal, no exponent, at most three digits of fraction.
//!
//! That is what the reference's number formatting gives: `0x10` becomes 16, `017` becomes 15,
//! `1e3` becomes 1000 and `0.12345` becomes 0.123. What it cannot read stays as written.

pub(super) fn normalize(text: String) -> String {
    integer(&text).or_else(|| fraction(&text)).unwrap_or(text)
}

fn integer(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let digits = digits.strip_suffix(['l', 'L']).unwrap_or(digits);
    let value = if let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        u128::from_str_radix(hex, 16).ok()?
    } else if digits.starts_with('0') && digits.len() > 1 {
        u128::from_str_radix(digits.get(1..)?, 8).ok()?
    } else if digits.starts_with(|c: char| c.is_ascii_digit()) {
        digits.parse().ok()?
    } else {
        return None;
    };
    Some(if value == 0 { "0".to_owned() } else { format!("{sign}{value}") })
}

fn fraction(text: &str) -> Option<String> {
    let body = text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text);
    let is_number = body.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    let value: f64 = body.parse().ok().filter(|value: &f64| is_number && value.is_finite())?;
    let shortest = value.to_string();
    match shortest.split_once('.') {
        Some((_, digits)) if digits.len() > 3 => {
            let rounded = format!("{value:.3}");
            Some(rounded.trim_end_matches('0').trim_end_matches('.').to_owned())
        }
        _ => Some(shortest),
    }
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
            ("-inf", "-inf"),
            ("nan", "nan"),
            ("1-2", "1-2"),
            ("18446744073709551615", "18446744073709551615"),
        ];
        for (text, wanted) in cases {
            assert_eq!(normalize(text.to_owned()), wanted, "{text}");
        }
    }
}
