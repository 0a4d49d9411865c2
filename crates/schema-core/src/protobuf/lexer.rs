//! The characters of a `.proto` text as words, strings, numbers and single characters.
//!
//! There is no token stream: the grammar decides at each point whether a word may hold dots or a
//! string may follow, so the parser asks for what it needs. The alphabet is the reference's, which
//! is wider than the language: a word is any run of letters, digits, `_`, `-` and `.`.

use memchr::memchr;

use super::error::{Failure, Result};

pub(super) struct Lexer<'a> {
    text: &'a str,
    pos: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, pos: 0 }
    }

    /// Byte offset of the next token; call after [`Self::skip`] or [`Self::peek`].
    pub(super) fn offset(&self) -> usize {
        self.pos
    }

    fn byte(&self, pos: usize) -> Option<u8> {
        self.text.as_bytes().get(pos).copied()
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(Failure::syntax(self.pos, message))
    }

    /// Passes blanks and comments.
    pub(super) fn skip(&mut self) -> Result<()> {
        while let Some(byte) = self.byte(self.pos) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.pos += 1,
                b'/' => self.comment()?,
                _ => break,
            }
        }
        Ok(())
    }

    /// Observed: a text cannot end with a line comment in which nothing is said.
    fn comment(&mut self) -> Result<()> {
        let rest = self.text.get(self.pos..).unwrap_or_default();
        if matches!(rest, "//" | "// ") {
            self.fail("unexpected end of the text")
        } else if rest.starts_with("//") {
            self.line_comment();
            Ok(())
        } else if let Some(body) = rest.strip_prefix("/*") {
            match body.find("*/") {
                Some(end) => {
                    self.pos += end + 4;
                    Ok(())
                }
                None => self.fail("this comment is never closed"),
            }
        } else {
            self.fail("unexpected '/'")
        }
    }

    fn line_comment(&mut self) {
        let rest = self.text.as_bytes().get(self.pos..).unwrap_or_default();
        self.pos += memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    }

    /// Passes the comment that may follow a field, a constant or a `reserved` on its line.
    /// Observed: after such a block comment nothing else may stand on the line, and the text may
    /// not end where the comment could begin.
    pub(super) fn trailing_comment(&mut self) -> Result<()> {
        while matches!(self.byte(self.pos), Some(b' ' | b'\t')) {
            self.pos += 1;
        }
        if self.is_at_end() {
            return self.fail("unexpected end of the text");
        }
        let rest = self.text.get(self.pos..).unwrap_or_default();
        if !rest.starts_with('/') {
            return Ok(());
        }
        if rest.starts_with("//") {
            self.line_comment();
            return Ok(());
        }
        self.comment()?;
        while let Some(byte) = self.byte(self.pos) {
            match byte {
                b' ' | b'\t' | b'\r' => self.pos += 1,
                b'\n' => return Ok(()),
                _ => return self.fail("nothing may follow a trailing block comment on its line"),
            }
        }
        Ok(())
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    /// The next character that is neither blank nor comment, left in place.
    pub(super) fn peek(&mut self) -> Result<char> {
        self.skip()?;
        let next = match self.byte(self.pos) {
            Some(ascii) if ascii.is_ascii() => Some(char::from(ascii)),
            _ => self.text.get(self.pos..).and_then(|rest| rest.chars().next()),
        };
        match next {
            Some(next) => Ok(next),
            None => self.fail("unexpected end of the text"),
        }
    }

    pub(super) fn next(&mut self) -> Result<char> {
        let next = self.peek()?;
        self.pos += next.len_utf8();
        Ok(next)
    }

    /// Takes `wanted` if it is the next character.
    pub(super) fn eat(&mut self, wanted: char) -> Result<bool> {
        let found = self.peek()? == wanted;
        if found {
            self.pos += wanted.len_utf8();
        }
        Ok(found)
    }

    pub(super) fn require(&mut self, wanted: char) -> Result<()> {
        let found = self.peek()?;
        if found != wanted {
            return self.fail(format!("expected '{wanted}' but found '{found}'"));
        }
        self.pos += wanted.len_utf8();
        Ok(())
    }

    /// A word, dots included.
    pub(super) fn word(&mut self) -> Result<&'a str> {
        let found = self.peek()?;
        let rest = self.text.get(self.pos..).unwrap_or_default();
        let belongs = |byte: &u8| IN_WORDS.get(usize::from(*byte)).is_some_and(|belongs| *belongs);
        let end = rest.as_bytes().iter().take_while(|byte| belongs(byte)).count();
        if end == 0 {
            return self.fail(format!("expected a word but found '{found}'"));
        }
        self.pos += end;
        Ok(rest.get(..end).unwrap_or_default())
    }

    /// A word that is the name of a field or constant.
    pub(super) fn member_name(&mut self) -> Result<&'a str> {
        if self.peek()?.is_ascii_digit() {
            return self.fail("names of fields and constants cannot start with a digit");
        }
        self.word()
    }

    pub(super) fn integer(&mut self) -> Result<i32> {
        self.skip()?;
        let at = self.pos;
        let word = self.word()?;
        let hex = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
        hex.map_or_else(|| word.parse(), |digits| i32::from_str_radix(digits, 16))
            .map_err(|_| Failure::syntax(at, format!("expected an integer but found '{word}'")))
    }

    /// A quoted string with its escapes undone; adjacent strings are one.
    pub(super) fn quoted(&mut self) -> Result<String> {
        let mut quote = self.peek()?;
        if quote != '"' && quote != '\'' {
            return self.fail(format!("expected a quoted string but found '{quote}'"));
        }
        let start = self.pos;
        self.pos += 1;
        let mut value = String::new();
        loop {
            let rest = self.text.get(self.pos..).unwrap_or_default();
            let is_special = |byte| matches!(byte, b'"' | b'\'' | b'\\');
            let plain = rest.bytes().position(is_special).unwrap_or(rest.len());
            value.push_str(rest.get(..plain).unwrap_or_default());
            self.pos += plain;
            let Some(c) = self.raw_char() else { break };
            match c {
                c if c == quote => match self.peek()? {
                    next @ ('"' | '\'') => {
                        quote = next;
                        self.pos += 1;
                    }
                    _ => return Ok(value),
                },
                '\\' => value.push(self.escape()?),
                c => value.push(c),
            }
        }
        Err(Failure::syntax(start, "this string is never closed"))
    }

    fn raw_char(&mut self) -> Option<char> {
        let c = self.text.get(self.pos..)?.chars().next()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    fn escape(&mut self) -> Result<char> {
        let at = self.pos;
        Ok(match self.raw_char() {
            None => return self.fail("unexpected end of the text"),
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\u{b}',
            Some('x' | 'X') => self.numeric_escape(16, 2)?,
            Some('0'..='7') => {
                self.pos = at;
                self.numeric_escape(8, 3)?
            }
            Some(other) => other,
        })
    }

    fn numeric_escape(&mut self, radix: u32, length_max: usize) -> Result<char> {
        let rest = self.text.get(self.pos..).unwrap_or_default();
        let digits =
            rest.chars().take(length_max).take_while(|c| c.is_digit(radix)).collect::<String>();
        self.pos += digits.len();
        match u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32) {
            Some(c) => Ok(c),
            None => self.fail("expected a digit in this escape"),
        }
    }
}

/// Which bytes belong to a word.
const IN_WORDS: [bool; 256] = in_words();

#[expect(clippy::indexing_slicing, reason = "a byte is an index of the whole alphabet")]
const fn in_words() -> [bool; 256] {
    let mut belongs = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        belongs[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        byte += 1;
    }
    belongs
}
