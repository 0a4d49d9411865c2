//! Wrapping data keys for shared KEKs, with the KMS that needs no service: `local-kms`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use levada_encryption::{CipherError, DataKey, DekAlgorithm, LocalKms, Secret, Zeroizing};

use crate::Kek;

const LOCAL_KMS: &str = "local-kms";
/// The property of a KEK that holds its secret.
const SECRET: &str = "secret";

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
    #[error("the key cannot be made or encrypted: {0}")]
    Cipher(CipherError),
}

/// The KMS that the registry itself can use.
#[derive(Debug, Default)]
pub(crate) struct Kms {
    pub(crate) local_secret: Option<Secret>,
}

impl Kms {
    /// Base64 of `raw`, wrapped by `kek`.
    pub(crate) fn wrap(&self, kek: &Kek, raw: &[u8]) -> Result<String, KmsError> {
        Ok(STANDARD.encode(self.local(kek)?.wrap(raw).map_err(KmsError::Cipher)?))
    }

    /// What [`Self::wrap`] or a client has wrapped.
    pub(crate) fn unwrap(&self, kek: &Kek, wrapped: &str) -> Result<Zeroizing<Vec<u8>>, KmsError> {
        let local = self.local(kek)?;
        let bytes = STANDARD.decode(wrapped).map_err(|_| KmsError::Foreign)?;
        local.unwrap(&bytes).map_err(|_| KmsError::Foreign)
    }

    fn local(&self, kek: &Kek) -> Result<LocalKms, KmsError> {
        if kek.kms_type != LOCAL_KMS {
            return Err(KmsError::UnknownType(kek.kms_type.clone()));
        }
        let own = kek.kms_props.get(SECRET).map(|secret| Secret::from(secret.as_str()));
        let secret = own.or_else(|| self.local_secret.clone()).ok_or(KmsError::NoSecret)?;
        Ok(LocalKms::new(&secret))
    }
}

/// A new data key as clients read it.
pub(crate) fn new_data_key(algorithm: DekAlgorithm) -> Result<Zeroizing<Vec<u8>>, KmsError> {
    Ok(DataKey::generate(algorithm).map_err(KmsError::Cipher)?.material())
}

/// Base64, as keys travel in answers.
pub(crate) fn encode(raw: &[u8]) -> String {
    STANDARD.encode(raw)
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
    fn the_secret_of_the_kek_wins_over_that_of_the_setting() {
        let kms = Kms { local_secret: Some(Secret::from("setting")) };
        let (own, other) = (kek(LOCAL_KMS, None), kek(LOCAL_KMS, Some("other")));
        let wrapped = kms.wrap(&own, b"raw").unwrap();
        assert_ne!(kms.wrap(&own, b"raw").unwrap(), wrapped);
        assert_eq!(*kms.unwrap(&own, &wrapped).unwrap(), b"raw");
        assert_eq!(*kms.unwrap(&kek(LOCAL_KMS, Some("setting")), &wrapped).unwrap(), b"raw");
        assert_eq!(kms.unwrap(&other, &wrapped), Err(KmsError::Foreign));
        for foreign in ["", "AAAA", "?", &wrapped[..wrapped.len() - 4]] {
            assert_eq!(kms.unwrap(&own, foreign), Err(KmsError::Foreign), "{foreign}");
        }
    }

    #[test]
    fn without_a_secret_or_with_another_service_nothing_is_wrapped() {
        let unknown = KmsError::UnknownType("aws-kms".to_owned());
        assert_eq!(Kms::default().wrap(&kek("aws-kms", Some("s")), b"raw"), Err(unknown));
        assert_eq!(Kms::default().wrap(&kek(LOCAL_KMS, None), b"raw"), Err(KmsError::NoSecret));
    }

    /// Wrapped by an independent implementation of HKDF and AES-GCM, over the secret `mysecret`.
    #[test]
    fn what_a_client_has_wrapped_is_unwrapped() {
        let kms = Kms { local_secret: Some(Secret::from("mysecret")) };
        let wrapped = "AAECAwQFBgcICQoLxmsu8wzXDLJrZuhGLV0ZgBhYVOKVF9Ml";
        assert_eq!(*kms.unwrap(&kek(LOCAL_KMS, None), wrapped).unwrap(), b"data key");
    }

    #[test]
    fn a_secret_is_not_shown() {
        let kms = Kms { local_secret: Some(Secret::from("hidden")) };
        assert!(!format!("{kms:?}").contains("hidden"));
    }
}
