//! `local-kms`: wraps data keys with a key that is made of a shared secret.

use std::fmt;

use aes_gcm::Aes128Gcm;
use aes_gcm::aead::KeyInit;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{CipherError, Secret, gcm};

/// The KMS of one secret.
///
/// Its key is 16 bytes of HKDF-SHA256 (RFC 5869) over the secret without salt and info, used with
/// AES-GCM.
pub struct LocalKms(Aes128Gcm);

impl LocalKms {
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "HKDF-SHA256 gives up to 8,160 bytes, whatever the secret"
    )]
    pub fn new(secret: &Secret) -> Self {
        let mut key = Zeroizing::new([0; 16]);
        Hkdf::<Sha256>::new(None, secret.expose().as_bytes())
            .expand(&[], key.as_mut())
            .expect("16 bytes");
        Self(Aes128Gcm::new(&(*key).into()))
    }

    pub fn wrap(&self, key: &[u8]) -> Result<Vec<u8>, CipherError> {
        gcm::seal(&self.0, key)
    }

    /// What [`Self::wrap`] has wrapped with the same secret, anywhere.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        gcm::open(&self.0, wrapped).map(Zeroizing::new)
    }
}

impl fmt::Debug for LocalKms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalKms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_is_unwrapped_with_the_same_secret_alone() {
        let kms = LocalKms::new(&Secret::from("one"));
        let wrapped = kms.wrap(b"raw").unwrap();
        assert_ne!(kms.wrap(b"raw").unwrap(), wrapped);
        assert_eq!(*LocalKms::new(&Secret::from("one")).unwrap(&wrapped).unwrap(), b"raw");
        let other = LocalKms::new(&Secret::from("other"));
        assert_eq!(other.unwrap(&wrapped), Err(CipherError::Foreign));
        for foreign in [&[][..], b"AAA", &wrapped[..wrapped.len() - 3]] {
            assert_eq!(kms.unwrap(foreign), Err(CipherError::Foreign), "{foreign:?}");
        }
    }

    #[test]
    fn neither_secret_nor_key_is_shown() {
        assert_eq!(format!("{:?}", LocalKms::new(&Secret::from("hidden"))), "LocalKms");
    }
}
