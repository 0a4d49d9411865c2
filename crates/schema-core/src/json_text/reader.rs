//! The reader: one pass over the text. Open containers lie in a list, not on the stack.

use super::{Data, Dialect, Member, Number, Object, Value};
use crate::limits::breach;
use crate::{Limits, Location, ParseError, ParseErrorKind};

pub(super) fn read(text: &str, dialect: Dialect, limits: &Limits) -> Result<Value, ParseError> {
    let mut reader = Reader {
        text,
        at: 0,
        place: Place { at: 0, location: Location { line: 1, column: 1 } },
        dialect,
        limits,
        values: 0,
    };
    reader.skip_space()?;
    let value = reader.document()?;
    if !dialect.trailing_text {
        // No comment may follow, but any control character may: the reference trims as Java does.
        let rest = reader.rest();
        reader.at += rest.len() - rest.trim_start_matches(|c| c <= ' ').len();
        if let Some(c) = reader.peek() {
            return Err(reader.error(&format!("unexpected {c:?} after the end of the JSON text")));
        }
    }
    Ok(value)
}

fn too_large(what: &str, max: usize, setting: &str) -> ParseError {
    ParseError::new(ParseErrorKind::TooLarge, breach(what, max, setting))
}

/// A byte offset whose line and column are known.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    location: Location,
}

/// An array or object whose end has not been read.
enum Open {
    Array { items: Vec<Value>, location: Location },
    Object { members: Vec<Member>, location: Location, key: String, key_location: Location },
}

/// What became of a container that took a value.
enum Took {
    More(Open),
    All(Value),
}

