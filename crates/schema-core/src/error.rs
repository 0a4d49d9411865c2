//! Why a schema text was refused, and where.

use std::fmt;

/// A place in a schema text; both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    pub fn new(kind: ParseErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), location: None }
    }

    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }
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
