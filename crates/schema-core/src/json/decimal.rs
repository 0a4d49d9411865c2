//! Decimal numbers as the reference holds and prints them: exact digits with a scale.

use std::cmp::Ordering;

/// `digits` × 10^-`scale`, negated if `negative`. Two spellings of one value stay apart
/// (`0.5` and `0.50`), as the reference keeps them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// Without leading zeros; `0` for zero.
    digits: String,
    scale: i64,
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
        Some(Self { negative, digits: digits.to_owned(), scale })
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
        // What is printed is a number in Rust's grammar too, so this never falls back.
        self.printed().parse().unwrap_or(f64::NAN)
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
        if let Ok(zeros) = usize::try_from(shift) {
            // A power of ten past all twos and fives of b adds nothing: 10^k has k of each.
            let zeros = zeros.min(unit.digits.len() * 4);
            remainder_is_zero(&self.digits, zeros, &unit.digits)
        } else {
            let kept = self.digits.trim_end_matches('0');
            let free = i64::try_from(self.digits.len() - kept.len()).unwrap_or(0);
            // b×10^-shift divides a only if a ends in as many zeros as b, and -shift more, do not
            // exceed; taking them from a keeps both sides whole.
            let Ok(needed) = usize::try_from(-shift) else { return false };
            if -shift > free {
                return false;
            }
            let (head, _) = self.digits.split_at(self.digits.len() - needed);
            remainder_is_zero(head, 0, &unit.digits)
        }
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

/// Whether `digits`, followed by `zeros` zeros, is a multiple of `divisor`: long division.
fn remainder_is_zero(digits: &str, zeros: usize, divisor: &str) -> bool {
    let mut rest: Vec<u8> = Vec::with_capacity(divisor.len() + 1); // digits, highest first
    for digit in digits.bytes().chain(std::iter::repeat_n(b'0', zeros)) {
        if !(rest.is_empty() && digit == b'0') {
            rest.push(digit);
        }
        while at_least(&rest, divisor.as_bytes()) {
            subtract(&mut rest, divisor.as_bytes());
        }
    }
    rest.is_empty()
}

fn at_least(a: &[u8], b: &[u8]) -> bool {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b)) != Ordering::Less
}

/// `a -= b` on decimal digits, where `a` is not the smaller; leading zeros are dropped.
fn subtract(a: &mut Vec<u8>, b: &[u8]) {
    let mut borrow = false;
    let mut taken = b.iter().rev();
    for digit in a.iter_mut().rev() {
        let less = taken.next().map_or(0, |d| d - b'0') + u8::from(borrow);
        let value = *digit - b'0';
        borrow = value < less;
        *digit = b'0' + if borrow { value + 10 - less } else { value - less };
    }
    let leading = a.iter().take_while(|digit| **digit == b'0').count();
    a.drain(..leading);
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
