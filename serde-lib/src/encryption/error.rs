//! Why something was not encrypted or decrypted.

use levada_encryption::{CipherError, DekAlgorithm};

use super::kms::KmsError;
use crate::client::{RegistryError, Version};
use crate::rules::RuleError;

/// Why a rule could not encrypt or decrypt.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptionError {
    /// A parameter that every such rule needs, in the rule or the metadata of its schema.
    #[error("the rule needs the parameter `{0}`")]
    MissingParameter(&'static str),
    #[error("the parameter `{name}` cannot be '{value}': {reason}")]
    InvalidParameter { name: &'static str, value: String, reason: String },
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// An answer of the DEK registry that cannot be used.
    #[error("the DEK registry answers for KEK `{kek}` what cannot be used: {reason}")]
    InvalidAnswer { kek: String, reason: String },
    #[error(
        "the registry has no KEK `{0}`, and it can be made only by writing with a rule that has \
         `encrypt.kms.type` and `encrypt.kms.key.id`"
    )]
    KekNotFound(String),
    #[error("KEK `{kek}` has {what} '{found}', the rule says '{wanted}'")]
    KekMismatch { kek: String, what: &'static str, found: String, wanted: String },
    #[error(
        "the registry has no DEK of KEK `{kek}` for {algorithm}, subject '{subject}', version {version}"
    )]
    DekNotFound { kek: String, subject: String, algorithm: DekAlgorithm, version: Version },
    #[error("nobody serves the KMS type `{0}` here; add a driver, or turn on its feature")]
    UnknownKms(String),
    #[error("KMS `{kms_type}`, key '{key_id}': {error}")]
    Kms { kms_type: String, key_id: String, error: KmsError },
    #[error("the key of KEK `{kek}`, subject '{subject}': {error}")]
    Key { kek: String, subject: String, error: CipherError },
    /// The value itself: it was not encrypted, or by another key.
    #[error("it cannot be decrypted: {0}")]
    Ciphertext(String),
    #[error("it cannot be encrypted: {0}")]
    Plaintext(CipherError),
}

impl From<EncryptionError> for RuleError {
    fn from(error: EncryptionError) -> Self {
        let text = error.to_string();
        match error {
            EncryptionError::Registry(error) => Self::Registry(error),
            EncryptionError::MissingParameter(_)
            | EncryptionError::InvalidParameter { .. }
            | EncryptionError::KekMismatch { .. }
            | EncryptionError::UnknownKms(_) => Self::Invalid(text),
            // A person must see to these, but neither the rule nor the record has to change.
            EncryptionError::InvalidAnswer { .. }
            | EncryptionError::KekNotFound(_)
            | EncryptionError::Kms { .. }
            | EncryptionError::Key { .. } => Self::Unavailable(text),
            EncryptionError::DekNotFound { .. }
            | EncryptionError::Ciphertext(_)
            | EncryptionError::Plaintext(_) => Self::Failed(text),
        }
    }
}
