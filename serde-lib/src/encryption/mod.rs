//! Encryption of fields and payloads by rules (`ENCRYPT` and `ENCRYPT_PAYLOAD`).

mod dek_registry;
mod error;
mod keys;
pub mod kms;
mod settings;

pub use error::EncryptionError;
