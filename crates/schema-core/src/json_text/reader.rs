//! The reader: one pass over the text, which tells a sink what stands in it. Open containers lie in
//! a list, not on the stack.

use super::Dialect;
use super::lines::{LineTable, Place, narrow};
use super::scan::{behind_space, long_plain_length, plain_length};
use super::sink::{Container, Scalar, Sink, Text, Written};
use crate::limits::breach;
use crate::{Limits, Location, ParseError, ParseErrorKind};

/// Reads `text` as one value.
pub(super) fn read<'t>(
    text: &'t str,
    dialect: Dialect,
    limits: &Limits,
    sink: &mut impl Sink<'t>,
) -> Result<(), ParseError> {
    let bytes = text.as_bytes();
    let mut reader = Reader { text, bytes, at: 0, dialect, limits, values_left: limits.nodes_max };
    reader.document(sink).map_err(|error| *error)?;
    if !dialect.trailing_text {
        // No comment may follow, but any control character may: the reference trims as Java does.
        let rest = reader.rest();
        reader.at += rest.len() - rest.trim_start_matches(|c| c <= ' ').len();
        if let Some(c) = reader.peek() {
            return Err(*reader.error(&format!("unexpected {c:?} after the end of the JSON text")));
        }
    }
    Ok(())
}

struct Reader<'a, 'l> {
    text: &'a str,
    bytes: &'a [u8],
    /// Byte offset, always on a character boundary.
    at: usize,
    dialect: Dialect,
    limits: &'l Limits,
    values_left: usize,
}

/// Errors are boxed so that what goes well, as nearly everything does, is handed on in a register.
type Outcome<T> = Result<T, Box<ParseError>>;

