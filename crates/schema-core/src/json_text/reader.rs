//! The reader: one pass over the text, which tells a sink what stands in it. Open containers lie in
//! a list, not on the stack.

use super::Dialect;
use super::lines::{LineTable, Place, narrow};
use super::sink::{Container, Scalar, Sink, Text};
use crate::limits::breach;
use crate::{Limits, Location, ParseError, ParseErrorKind};

/// Reads `text` as one value.
pub(super) fn read<'t>(
    text: &'t str,
    dialect: Dialect,
    limits: &Limits,
    sink: &mut impl Sink<'t>,
) -> Result<(), ParseError> {
    let mut reader = Reader { text, at: 0, dialect, limits: *limits, values: 0 };
    reader.skip_space()?;
    reader.document(sink)?;
    if !dialect.trailing_text {
        // No comment may follow, but any control character may: the reference trims as Java does.
        let rest = reader.rest();
        reader.at += rest.len() - rest.trim_start_matches(|c| c <= ' ').len();
        if let Some(c) = reader.peek() {
            return Err(reader.error(&format!("unexpected {c:?} after the end of the JSON text")));
        }
    }
    Ok(())
}

fn too_large(what: &str, max: usize, setting: &str) -> ParseError {
    ParseError::new(ParseErrorKind::TooLarge, breach(what, max, setting))
}

fn behind_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r')).count()
}

/// How many bytes come before a quote, a backslash or a control character, eight at a time.
fn plain_length(text: &[u8]) -> usize {
    let mut length = 0;
    let mut rest = text;
    while let Some((eight, behind)) = rest.split_first_chunk() {
        let special = special_bytes(u64::from_le_bytes(*eight));
        if special != 0 {
            // The lowest bit is the first byte's.
            return length + usize::try_from(special.trailing_zeros() / 8).unwrap_or(0);
        }
        length += eight.len();
        rest = behind;
    }
    let is_plain = |byte: &&u8| **byte >= b' ' && **byte != b'"' && **byte != b'\\';
    length + rest.iter().take_while(is_plain).count()
}

/// The high bit of each byte that a string cannot hold as it is. Bits above the lowest one may be
/// set for nothing, because a subtraction borrows from the next byte.
fn special_bytes(eight: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let below = |bytes: u64, bound: u8| {
        bytes.wrapping_sub(ONES.wrapping_mul(u64::from(bound))) & !bytes & HIGH
    };
    let equal = |byte: u8| below(eight ^ ONES.wrapping_mul(u64::from(byte)), 1);
    below(eight, b' ') | equal(b'"') | equal(b'\\')
}

