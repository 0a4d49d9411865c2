//! Data encryption keys (DEKs), what they are used with, and the KMS that needs no service.
//!
//! The registry makes and wraps the keys of shared KEKs, its clients all others, and each must be
//! able to use what the other has made, as must the clients in other languages. All ciphers come
//! from libraries; what stands here is how keys and ciphertexts are framed:
//!
//! * AES-GCM: a nonce of 12 bytes, the ciphertext, a tag of 16 bytes.
//! * AES-SIV (RFC 5297): the synthetic IV of 16 bytes, the ciphertext. The associated data is one
//!   empty text, which is not the same as none.
//! * A data key is a Protobuf message, see [`DataKey::material`].
//!
//! Keys and secrets are wiped from memory when they are dropped, and `Debug` shows none of them.

mod algorithm;
mod data_key;
mod gcm;
mod local_kms;
mod secret;

pub use algorithm::{DekAlgorithm, UnknownAlgorithm};
pub use data_key::DataKey;
pub use local_kms::LocalKms;
pub use secret::Secret;
pub use zeroize::Zeroizing;

/// Why something was not encrypted or decrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    #[error("it is too long to be encrypted at once")]
    TooLong,
    #[error("it was not encrypted with this key, or was changed since")]
    Foreign,
    #[error("the key material is no key for {0}")]
    InvalidKey(DekAlgorithm),
}

fn random(bytes: &mut [u8]) -> Result<(), CipherError> {
    getrandom::fill(bytes).map_err(|error| CipherError::Random(error.to_string()))
}
