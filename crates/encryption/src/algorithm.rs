//! The algorithms that data keys are used with.

use std::fmt;
use std::str::FromStr;

/// What a DEK is used with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DekAlgorithm {
    Aes128Gcm,
    #[default]
    Aes256Gcm,
    /// Deterministic: equal texts give equal ciphertexts, so that encrypted keys still match.
    Aes256Siv,
}

/// A name that is none of the three algorithms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown algorithm '{0}'; known are AES128_GCM, AES256_GCM, AES256_SIV")]
pub struct UnknownAlgorithm(pub String);

impl DekAlgorithm {
    pub const ALL: [Self; 3] = [Self::Aes128Gcm, Self::Aes256Gcm, Self::Aes256Siv];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "AES128_GCM",
            Self::Aes256Gcm => "AES256_GCM",
            Self::Aes256Siv => "AES256_SIV",
        }
    }

    /// Bytes of a key. That of AES-SIV is two: one authenticates, one encrypts.
    pub(crate) fn key_bytes(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm => 32,
            Self::Aes256Siv => 64,
        }
    }
}

impl fmt::Display for DekAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DekAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == name);
        known.ok_or_else(|| UnknownAlgorithm(name.to_owned()))
    }
}
