//! Why bytes could not be read.

use std::fmt;

/// Why a reader got no value out of bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes do not follow the writer's schema.
    #[error("the bytes are no value of the writer's schema: {0}")]
    Malformed(&'static str),
    /// The value, or what defaults make of it, passes the limits.
    #[error("the value is nested too deeply or too large")]
    TooComplex,
    /// The writer's value is fine, and the reader cannot take it.
    #[error(transparent)]
    Refused(Refusal),
}

/// What the reader cannot take, and where in the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// Field names of the writer, `[]` for an item and `{}` for an entry; empty for the root.
    pub path: String,
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "at {}: ", self.path)?;
        }
        f.write_str(&self.reason)
    }
}

impl DecodeError {
    pub(super) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(Refusal { path: String::new(), reason: reason.into() })
    }

    /// Puts the place of what holds the value in front.
    pub(super) fn inside(mut self, segment: &str) -> Self {
        if let Self::Refused(refusal) = &mut self {
            let has_dot = !refusal.path.is_empty() && !refusal.path.starts_with(['[', '{']);
            let dot = if has_dot { "." } else { "" };
            refusal.path = format!("{segment}{dot}{}", refusal.path);
        }
        self
    }
}
