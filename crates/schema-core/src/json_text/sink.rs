//! What the reader tells of a text, and whom.

/// What a text is read into. `at` is the byte offset of the first character.
pub(super) trait Sink<'t> {
    /// A value that has no values inside.
    fn scalar(&mut self, scalar: Scalar<'t>, at: usize);
    fn open(&mut self, container: Container, at: usize);
    /// The key of the member whose value comes next.
    fn key(&mut self, key: Text<'t>, at: usize);
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
    /// What stands between its quotes.
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
