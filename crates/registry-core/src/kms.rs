//! Wrapping data keys for shared KEKs, with the KMS that needs no service: `local-kms`.
//!
//! Clients must be able to unwrap what is wrapped here, so key and framing are those of their
//! local KMS: the key is 16 bytes of HKDF-SHA256 over the secret without salt and info; what it
//! wraps is a nonce of 12 bytes, the ciphertext and a tag of 16. A data key itself is the message
//! that the clients' library makes of a key: field number, length, key.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use serde::Deserialize;
use sha2::Sha256;

use crate::{DekAlgorithm, Kek};

const LOCAL_KMS: &str = "local-kms";
/// The property of a KEK that holds its secret.
const SECRET: &str = "secret";
const NONCE_BYTES: usize = 12;

/// A text that no log and no error shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text, for whoever has to hand it on.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why a key was not wrapped or unwrapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KmsError {
    #[error("this registry has no access to a KMS of type '{0}'; it knows {LOCAL_KMS} alone")]
    UnknownType(String),
    #[error(
        "no secret: neither the KEK's property '{SECRET}' nor the setting local-kms-secret is set"
    )]
    NoSecret,
    #[error("the wrapped key is no base64 of a key wrapped by this KEK")]
    Foreign,
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    #[error("the key cannot be encrypted")]
    Encrypt,
}

/// The KMS that the registry itself can use.
#[derive(Debug, Default)]
pub(crate) struct Kms {
    pub(crate) local_secret: Option<Secret>,
}

impl Kms {
    /// Base64 of `raw`, wrapped by `kek`.
    pub(crate) fn wrap(&self, kek: &Kek, raw: &[u8]) -> Result<String, KmsError> {
        let cipher = self.cipher(kek)?;
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let sealed = cipher.encrypt(&Nonce::from(nonce), raw).map_err(|_| KmsError::Encrypt)?;
        Ok(STANDARD.encode([nonce.as_slice(), sealed.as_slice()].concat()))
    }

    /// What [`Self::wrap`] or a client has wrapped.
    pub(crate) fn unwrap(&self, kek: &Kek, wrapped: &str) -> Result<Vec<u8>, KmsError> {
        let cipher = self.cipher(kek)?;
        let bytes = STANDARD.decode(wrapped).map_err(|_| KmsError::Foreign)?;
        let (nonce, sealed) = bytes.split_first_chunk().ok_or(KmsError::Foreign)?;
        cipher.decrypt(&Nonce::from(*nonce), sealed).map_err(|_| KmsError::Foreign)
    }

    fn cipher(&self, kek: &Kek) -> Result<Aes128Gcm, KmsError> {
        if kek.kms_type != LOCAL_KMS {
            return Err(KmsError::UnknownType(kek.kms_type.clone()));
        }
        let own = kek.kms_props.get(SECRET).map(String::as_str);
        let secret = own.or_else(|| self.local_secret.as_ref().map(|secret| secret.0.as_str()));
        let secret = secret.ok_or(KmsError::NoSecret)?;
        let mut key = [0; 16];
        Hkdf::<Sha256>::new(None, secret.as_bytes())
            .expand(&[], &mut key)
            .map_err(|_| KmsError::Encrypt)?;
        Ok(Aes128Gcm::new(&key.into()))
    }
}

/// A new data key as clients read it.
pub(crate) fn new_data_key(algorithm: DekAlgorithm) -> Result<Vec<u8>, KmsError> {
    // The message of a key holds its bytes in field 3, that of a SIV key in field 2.
    let (field, bytes) = match algorithm {
        DekAlgorithm::Aes128Gcm => (0x1a, 16),
        DekAlgorithm::Aes256Gcm => (0x1a, 32),
        DekAlgorithm::Aes256Siv => (0x12, 64),
    };
    let mut key = vec![0; usize::from(bytes)];
    random(&mut key)?;
    Ok([&[field, bytes], key.as_slice()].concat())
}

/// Base64, as keys travel in answers.
pub(crate) fn encode(raw: &[u8]) -> String {
    STANDARD.encode(raw)
}

fn random(bytes: &mut [u8]) -> Result<(), KmsError> {
    getrandom::fill(bytes).map_err(|error| KmsError::Random(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kek(kms_type: &str, secret: Option<&str>) -> Kek {
        let secret = secret.map(|secret| (SECRET.to_owned(), secret.to_owned()));
        Kek {
            name: "k".to_owned(),
            kms_type: kms_type.to_owned(),
            kms_key_id: "id".to_owned(),
            kms_props: secret.into_iter().collect(),
            doc: None,
            shared: true,
            is_deleted: false,
            ts_ms: 0,
        }
    }

    #[test]
    fn what_is_wrapped_is_unwrapped_with_the_same_secret_alone() {
        let kms = Kms { local_secret: Some(Secret::from("setting")) };
        let (own, other) = (kek(LOCAL_KMS, None), kek(LOCAL_KMS, Some("other")));
        let wrapped = kms.wrap(&own, b"raw").unwrap();
        assert_ne!(kms.wrap(&own, b"raw").unwrap(), wrapped);
        assert_eq!(kms.unwrap(&own, &wrapped).unwrap(), b"raw");
        assert_eq!(kms.unwrap(&kek(LOCAL_KMS, Some("setting")), &wrapped).unwrap(), b"raw");
        assert_eq!(kms.unwrap(&other, &wrapped), Err(KmsError::Foreign));
        for foreign in ["", "AAAA", "?", &wrapped[..wrapped.len() - 4]] {
            assert_eq!(kms.unwrap(&own, foreign), Err(KmsError::Foreign), "{foreign}");
        }
        let unknown = KmsError::UnknownType("aws-kms".to_owned());
        assert_eq!(kms.wrap(&kek("aws-kms", Some("s")), b"raw"), Err(unknown));
        assert_eq!(Kms::default().wrap(&own, b"raw"), Err(KmsError::NoSecret));
    }

    /// Wrapped by an independent implementation of HKDF and AES-GCM, over the secret `mysecret`.
    #[test]
    fn what_a_client_has_wrapped_is_unwrapped() {
        let kms = Kms { local_secret: Some(Secret::from("mysecret")) };
        let wrapped = "AAECAwQFBgcICQoLxmsu8wzXDLJrZuhGLV0ZgBhYVOKVF9Ml";
        assert_eq!(kms.unwrap(&kek(LOCAL_KMS, None), wrapped).unwrap(), b"data key");
    }

    #[test]
    fn data_keys_have_the_form_of_their_algorithm() {
        for (algorithm, head, bytes) in [
            (DekAlgorithm::Aes128Gcm, [0x1a, 16], 18),
            (DekAlgorithm::Aes256Gcm, [0x1a, 32], 34),
            (DekAlgorithm::Aes256Siv, [0x12, 64], 66),
        ] {
            let key = new_data_key(algorithm).unwrap();
            assert_eq!((&key[..2], key.len()), (&head[..], bytes));
            assert_ne!(new_data_key(algorithm).unwrap(), key);
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let kms = Kms { local_secret: Some(Secret::from("hidden")) };
        assert!(!format!("{kms:?}").contains("hidden"));
    }
}
