//! Key management services: who wraps data keys, and how one is asked.

#[cfg(feature = "kms-aws")]
mod aws;
#[cfg(any(feature = "kms-aws", feature = "kms-vault"))]
mod exchange;
mod local;
#[cfg(feature = "kms-vault")]
mod vault;

use std::collections::BTreeMap;
use std::fmt;

use futures_util::future::BoxFuture;
pub use levada_encryption::{Secret, Zeroizing};

#[cfg(feature = "kms-aws")]
pub use aws::AwsKms;
pub use local::LocalKms;
#[cfg(feature = "kms-vault")]
pub use vault::Vault;

/// A key management service that wraps data keys with a key of its own.
///
/// Both methods are called once for each data key and not for each message.
pub trait KmsDriver: fmt::Debug + Send + Sync {
    /// The `kmsType` of the KEKs that it serves, such as `aws-kms`.
    fn kms_type(&self) -> &str;

    /// Encrypts the material of a data key with `key`.
    fn wrap<'a>(
        &'a self,
        key: &'a KmsKey,
        material: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, KmsError>>;

    /// Decrypts what [`Self::wrap`] made.
    fn unwrap<'a>(
        &'a self,
        key: &'a KmsKey,
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<Zeroizing<Vec<u8>>, KmsError>>;
}

/// A key in a KMS, and how it is reached.
#[derive(Clone, Debug)]
pub struct KmsKey {
    /// As the service calls it.
    pub id: String,
    /// Those of the program under those of the KEK.
    pub properties: BTreeMap<String, Secret>,
}

impl KmsKey {
    /// A property, unless it is empty.
    pub fn property(&self, name: &str) -> Option<&Secret> {
        self.properties.get(name).filter(|text| !text.expose().is_empty())
    }

    /// A property, or else the variable of the environment, unless they are empty.
    pub fn setting(&self, property: &str, variable: &str) -> Option<Secret> {
        self.property(property).cloned().or_else(|| environment(variable))
    }
}

/// A variable of the environment, unless it is empty.
fn environment(variable: &str) -> Option<Secret> {
    std::env::var(variable).ok().filter(|text| !text.is_empty()).map(Secret::from)
}

/// Why a KMS did not wrap or unwrap a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KmsError {
    /// What it needs is not set, or cannot be used.
    #[error("{0}")]
    Config(String),
    /// No connection, or it broke before the whole answer was there.
    #[error("not reachable: {0}")]
    Unreachable(String),
    /// An answer with an error status.
    #[error("{status}: {message}")]
    Refused { status: u16, message: String },
    /// An answer that the service should not give.
    #[error("unusable answer: {0}")]
    InvalidAnswer(String),
    /// The wrapped key is that of another key or was changed.
    #[error("it was not wrapped with this key, or was changed since")]
    Foreign,
}

impl KmsError {
    /// Whether the same call may succeed later.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            Self::Config(_) | Self::InvalidAnswer(_) | Self::Foreign => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_that_of_the_property_and_else_of_the_environment() {
        let properties = [("set", "property"), ("empty", "")];
        let properties = properties.map(|(name, text)| (name.to_owned(), Secret::from(text)));
        let key = KmsKey { id: "k".to_owned(), properties: properties.into() };
        let of_cargo = Secret::from(env!("CARGO_MANIFEST_DIR")); // what the test runs in, too
        assert_eq!(key.setting("set", "CARGO_MANIFEST_DIR"), Some(Secret::from("property")));
        assert_eq!(key.setting("unset", "CARGO_MANIFEST_DIR"), Some(of_cargo.clone()));
        assert_eq!(key.setting("empty", "CARGO_MANIFEST_DIR"), Some(of_cargo));
        assert_eq!(key.setting("unset", "LEVADA_NO_SUCH_VARIABLE"), None);
    }
}