struct Reader<'a> {
    text: &'a str,
    /// Byte offset, always on a character boundary.
    at: usize,
    /// The last place asked for; later ones are counted on from it, so all of them cost one pass.
    place: Place,
    dialect: Dialect,
    limits: &'a Limits,
    values: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self, c: char) {
        self.at += c.len_utf8();
    }

    fn eat(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    /// The place of the current offset. Offsets asked for never go backwards.
    fn location(&mut self) -> Location {
        let Location { mut line, mut column } = self.place.location;
        for c in self.text.get(self.place.at..self.at).unwrap_or("").chars() {
            if c == '\n' {
                line += 1;
                column = 1;
            } else {
                column += 1;
            }
        }
        self.place = Place { at: self.at, location: Location { line, column } };
        self.place.location
    }

    fn error(&mut self, message: &str) -> ParseError {
        let location = self.location();
        ParseError::new(ParseErrorKind::Syntax, message).at(location)
    }

    fn unexpected(&mut self, wanted: &str) -> ParseError {
        match self.peek() {
            Some(c) => self.error(&format!("expected {wanted}, found {c:?}")),
            None => self.error(&format!("expected {wanted}, found the end of the text")),
        }
    }

    fn skip_space(&mut self) -> Result<(), ParseError> {
        loop {
            let rest = self.rest();
            let blank = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            self.at += rest.len() - blank.len();
            if !self.dialect.comments {
                return Ok(());
            }
            if let Some(comment) = blank.strip_prefix("//") {
                self.at += 2 + comment.find(['\n', '\r']).unwrap_or(comment.len());
            } else if let Some(comment) = blank.strip_prefix("/*") {
                match comment.find("*/") {
                    Some(end) => self.at += 2 + end + 2,
                    None => return Err(self.error("comment is not closed by */")),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn document(&mut self) -> Result<Value, ParseError> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let Some(mut value) = self.begin(&mut open)? else { continue };
            loop {
                let Some(container) = open.pop() else { return Ok(value) };
                match self.take(container, value)? {
                    Took::All(whole) => value = whole,
                    Took::More(container) => {
                        open.push(container);
                        break;
                    }
                }
            }
        }
    }

    /// Reads a value that has no values inside, or opens a container up to its first one.
    fn begin(&mut self, open: &mut Vec<Open>) -> Result<Option<Value>, ParseError> {
        let location = self.location();
        self.values += 1;
        if self.values > self.limits.nodes_max {
            let max = self.limits.nodes_max;
            return Err(too_large("too many JSON values", max, "nodes-max").at(location));
        }
        let data = match self.peek() {
            Some('{' | '[') if open.len() >= self.limits.depth_max => {
                let max = self.limits.depth_max;
                return Err(too_large("JSON nested too deep", max, "depth-max").at(location));
            }
            Some('{') => {
                self.bump('{');
                self.skip_space()?;
                if !self.eat("}") {
                    let (key, key_location) = self.key()?;
                    open.push(Open::Object { members: Vec::new(), location, key, key_location });
                    return Ok(None);
                }
                Data::Object(Object::default())
            }
            Some('[') => {
                self.bump('[');
                self.skip_space()?;
                if !self.eat("]") {
                    open.push(Open::Array { items: Vec::new(), location });
                    return Ok(None);
                }
                Data::Array(Vec::new())
            }
            Some('"') => Data::String(self.string()?),
            Some('-' | '0'..='9') => self.number()?,
            _ => self.literal()?,
        };
        Ok(Some(Value { data, location }))
    }

    /// Puts a value into its container and reads on to the next one, or to the container's end.
    fn take(&mut self, container: Open, value: Value) -> Result<Took, ParseError> {
        self.skip_space()?;
        match container {
            Open::Array { mut items, location } => {
                items.push(value);
                if self.eat("]") {
                    return Ok(Took::All(Value { data: Data::Array(items), location }));
                }
                if !self.eat(",") {
                    return Err(self.unexpected("',' or ']'"));
                }
                self.skip_space()?;
                Ok(Took::More(Open::Array { items, location }))
            }
            Open::Object { mut members, location, key, key_location } => {
                members.push(Member { key, key_location, value });
                if self.eat("}") {
                    let data = Data::Object(Object::new(members));
                    return Ok(Took::All(Value { data, location }));
                }
                if !self.eat(",") {
                    return Err(self.unexpected("',' or '}'"));
                }
                self.skip_space()?;
                let (key, key_location) = self.key()?;
                Ok(Took::More(Open::Object { members, location, key, key_location }))
            }
        }
    }

    /// A member's name, its colon and the space behind it.
    fn key(&mut self) -> Result<(String, Location), ParseError> {
        if self.peek() != Some('"') {
            return Err(self.unexpected("a member name in double quotes"));
        }
        let location = self.location();
        let key = self.string()?;
        self.skip_space()?;
        if !self.eat(":") {
            return Err(self.unexpected("':'"));
        }
        self.skip_space()?;
        Ok((key, location))
    }

    fn literal(&mut self) -> Result<Data, ParseError> {
        let word: &str = {
            let rest = self.rest();
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
            rest.get(..end.unwrap_or(rest.len())).unwrap_or("")
        };
        let data = match word {
            "null" => Data::Null,
            "true" => Data::Boolean(true),
            "false" => Data::Boolean(false),
            "NaN" | "Infinity" if self.dialect.non_finite_literals => Data::String(word.to_owned()),
            "" => return Err(self.unexpected("a JSON value")),
            _ => {
                let shown: String = word.chars().take(40).collect();
                return Err(self.error(&format!("expected a JSON value, found the word {shown}")));
            }
        };
        self.at += word.len();
        Ok(data)
    }

    fn string(&mut self) -> Result<String, ParseError> {
        self.bump('"');
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find(|c| matches!(c, '"' | '\\') || c < ' ').unwrap_or(rest.len());
            out.push_str(rest.get(..plain).unwrap_or(""));
            self.at += plain;
            match self.peek() {
                Some('"') => {
                    self.bump('"');
                    return Ok(out);
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

    fn number(&mut self) -> Result<Data, ParseError> {
        let start = self.at;
        if self.eat("-") && self.dialect.non_finite_literals && self.eat("Infinity") {
            return Ok(Data::String("-Infinity".to_owned()));
        }
        let whole = self.digits();
        if whole.is_empty() {
            return Err(self.unexpected("a digit"));
        }
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(self.error("a number must not start with 0"));
        }
        let fraction = if self.eat(".") { self.digits() } else { "" };
        if fraction.is_empty() && self.text.get(start..self.at).is_some_and(|n| n.ends_with('.')) {
            return Err(self.unexpected("a digit after '.'"));
        }
        let exponent = if self.eat("e") || self.eat("E") { self.exponent()? } else { 0 };
        self.check_size(whole, fraction, exponent)?;
        // `1x` is one wrong token, not the number 1 with text behind it.
        if self.peek().is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '"')) {
            return Err(self.unexpected("white space or punctuation after a number"));
        }
        Ok(Data::Number(Number::new(self.text.get(start..self.at).unwrap_or(""))))
    }

    /// What stands behind the `e` of a number; the farthest one where it does not fit.
    fn exponent(&mut self) -> Result<i64, ParseError> {
        let is_negative = !self.eat("+") && self.eat("-");
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
        let location = self.location();
        Err(error.at(location))
    }

    fn digits(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }
}
