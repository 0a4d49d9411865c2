//! Modes: what a scope lets its clients do, and what it inherits.

use std::fmt;
use std::str::FromStr;

/// What may be done in a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    #[default]
    ReadWrite,
    ReadOnly,
    /// Acts as [`Self::ReadOnly`]; on the global level it does not beat a subject's own mode.
    ReadOnlyOverride,
    /// Schemas are registered with the ids of another registry.
    Import,
    /// Only for the context `.__GLOBAL`.
    Forward,
}

/// A mode name that is none of the five.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid mode. Valid values are {known}", known = Mode::ALL.map(Mode::as_str).join(", "))]
pub struct InvalidMode;

impl Mode {
    pub const ALL: [Self; 5] =
        [Self::ReadWrite, Self::ReadOnly, Self::ReadOnlyOverride, Self::Import, Self::Forward];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadWrite => "READWRITE",
            Self::ReadOnly => "READONLY",
            Self::ReadOnlyOverride => "READONLY_OVERRIDE",
            Self::Import => "IMPORT",
            Self::Forward => "FORWARD",
        }
    }

    /// Whether registrations bring their ids along, and must.
    pub fn takes_ids(self) -> bool {
        matches!(self, Self::Import | Self::Forward)
    }

    pub fn is_read_only(self) -> bool {
        matches!(self, Self::ReadOnly | Self::ReadOnlyOverride)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = InvalidMode;

    /// Case does not count, as in the reference.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str().eq_ignore_ascii_case(name))
            .ok_or(InvalidMode)
    }
}

/// The modes along the way from a scope to the global context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModeChain {
    pub own: Option<Mode>,
    pub context: Option<Mode>,
    pub global: Option<Mode>,
}

impl ModeChain {
    /// The nearest one.
    pub(crate) fn in_force(self) -> Mode {
        self.own.or(self.context).or(self.global).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mode_is_in_force() {
        use Mode::{Import, ReadOnly, ReadOnlyOverride, ReadWrite};
        let in_force = |own, context, global| ModeChain { own, context, global }.in_force();
        assert_eq!(in_force(Some(ReadWrite), Some(ReadOnlyOverride), Some(ReadOnly)), ReadWrite);
        assert_eq!(in_force(None, Some(Import), Some(ReadOnly)), Import);
        assert_eq!(in_force(None, None, Some(ReadOnly)), ReadOnly);
        assert_eq!(in_force(None, None, None), ReadWrite);
    }
}
