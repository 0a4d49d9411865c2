//! What the reader tells of a text, and whom.

use crate::Location;

/// What a text is read into.
pub(super) trait Sink<'t> {
    /// A value that has no values inside.
    fn scalar(&mut self, scalar: Scalar<'t>, location: Location);
    fn open(&mut self, container: Container, location: Location);
    /// The key of the member whose value comes next.
    fn key(&mut self, key: Text<'t>, location: Location);
    /// The end of the innermost open container.
    fn close(&mut self);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Array,
    Object,
}

#[derive(Debug)]
pub(super) enum Scalar<'t> {
    Null,
    Boolean(bool),
    /// The source of a number, which is valid JSON.
    Number(&'t str),
    Text(Text<'t>),
}

/// The text that a string stands for.
#[derive(Debug)]
pub(super) enum Text<'t> {
    AsWritten(&'t str),
    Unescaped(String),
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::AsWritten(text) => text,
            Self::Unescaped(text) => text,
        }
    }
}
