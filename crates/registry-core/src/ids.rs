//! Schema ids and version numbers.

use std::fmt;
use std::str::FromStr;

/// A schema's number within its context; messages carry it. Never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub i32);

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A version's number within its subject, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaVersion(pub i32);

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A version as a request names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionSpec {
    /// The highest live version.
    Latest,
    Number(SchemaVersion),
}

/// Shown as a number; the latest is -1.
impl fmt::Display for VersionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("-1"),
            Self::Number(version) => version.fmt(f),
        }
    }
}

/// A version string that names no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "The specified version '{0}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\""
)]
pub struct InvalidVersion(pub String);

impl FromStr for VersionSpec {
    type Err = InvalidVersion;

    /// `latest` in any case, -1, or a decimal from 1 to 2^31-1 that may have a plus sign and
    /// leading zeros; blanks around do not count.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("latest") {
            return Ok(Self::Latest);
        }
        match trimmed.parse::<i32>() {
            Ok(-1) => Ok(Self::Latest),
            Ok(number) if number >= 1 => Ok(Self::Number(SchemaVersion(number))),
            _ => Err(InvalidVersion(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_strings() {
        for text in ["latest", " LATEST ", "-1"] {
            assert_eq!(text.parse(), Ok(VersionSpec::Latest), "{text}");
        }
        for (text, number) in [("1", 1), ("+1", 1), ("01", 1), ("2147483647", i32::MAX), (" 7", 7)]
        {
            assert_eq!(text.parse(), Ok(VersionSpec::Number(SchemaVersion(number))), "{text}");
        }
        for text in ["", "0", "-2", "1.0", "2147483648", "abc", "1e3", "٣"] {
            assert_eq!(text.parse::<VersionSpec>(), Err(InvalidVersion(text.to_owned())));
        }
    }
}
