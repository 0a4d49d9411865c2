//! How strictly JSON schemas are compared; the other formats know one way.

use std::fmt;
use std::str::FromStr;

/// A subject's compatibility policy, named as the REST API names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CompatibilityPolicy {
    #[default]
    Strict,
    /// Forgives optional properties that open objects gain and properties that closed ones lose.
    Lenient,
    /// As strict as [`Self::Strict`] here.
    Logical,
}

/// A policy name that is none of the three.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown compatibility policy '{0}'; known are STRICT, LENIENT, LOGICAL")]
pub struct UnknownPolicy(pub String);

impl CompatibilityPolicy {
    pub const ALL: [Self; 3] = [Self::Strict, Self::Lenient, Self::Logical];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "STRICT",
            Self::Lenient => "LENIENT",
            Self::Logical => "LOGICAL",
        }
    }
}

impl fmt::Display for CompatibilityPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CompatibilityPolicy {
    type Err = UnknownPolicy;

    /// Case does not count, as in the reference.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownPolicy(name.to_owned()))
    }
}
