//! Decimal numbers as the reference holds and prints them: exact digits with a scale.

use num_bigint::BigUint;

/// `digits` × 10^-`scale`, negated if `negative`. Two spellings of one value stay apart
/// (`0.5` and `0.50`), as the reference keeps them apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decimal {
    negative: bool,
    /// Without leading zeros; `0` for zero.
    digits: String,
    scale: i64,
    double: f64,
}

impl Decimal {
    /// Reads a number of the JSON grammar; `None` if its scale leaves 32 bits.
    pub(super) fn parse(source: &str) -> Option<Self> {
        let (mantissa, exponent) = match source.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (source, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
        i32::try_from(scale).ok()?;
        let all: String = whole.trim_start_matches('-').chars().chain(fraction.chars()).collect();
        let significant = all.trim_start_matches('0');
        let digits = if significant.is_empty() { "0" } else { significant };
        let negative = whole.starts_with('-') && digits != "0";
        let mut number = Self { negative, digits: digits.to_owned(), scale, double: f64::NAN };
        // What is printed is a number in Rust's grammar too, so this never falls back.
        number.double = number.printed().parse().unwrap_or(f64::NAN);
        Some(number)
    }

    /// How many digits are written out, without leading zeros.
    pub(super) fn digits(&self) -> usize {
        self.digits.len()
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits == "0"
    }

    /// As `java.math.BigDecimal` prints it: plain down to 10^-6, else with an exponent.
    pub(super) fn printed(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        let adjusted = length - 1 - self.scale;
        if self.scale == 0 {
            return format!("{sign}{}", self.digits);
        }
        if self.scale > 0 && adjusted >= -6 {
            let point = usize::try_from(length - self.scale).unwrap_or(0);
            let zeros = usize::try_from(self.scale - length).unwrap_or(0);
            let (whole, fraction) = self.digits.split_at(point);
            let whole = if whole.is_empty() { "0" } else { whole };
            return format!("{sign}{whole}.{}{fraction}", "0".repeat(zeros));
        }
        let (first, rest) = self.digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        format!("{sign}{first}{point}{rest}E{adjusted:+}")
    }

    /// The nearest double; infinite beyond the range.
    pub(super) fn to_f64(&self) -> f64 {
        self.double
    }

    /// Whether both are the same number, however written.
    pub(super) fn equals(&self, other: &Self) -> bool {
        let stripped = |d: &Self| {
            let kept = d.digits.trim_end_matches('0');
            let dropped = i64::try_from(d.digits.len() - kept.len()).unwrap_or(0);
            (kept.to_owned(), if kept.is_empty() { 0 } else { d.scale - dropped }, d.negative)
        };
        stripped(self) == stripped(other)
    }

    /// Whether this is a whole multiple of `unit`, exactly; nothing but zero is one of zero.
    pub(super) fn is_multiple_of(&self, unit: &Self) -> bool {
        if unit.is_zero() || self.is_zero() {
            return self.is_zero() && !unit.is_zero();
        }
        // self = a×10^-s and unit = b×10^-t: a×10^(t-s) must be a multiple of b.
        let shift = unit.scale - self.scale;
        let (Some(value), Some(divisor)) = (whole(&self.digits), whole(&unit.digits)) else {
            return false;
        };
        if let Ok(zeros) = u64::try_from(shift) {
            let power = BigUint::from(10_u8).modpow(&BigUint::from(zeros), &divisor);
            return (value % &divisor * power) % divisor == BigUint::ZERO;
        }
        // b×10^-shift divides a only if a ends in -shift zeros; without them both sides are whole.
        let kept = self.digits.trim_end_matches('0').len();
        let Ok(needed) = usize::try_from(-shift) else { return false };
        let Some(head) = self.digits.len().checked_sub(needed).filter(|head| *head >= kept) else {
            return false;
        };
        self.digits.get(..head).and_then(whole).is_some_and(|head| head % divisor == BigUint::ZERO)
    }

    /// The whole part in 32 bits, overflow wrapping round, as `Number.intValue()` has it.
    pub(super) fn to_i32_wrapping(&self) -> i32 {
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        let kept = usize::try_from((length - self.scale).clamp(0, length)).unwrap_or(0);
        let (whole, _) = self.digits.split_at(kept);
        let mut value = 0_u32;
        for digit in whole.bytes() {
            value = value.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'));
        }
        // 10^32 is a multiple of 2^32.
        for _ in 0..(-self.scale).clamp(0, 32) {
            value = value.wrapping_mul(10);
        }
        let value = value.cast_signed();
        if self.negative { value.wrapping_neg() } else { value }
    }
}

fn whole(digits: &str) -> Option<BigUint> {
    BigUint::parse_bytes(digits.as_bytes(), 10)
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    fn decimal(source: &str) -> Decimal {
        Decimal::parse(source).expect(source)
    }

    #[test]
    fn prints_as_big_decimal() {
        for (source, want) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0.0"),
            ("0.50", "0.50"),
            ("10.0", "10.0"),
            ("1e2", "1E+2"),
            ("1.5e3", "1.5E+3"),
            ("15e-1", "1.5"),
            ("5e0", "5"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1E-7"),
            ("-12.5e-9", "-1.25E-8"),
            ("0e3", "0E+3"),
            ("0.00", "0.00"),
            ("100e-2", "1.00"),
        ] {
            assert_eq!(decimal(source).printed(), want, "{source}");
        }
    }

    #[test]
    fn refuses_what_the_reference_cannot_hold() {
        assert_eq!(Decimal::parse("1e99999999999"), None);
    }

    #[test]
    fn multiples_are_exact() {
        for (a, unit, want) in [
            ("10", "5", true),
            ("5", "10", false),
            ("0.3", "0.1", true),
            ("1", "0.01", true),
            ("0.01", "1", false),
            ("1e2000", "7", false),
            ("7e2000000000", "0.7", true),
            ("1e-2000000000", "3", false),
            ("200", "2e2", true),
            ("250", "2e2", false),
            ("-9", "3", true),
            ("0", "3", true),
            ("3", "0", false),
            ("1e40", "1024", true),
        ] {
            assert_eq!(decimal(a).is_multiple_of(&decimal(unit)), want, "{a} of {unit}");
        }
        assert!(decimal("0.5").equals(&decimal("0.50")));
        assert!(decimal("100").equals(&decimal("1e2")));
        assert!(!decimal("1").equals(&decimal("-1")));
    }

    #[test]
    fn whole_part_wraps_at_32_bits() {
        for (source, want) in [
            ("1.9", 1),
            ("-1.9", -1),
            ("99999999999", 1_215_752_191),
            ("1e50", 0),
            ("0.001", 0),
            ("1e2", 100),
            ("4294967297", 1),
        ] {
            assert_eq!(decimal(source).to_i32_wrapping(), want, "{source}");
        }
    }
}
