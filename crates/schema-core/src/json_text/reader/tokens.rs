//! Strings, numbers and words.

use super::{Outcome, Reader};
use crate::json_text::scan::{long_plain_length, plain_length};
use crate::json_text::sink::{Scalar, Sink, Text, Written};

impl<'a> Reader<'a, '_> {
    pub(super) fn literal(&mut self) -> Outcome<Scalar<'a>> {
        let word = self.word();
        let scalar = match word {
            "null" => Scalar::Null,
            "true" => Scalar::Boolean(true),
            "false" => Scalar::Boolean(false),
            "NaN" | "Infinity" if self.dialect.non_finite_literals => {
                Scalar::Text(Text::Unescaped(word.to_owned()))
            }
            "" => return Err(self.unexpected("a JSON value")),
            _ => {
                let shown: String = word.chars().take(40).collect();
                return Err(self.error(&format!("expected a JSON value, found the word {shown}")));
            }
        };
        self.at += word.len();
        Ok(scalar)
    }

    /// A word of ASCII characters, or of any where it goes on with others.
    fn word(&self) -> &'a str {
        let rest = self.rest();
        let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
        let length = rest.bytes().take_while(is_inside).count();
        let end = match rest.as_bytes().get(length) {
            Some(byte) if !byte.is_ascii() => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
            }
            _ => Some(length),
        };
        rest.get(..end.unwrap_or(rest.len())).unwrap_or("")
    }

    /// The string whose opening quote comes next, if it is as it is written.
    #[inline]
    pub(super) fn plain_string(&mut self) -> Option<Text<'a>> {
        let start = self.at + 1;
        let end = start + plain_length(self.bytes.get(start..).unwrap_or_default());
        if self.bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        Some(Text::AsWritten(Written { text: self.text, start, end }))
    }

    #[cold]
    pub(super) fn unusual_text(&mut self, sink: &mut impl Sink<'a>) -> Outcome<()> {
        let at = self.at;
        sink.scalar(Scalar::Text(self.unusual_string()?), at);
        Ok(())
    }

    #[cold]
    pub(super) fn unusual_key(&mut self, sink: &mut impl Sink<'a>) -> Outcome<()> {
        let at = self.at;
        sink.key(self.unusual_string()?, at);
        Ok(())
    }

    /// A string that is not as it is written.
    fn unusual_string(&mut self) -> Outcome<Text<'a>> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let length = long_plain_length(self.bytes.get(self.at..).unwrap_or_default());
            out.push_str(self.text.get(self.at..self.at + length).unwrap_or(""));
            self.at += length;
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(Text::Unescaped(out));
                }
                Some('\\') => out.push(self.escape()?),
                Some(c) => {
                    return Err(self.error(&format!(
                        "control character {c:?} in a string must be written as an escape"
                    )));
                }
                None => return Err(self.error("string is not closed")),
            }
        }
    }

    fn escape(&mut self) -> Outcome<char> {
        let escaped = self.rest().chars().nth(1);
        let simple = match escaped {
            Some(c @ ('"' | '\\' | '/')) => Some(c),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            _ => None,
        };
        if let Some(c) = simple {
            self.at += 2;
            return Ok(c);
        }
        let unit = self.unicode_unit()?;
        let code = match unit {
            0xD800..=0xDBFF => match self.unicode_unit() {
                Ok(low @ 0xDC00..=0xDFFF) => 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00),
                _ => unit, // no character, refused below
            },
            _ => unit,
        };
        char::from_u32(code).ok_or_else(|| {
            self.error(&format!("\\u{unit:04X} is half of a surrogate pair and no character"))
        })
    }

    /// One `\uXXXX`, as a UTF-16 code unit.
    fn unicode_unit(&mut self) -> Outcome<u32> {
        let unit = self
            .rest()
            .strip_prefix("\\u")
            .and_then(|rest| rest.get(..4))
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match unit {
            Some(unit) => {
                self.at += 6;
                Ok(unit)
            }
            None => Err(self.error("unknown escape in a string")),
        }
    }

    pub(super) fn signed_infinity(&mut self) -> Option<Scalar<'a>> {
        let sign = self.byte().filter(|_| self.dialect.non_finite_literals)?;
        let rest = self.rest().get(1..)?;
        let word = ["Infinity", "INF"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += 1 + word.len();
        let text = if sign == b'-' { "-Infinity" } else { "Infinity" };
        Some(Scalar::Text(Text::Unescaped(text.to_owned())))
    }

    pub(super) fn number(&mut self) -> Outcome<Scalar<'a>> {
        let start = self.at;
        self.eat(b'-');
        let whole = self.digits();
        if whole.is_empty() {
            let wanted = if self.at == start { "a JSON value" } else { "a digit" };
            return Err(self.unexpected(wanted));
        }
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(self.error("a number must not start with 0"));
        }
        let fraction = if self.eat(b'.') { self.digits() } else { "" };
        if fraction.is_empty() && self.text.get(start..self.at).is_some_and(|n| n.ends_with('.')) {
            return Err(self.unexpected("a digit after '.'"));
        }
        let exponent = if self.eat(b'e') || self.eat(b'E') { self.exponent()? } else { 0 };
        self.check_size(whole, fraction, exponent)?;
        // `1x` is one wrong token, not the number 1 with text behind it.
        if self.peek().is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '"')) {
            return Err(self.unexpected("white space or punctuation after a number"));
        }
        Ok(Scalar::Number(self.text.get(start..self.at).unwrap_or("")))
    }

    /// What stands behind the `e` of a number; the farthest one where it does not fit.
    fn exponent(&mut self) -> Outcome<i64> {
        let is_negative = !self.eat(b'+') && self.eat(b'-');
        let digits = self.digits();
        if digits.is_empty() {
            return Err(self.unexpected("a digit in the exponent"));
        }
        let exponent = digits.parse().unwrap_or(i64::MAX);
        Ok(if is_negative { -exponent } else { exponent })
    }

    /// Measures a number as `d.ddd` × 10^x, so that whatever form it is printed in has that size.
    fn check_size(&mut self, whole: &str, fraction: &str, exponent: i64) -> Outcome<()> {
        let zeros = match whole {
            "0" => 1 + fraction.len() - fraction.trim_start_matches('0').len(),
            _ => 0,
        };
        let digits = (whole.len() + fraction.len() - zeros).max(1);
        let signed = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        let exponent = exponent
            .saturating_add(signed(digits) - 1)
            .saturating_sub(signed(fraction.len()))
            .unsigned_abs();
        let (digits_max, exponent_max) =
            (self.limits.number_digits_max, self.limits.number_exponent_max);
        if digits > digits_max {
            let what = "a number has too many digits";
            return Err(self.too_large(what, digits_max, "number-digits-max"));
        }
        if usize::try_from(exponent).is_ok_and(|exponent| exponent <= exponent_max) {
            return Ok(());
        }
        let what = "a number is too large or too small";
        Err(self.too_large(what, exponent_max, "number-exponent-max"))
    }

    fn digits(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.at += end;
        rest.get(..end).unwrap_or("")
    }
}