struct Reader<'a> {
    text: &'a str,
    /// Byte offset, always on a character boundary.
    at: usize,
    dialect: Dialect,
    limits: Limits,
    values: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes `wanted`, an ASCII character, if it is the next one.
    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.byte() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// The place of the current offset, for an error.
    fn location(&self) -> Location {
        LineTable::of(self.text).location(Place(narrow(self.at)))
    }

    fn error(&self, message: &str) -> ParseError {
        ParseError::new(ParseErrorKind::Syntax, message).at(self.location())
    }

    fn unexpected(&self, wanted: &str) -> ParseError {
        match self.peek() {
            Some(c) => self.error(&format!("expected {wanted}, found {c:?}")),
            None => self.error(&format!("expected {wanted}, found the end of the text")),
        }
    }

    #[inline]
    fn skip_space(&mut self) -> Result<(), ParseError> {
        self.eat(b' ');
        match self.byte() {
            Some(byte) if byte > b' ' && byte != b'/' => Ok(()),
            _ => self.skip_more_space(),
        }
    }

    #[inline(never)] // so that the common case stays a few instructions
    fn skip_more_space(&mut self) -> Result<(), ParseError> {
        self.at = behind_space(self.text.as_bytes(), self.at);
        while self.byte() == Some(b'/') && self.dialect.comments && self.comment()? {
            self.at = behind_space(self.text.as_bytes(), self.at);
        }
        Ok(())
    }

    /// Passes a comment, if there is one.
    #[cold]
    fn comment(&mut self) -> Result<bool, ParseError> {
        let rest = self.rest();
        let length = if let Some(comment) = rest.strip_prefix("//") {
            2 + comment.find(['\n', '\r']).unwrap_or(comment.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            match comment.find("*/") {
                Some(end) => 2 + end + 2,
                None => return Err(self.error("comment is not closed by */")),
            }
        } else {
            return Ok(false);
        };
        self.at += length;
        Ok(true)
    }

    fn document(&mut self, sink: &mut impl Sink<'a>) -> Result<(), ParseError> {
        let mut open: Vec<Container> = Vec::new();
        loop {
            let container = self.begin(open.len(), sink)?;
            open.extend(container);
            if container.is_some() {
                continue;
            }
            loop {
                let Some(container) = open.last() else { return Ok(()) };
                if self.go_on(*container, sink)? {
                    break;
                }
                open.pop();
            }
        }
    }

    /// Reads a value that has no values inside, or opens a container up to its first one.
    fn begin(
        &mut self,
        depth: usize,
        sink: &mut impl Sink<'a>,
    ) -> Result<Option<Container>, ParseError> {
        let at = self.at;
        self.values += 1;
        if self.values > self.limits.nodes_max {
            let max = self.limits.nodes_max;
            return Err(too_large("too many JSON values", max, "nodes-max").at(self.location()));
        }
        let scalar = match self.byte() {
            Some(b'{' | b'[') if depth >= self.limits.depth_max => {
                let max = self.limits.depth_max;
                return Err(too_large("JSON nested too deep", max, "depth-max").at(self.location()));
            }
            Some(b'{') => return self.open(Container::Object, b'}', sink),
            Some(b'[') => return self.open(Container::Array, b']', sink),
            Some(b'"') => Scalar::Text(self.string()?),
            Some(b'-' | b'+' | b'0'..=b'9') => match self.signed_infinity() {
                Some(infinity) => infinity,
                None => self.number()?,
            },
            _ => self.literal()?,
        };
        sink.scalar(scalar, at);
        Ok(None)
    }

    /// Passes the opening bracket, and the closing one where nothing is in between.
    fn open(
        &mut self,
        container: Container,
        end: u8,
        sink: &mut impl Sink<'a>,
    ) -> Result<Option<Container>, ParseError> {
        sink.open(container, self.at);
        self.at += 1;
        self.skip_space()?;
        if self.eat(end) {
            sink.close();
            return Ok(None);
        }
        if container == Container::Object {
            self.key(sink)?;
        }
        Ok(Some(container))
    }

    /// Reads on to the next value of a container; false at its end.
    fn go_on(
        &mut self,
        container: Container,
        sink: &mut impl Sink<'a>,
    ) -> Result<bool, ParseError> {
        self.skip_space()?;
        let (end, wanted) = match container {
            Container::Array => (b']', "',' or ']'"),
            Container::Object => (b'}', "',' or '}'"),
        };
        if self.eat(end) {
            sink.close();
            return Ok(false);
        }
        if !self.eat(b',') {
            return Err(self.unexpected(wanted));
        }
        self.skip_space()?;
        if container == Container::Object {
            self.key(sink)?;
        }
        Ok(true)
    }

    /// A member's name, its colon and the space behind it.
    fn key(&mut self, sink: &mut impl Sink<'a>) -> Result<(), ParseError> {
        if self.byte() != Some(b'"') {
            return Err(self.unexpected("a member name in double quotes"));
        }
        let at = self.at;
        let key = self.string()?;
        self.skip_space()?;
        if !self.eat(b':') {
            return Err(self.unexpected("':'"));
        }
        self.skip_space()?;
        sink.key(key, at);
        Ok(())
    }

    fn literal(&mut self) -> Result<Scalar<'a>, ParseError> {
        let word: &'a str = {
            let rest = self.rest();
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
            rest.get(..end.unwrap_or(rest.len())).unwrap_or("")
        };
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

    #[inline]
    fn string(&mut self) -> Result<Text<'a>, ParseError> {
        self.at += 1;
        let plain = self.plain();
        if self.eat(b'"') {
            return Ok(Text::AsWritten(plain));
        }
        self.unusual_string(plain)
    }

    /// The rest of a string that is not as it is written, behind its first plain part.
    #[cold]
    fn unusual_string(&mut self, plain: &str) -> Result<Text<'a>, ParseError> {
        let mut out = plain.to_owned();
        loop {
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
            out.push_str(self.plain());
        }
    }

    /// The text up to what ends a string or cannot stand in it.
    fn plain(&mut self) -> &'a str {
        let length = plain_length(self.text.as_bytes().get(self.at..).unwrap_or_default());
        let plain = self.text.get(self.at..self.at + length).unwrap_or("");
        self.at += length;
        plain
    }

    fn escape(&mut self) -> Result<char, ParseError> {
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
    fn unicode_unit(&mut self) -> Result<u32, ParseError> {
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

    fn signed_infinity(&mut self) -> Option<Scalar<'a>> {
        let sign = self.byte().filter(|_| self.dialect.non_finite_literals)?;
        let rest = self.rest().get(1..)?;
        let word = ["Infinity", "INF"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += 1 + word.len();
        let text = if sign == b'-' { "-Infinity" } else { "Infinity" };
        Some(Scalar::Text(Text::Unescaped(text.to_owned())))
    }

    fn number(&mut self) -> Result<Scalar<'a>, ParseError> {
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
    fn exponent(&mut self) -> Result<i64, ParseError> {
        let is_negative = !self.eat(b'+') && self.eat(b'-');
        let digits = self.digits();
        if digits.is_empty() {
            return Err(self.unexpected("a digit in the exponent"));
        }
        let exponent = digits.parse().unwrap_or(i64::MAX);
        Ok(if is_negative { -exponent } else { exponent })
    }

    /// Measures a number as `d.ddd` × 10^x, so that whatever form it is printed in has that size.
    fn check_size(&mut self, whole: &str, fraction: &str, exponent: i64) -> Result<(), ParseError> {
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
        let error = if digits > digits_max {
            too_large("a number has too many digits", digits_max, "number-digits-max")
        } else if usize::try_from(exponent).is_ok_and(|exponent| exponent <= exponent_max) {
            return Ok(());
        } else {
            too_large("a number is too large or too small", exponent_max, "number-exponent-max")
        };
        Err(error.at(self.location()))
    }

    fn digits(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.at += end;
        rest.get(..end).unwrap_or("")
    }
}