impl<'a> Reader<'a, '_> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes `wanted`, an ASCII character, if it is the next one.
    #[inline]
    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.byte() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// The place of the current offset, for an error.
    fn location(&self) -> Location {
        LineTable::of(self.text).location(Place(narrow(self.at)))
    }

    #[cold]
    fn error(&self, message: &str) -> Box<ParseError> {
        ParseError::new(ParseErrorKind::Syntax, message).at(self.location()).into()
    }

    #[cold]
    fn too_large(&self, what: &str, max: usize, setting: &str) -> Box<ParseError> {
        let message = breach(what, max, setting);
        ParseError::new(ParseErrorKind::TooLarge, message).at(self.location()).into()
    }

    #[cold]
    fn unexpected(&self, wanted: &str) -> Box<ParseError> {
        match self.peek() {
            Some(c) => self.error(&format!("expected {wanted}, found {c:?}")),
            None => self.error(&format!("expected {wanted}, found the end of the text")),
        }
    }

    #[inline]
    fn skip_space(&mut self) -> Outcome<()> {
        self.eat(b' ');
        match self.byte() {
            Some(byte) if byte > b' ' && byte != b'/' => Ok(()),
            _ => self.skip_more_space(),
        }
    }

    /// Passes `wanted` and a blank, or `wanted` alone, if that is all that comes before the next
    /// token, as it mostly is. Does nothing otherwise.
    #[inline]
    fn eat_quickly(&mut self, wanted: u8) -> bool {
        let is_token = |byte: u8| byte > b' ' && byte != b'/';
        let length = match self.bytes.get(self.at..) {
            Some([first, b' ', next, ..]) if *first == wanted && is_token(*next) => 2,
            Some([first, next, ..]) if *first == wanted && is_token(*next) => 1,
            _ => return false,
        };
        self.at += length;
        true
    }

    #[inline(never)] // so that the common case stays a few instructions
    fn skip_more_space(&mut self) -> Outcome<()> {
        self.at = behind_space(self.bytes, self.at);
        if self.byte() == Some(b'/') && self.dialect.comments { self.comments() } else { Ok(()) }
    }

    #[cold]
    fn comments(&mut self) -> Outcome<()> {
        while self.byte() == Some(b'/') && self.comment()? {
            self.at = behind_space(self.bytes, self.at);
        }
        Ok(())
    }

    /// Passes a comment, if there is one.
    fn comment(&mut self) -> Outcome<bool> {
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

    fn document(&mut self, sink: &mut impl Sink<'a>) -> Outcome<()> {
        let mut open: Vec<Container> = Vec::new();
        self.skip_space()?;
        loop {
            if let Some(container) = self.begin(open.len(), sink)? {
                open.push(container);
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
    #[inline]
    fn begin(&mut self, depth: usize, sink: &mut impl Sink<'a>) -> Outcome<Option<Container>> {
        let at = self.at;
        let Some(left) = self.values_left.checked_sub(1) else {
            return Err(self.too_large("too many JSON values", self.limits.nodes_max, "nodes-max"));
        };
        self.values_left = left;
        match self.byte() {
            Some(b'"') => match self.plain_string() {
                Some(text) => sink.scalar(Scalar::Text(text), at),
                None => self.unusual_text(sink)?,
            },
            Some(b'{' | b'[') if depth >= self.limits.depth_max => {
                let max = self.limits.depth_max;
                return Err(self.too_large("JSON nested too deep", max, "depth-max"));
            }
            Some(b'{') => return self.open(Container::Object, b'}', sink),
            Some(b'[') => return self.open(Container::Array, b']', sink),
            _ => self.number_or_word(sink)?,
        }
        Ok(None)
    }

    #[inline(never)] // so that the loop over strings and containers stays small
    fn number_or_word(&mut self, sink: &mut impl Sink<'a>) -> Outcome<()> {
        let at = self.at;
        let scalar = match self.byte() {
            Some(b'-' | b'+' | b'0'..=b'9') => match self.signed_infinity() {
                Some(infinity) => infinity,
                None => self.number()?,
            },
            _ => self.literal()?,
        };
        sink.scalar(scalar, at);
        Ok(())
    }

    /// Passes the opening bracket, and the closing one where nothing is in between.
    fn open(
        &mut self,
        container: Container,
        end: u8,
        sink: &mut impl Sink<'a>,
    ) -> Outcome<Option<Container>> {
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
    #[inline]
    fn go_on(&mut self, container: Container, sink: &mut impl Sink<'a>) -> Outcome<bool> {
        if !matches!(self.byte(), Some(b',' | b'}' | b']')) {
            self.skip_space()?;
        }
        if self.eat_quickly(b',') || self.comma()? {
            if container == Container::Object {
                self.key(sink)?;
            }
            return Ok(true);
        }
        let (end, wanted) = match container {
            Container::Array => (b']', "',' or ']'"),
            Container::Object => (b'}', "',' or '}'"),
        };
        if self.eat(end) {
            sink.close();
            return Ok(false);
        }
        Err(self.unexpected(wanted))
    }

    /// Passes a comma and the space behind it, if there is one.
    #[inline]
    fn comma(&mut self) -> Outcome<bool> {
        let found = self.eat(b',');
        if found {
            self.skip_space()?;
        }
        Ok(found)
    }

    /// A member's name, its colon and the space behind it.
    #[inline]
    fn key(&mut self, sink: &mut impl Sink<'a>) -> Outcome<()> {
        let at = self.at;
        if self.byte() != Some(b'"') {
            return Err(self.unexpected("a member name in double quotes"));
        }
        match self.plain_string() {
            Some(key) => sink.key(key, at),
            None => self.unusual_key(sink)?,
        }
        if self.eat_quickly(b':') { Ok(()) } else { self.colon() }
    }

    /// Passes a colon and the space around it.
    fn colon(&mut self) -> Outcome<()> {
        self.skip_space()?;
        if !self.eat(b':') {
            return Err(self.unexpected("':'"));
        }
        self.skip_space()
    }

    fn literal(&mut self) -> Outcome<Scalar<'a>> {
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
    fn plain_string(&mut self) -> Option<Text<'a>> {
        let start = self.at + 1;
        let end = start + plain_length(self.bytes.get(start..).unwrap_or_default());
        if self.bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        Some(Text::AsWritten(Written { text: self.text, start, end }))
    }

    #[cold]
    fn unusual_text(&mut self, sink: &mut impl Sink<'a>) -> Outcome<()> {
        let at = self.at;
        sink.scalar(Scalar::Text(self.unusual_string()?), at);
        Ok(())
    }

    #[cold]
    fn unusual_key(&mut self, sink: &mut impl Sink<'a>) -> Outcome<()> {
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

    fn signed_infinity(&mut self) -> Option<Scalar<'a>> {
        let sign = self.byte().filter(|_| self.dialect.non_finite_literals)?;
        let rest = self.rest().get(1..)?;
        let word = ["Infinity", "INF"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += 1 + word.len();
        let text = if sign == b'-' { "-Infinity" } else { "Infinity" };
        Some(Scalar::Text(Text::Unescaped(text.to_owned())))
    }

    fn number(&mut self) -> Outcome<Scalar<'a>> {
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
