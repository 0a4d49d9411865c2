//! From text to tokens, one at a time, each with its place.

use levada_schema_core::Location;

use crate::error::LogicalError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A keyword or a plain name.
    Word(&'t str),
    /// A name in backquotes.
    Quoted(String),
    Text(String),
    /// What stands between the quotes of `x'…'`.
    Hex(String),
    Integer(&'t str),
    /// Digits with a point.
    Decimal(&'t str),
    /// Digits with an exponent.
    Double(&'t str),
    Symbol(char),
    End,
}

impl Token<'_> {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Word(word) | Self::Integer(word) | Self::Decimal(word) | Self::Double(word) => {
                format!("'{word}'")
            }
            Self::Quoted(name) => format!("`{name}`"),
            Self::Text(text) => format!("the string '{text}'"),
            Self::Hex(text) => format!("the bytes x'{text}'"),
            Self::Symbol(symbol) => format!("'{symbol}'"),
            Self::End => "the end".to_owned(),
        }
    }
}

pub(super) struct Lexer<'t> {
    rest: &'t str,
    place: Location,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, place: Location { line: 1, column: 1 } }
    }

    /// The next token with the place where it starts; at the end, again and again `End`.
    pub(super) fn next(&mut self) -> Result<(Token<'t>, Location), LogicalError> {
        self.skip_space()?;
        let place = self.place;
        let Some(first) = self.rest.chars().next() else { return Ok((Token::End, place)) };
        let token = match first {
            '\'' => Token::Text(self.delimited('\'')?),
            '`' => Token::Quoted(self.delimited('`')?),
            'x' | 'X' if self.behind(1).starts_with('\'') => {
                self.take(1);
                Token::Hex(self.delimited('\'')?)
            }
            c if is_word_start(c) => {
                let end = self.rest.find(|c| !is_word_part(c)).unwrap_or(self.rest.len());
                Token::Word(self.take(end))
            }
            '0'..='9' => self.number(),
            '.' if self.behind(1).starts_with(|c: char| c.is_ascii_digit()) => self.number(),
            c if c.is_ascii_punctuation() => {
                self.take(1);
                Token::Symbol(c)
            }
            c => return Err(invalid(format!("unexpected character {c:?}"), place)),
        };
        Ok((token, place))
    }

    fn skip_space(&mut self) -> Result<(), LogicalError> {
        loop {
            let space =
                self.rest.len() - self.rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            self.take(space);
            if self.rest.starts_with("//") {
                let end = self.rest.find(['\r', '\n']).unwrap_or(self.rest.len());
                self.take(end);
            } else if self.rest.starts_with("/*") {
                let place = self.place;
                let end = self.behind(2).find("*/");
                let end = end.ok_or_else(|| invalid("comment without an end", place))?;
                self.take(end + 4);
            } else if space == 0 {
                return Ok(());
            }
        }
    }

    /// What stands between two quotes, where a doubled quote means one.
    fn delimited(&mut self, quote: char) -> Result<String, LogicalError> {
        let place = self.place;
        let mut text = String::new();
        loop {
            self.take(1);
            let end = self.rest.find(quote);
            let end = end.ok_or_else(|| invalid(format!("no closing {quote}"), place))?;
            text.push_str(self.take(end));
            self.take(1);
            if !self.rest.starts_with(quote) {
                return Ok(text);
            }
            text.push(quote);
        }
    }

    fn number(&mut self) -> Token<'t> {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let mut end = digits(self.rest);
        let has_point = self.behind(end).starts_with('.');
        if has_point {
            end += 1 + digits(self.behind(end + 1));
        }
        let exponent = self.behind(end).strip_prefix(['e', 'E']);
        if let Some(exponent) = exponent {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let length = digits(unsigned);
            if length > 0 {
                end += 1 + (exponent.len() - unsigned.len()) + length;
                return Token::Double(self.take(end));
            }
        }
        if has_point { Token::Decimal(self.take(end)) } else { Token::Integer(self.take(end)) }
    }

    /// What follows so many bytes.
    fn behind(&self, bytes: usize) -> &'t str {
        self.rest.get(bytes..).unwrap_or_default()
    }

    /// Moves on by so many bytes, which end between two characters.
    fn take(&mut self, bytes: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(bytes);
        for c in taken.chars() {
            if c == '\n' {
                self.place = Location { line: self.place.line + 1, column: 1 };
            } else {
                self.place.column += 1;
            }
        }
        self.rest = rest;
        taken
    }
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_word_part(c: char) -> bool {
    is_word_start(c) || c.is_ascii_digit()
}

pub(super) fn invalid(reason: impl Into<String>, place: Location) -> LogicalError {
    LogicalError::Ddl { reason: reason.into(), place }
}
