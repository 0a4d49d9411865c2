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
    AsWritten(Written<'t>),
    Unescaped(String),
}

/// What stands between quotes, which is not cut out of the text before somebody wants to see it.
#[derive(Debug)]
pub(super) struct Written<'t> {
    pub(super) text: &'t str,
    /// Byte offsets.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::AsWritten(Written { text, start, end }) => text.get(*start..*end).unwrap_or(""),
            Self::Unescaped(text) => text,
        }
    }

    /// The UTF-8 bytes, which are quicker to come by.
    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::AsWritten(Written { text, start, end }) => {
                text.as_bytes().get(*start..*end).unwrap_or_default()
            }
            Self::Unescaped(text) => text.as_bytes(),
        }
    }
}
