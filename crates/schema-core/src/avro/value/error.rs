//! Why bytes could not be read.

use std::fmt;

use super::Pair;
use crate::Rule;

/// Why a reader got no value out of bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes do not follow the writer's schema.
    #[error("the bytes are no value of the writer's schema: {0}")]
    Malformed(&'static str),
    /// The value, or what defaults make of it, passes the limits.
    #[error("the value is nested too deeply or too large")]
    TooComplex,
    /// The writer's value is fine, and the reader cannot take it. All reasons, at least one; a
    /// reader would stop at the first.
    #[error("{}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Refused(Vec<Refusal>),
}

/// What the reader cannot take, and where in the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Field names of the writer, `[]` for an item and `{}` for an entry; empty for the root.
    pub path: String,
    pub reason: String,
    pub(in crate::avro) broken: Broken,
}

/// Which rule is broken, and between which types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::avro) struct Broken {
    pub(in crate::avro) pair: Pair,
    /// The reader's field, by position, where one is in the way and not the types.
    pub(in crate::avro) field: Option<usize>,
    pub(in crate::avro) rule: Rule,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "at {}: ", self.path)?;
        }
        f.write_str(&self.reason)
    }
}
