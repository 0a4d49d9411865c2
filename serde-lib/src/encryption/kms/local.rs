//! `local-kms`: the key is made of a secret that programs share.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use levada_encryption::{CipherError, LocalKms as SecretKey, Zeroizing};

use super::{KmsDriver, KmsError, KmsKey};

/// Wraps data keys with a secret: property `secret`, or the variable `LOCAL_SECRET`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalKms;

impl KmsDriver for LocalKms {
    fn kms_type(&self) -> &'static str {
        "local-kms"
    }

    fn wrap<'a>(
        &'a self,
        key: &'a KmsKey,
        material: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, KmsError>> {
        ready(secret_key(key).and_then(|secret| secret.wrap(material).map_err(failed))).boxed()
    }

    fn unwrap<'a>(
        &'a self,
        key: &'a KmsKey,
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<Zeroizing<Vec<u8>>, KmsError>> {
        ready(secret_key(key).and_then(|secret| secret.unwrap(wrapped).map_err(failed))).boxed()
    }
}

fn secret_key(key: &KmsKey) -> Result<SecretKey, KmsError> {
    let secret = key.setting("secret", "LOCAL_SECRET").ok_or_else(|| {
        KmsError::Config(
            "no secret: set the property `secret` or the variable LOCAL_SECRET".to_owned(),
        )
    })?;
    Ok(SecretKey::new(&secret))
}

fn failed(error: CipherError) -> KmsError {
    match error {
        CipherError::Foreign => KmsError::Foreign,
        other => KmsError::Config(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use levada_encryption::Secret;

    fn key(secret: &str) -> KmsKey {
        let properties = [("secret".to_owned(), Secret::from(secret))].into();
        KmsKey { id: "any".to_owned(), properties }
    }

    #[tokio::test]
    async fn what_is_wrapped_is_unwrapped_with_the_same_secret_alone() {
        let wrapped = LocalKms.wrap(&key("one"), b"key").await.unwrap();
        assert_eq!(*LocalKms.unwrap(&key("one"), &wrapped).await.unwrap(), b"key");
        assert_eq!(LocalKms.unwrap(&key("two"), &wrapped).await, Err(KmsError::Foreign));
        let unset = LocalKms.wrap(&key(""), b"key").await.unwrap_err();
        assert!(matches!(&unset, KmsError::Config(reason) if reason.contains("LOCAL_SECRET")));
    }
}
