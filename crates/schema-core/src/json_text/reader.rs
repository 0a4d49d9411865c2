//! The reader: one pass over the text, which tells a sink what stands in it. Open containers lie in
//! a list, not on the stack.

mod tokens;

use super::Dialect;
use super::lines::{LineTable, Place, narrow};
use super::scan::behind_space;
use super::sink::{Container, Scalar, Sink};
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
    reader.document(sink).map_err(|failure| *failure.0)?;
    if !dialect.trailing_text {
        // No comment may follow, but any control character may: the reference trims as Java does.
        let rest = reader.rest();
        reader.at += rest.len() - rest.trim_start_matches(|c| c <= ' ').len();
        if let Some(c) = reader.peek() {
            let failure = reader.error(&format!("unexpected {c:?} after the end of the JSON text"));
            return Err(*failure.0);
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

/// What goes well, as nearly everything does, is handed on in a register.
type Outcome<T> = Result<T, Failure>;

struct Failure(Box<ParseError>);

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
    fn error(&self, message: &str) -> Failure {
        Failure(ParseError::new(ParseErrorKind::Syntax, message).at(self.location()).into())
    }

    #[cold]
    fn too_large(&self, what: &str, max: usize, setting: &str) -> Failure {
        let message = breach(what, max, setting);
        Failure(ParseError::new(ParseErrorKind::TooLarge, message).at(self.location()).into())
    }

    #[cold]
    fn unexpected(&self, wanted: &str) -> Failure {
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
}
