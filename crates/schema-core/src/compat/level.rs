//! The seven compatibility levels: who reads whom, and how far back.

use std::fmt;
use std::str::FromStr;

use super::Side;

/// A subject's compatibility level, named as the REST API names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CompatibilityLevel {
    None,
    #[default]
    Backward,
    BackwardTransitive,
    Forward,
    ForwardTransitive,
    Full,
    FullTransitive,
}

/// A level name that is none of the seven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown compatibility level '{0}'; known are {known}", known = CompatibilityLevel::ALL.map(CompatibilityLevel::as_str).join(", "))]
pub struct UnknownLevel(pub String);

impl CompatibilityLevel {
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Backward,
        Self::BackwardTransitive,
        Self::Forward,
        Self::ForwardTransitive,
        Self::Full,
        Self::FullTransitive,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Backward => "BACKWARD",
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::Forward => "FORWARD",
            Self::ForwardTransitive => "FORWARD_TRANSITIVE",
            Self::Full => "FULL",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }

    /// Whether all earlier versions count, not the newest alone.
    pub fn is_transitive(self) -> bool {
        matches!(self, Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive)
    }

    /// The sides that must be able to read the other one, in the order they are checked.
    pub(crate) fn readers(self) -> &'static [Side] {
        match self {
            Self::None => &[],
            Self::Backward | Self::BackwardTransitive => &[Side::New],
            Self::Forward | Self::ForwardTransitive => &[Side::Old],
            Self::Full | Self::FullTransitive => &[Side::Old, Side::New],
        }
    }
}

impl fmt::Display for CompatibilityLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CompatibilityLevel {
    type Err = UnknownLevel;

    /// Case does not count, as in the reference.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownLevel(name.to_owned()))
    }
}
