//! Why a schema text was refused, and where.

use std::fmt;

/// A place in a schema text; both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    pub line: usize,
    pub column: usize,
}

impl Location {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The place behind `passed`, which starts here.
    pub(crate) fn after(mut self, passed: &str) -> Self {
        for c in passed.chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self
    }
}

/// A schema text that cannot be used, with the reason and, where known, the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    pub kind: ParseErrorKind,
    /// What is wrong, in words for the author of the schema.
    pub message: String,
    pub location: Option<Location>,
}

/// The family of a [`ParseError`]; callers branch on it, people read the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// Blank text.
    Empty,
    /// Not JSON, not `.proto` text.
    Syntax,
    /// Well-formed text that breaks a rule of its format.
    Invalid,
    /// A name that neither the text nor its references define.
    UnresolvedName,
    /// One of [`crate::Limits`] was reached.
    TooLarge,
}

impl ParseError {
    /// A message that quotes the schema at length is cut.
    pub fn new(kind: ParseErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: shortened(message.into()), location: None }
    }

    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }
}

/// Longest message in bytes: a name in it may be as long as a schema.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// At most that much of `message`: its start and its end, which says what is wrong.
pub(crate) fn shortened(message: String) -> String {
    if message.len() <= MESSAGE_BYTES_MAX {
        return message;
    }
    let head = message.get(..message.floor_char_boundary(MESSAGE_BYTES_MAX / 2));
    let tail = message.get(message.ceil_char_boundary(message.len() - MESSAGE_BYTES_MAX / 4)..);
    format!("{} [...] {}", head.unwrap_or(""), tail.unwrap_or(""))
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(Location { line, column }) = self.location {
            write!(f, " (line {line}, column {column})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_message_keeps_its_start_and_its_end() {
        let long = format!("unknown type '{}' in this file", "é".repeat(500_000));
        let error = ParseError::new(ParseErrorKind::UnresolvedName, long);
        assert!(error.message.len() < 2_000, "{}", error.message.len());
        assert!(error.message.starts_with("unknown type 'é"), "{error}");
        assert!(error.message.ends_with("é' in this file"), "{error}");
    }
}
