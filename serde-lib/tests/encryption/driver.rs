//! A local KMS that tests can disturb.

use std::sync::Arc;
use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use levada_serde::encryption::kms::{KmsDriver, KmsError, KmsKey, LocalKms, Zeroizing};

type Hook = dyn Fn(&KmsKey) -> BoxFuture<'static, Result<(), KmsError>> + Send + Sync;

/// Does something before each key is wrapped or unwrapped, and notes the ids of the keys.
#[derive(Clone)]
pub(crate) struct Disturbed {
    before: Arc<Hook>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Disturbed {
    pub(crate) fn new(
        before: impl Fn(&KmsKey) -> BoxFuture<'static, Result<(), KmsError>> + Send + Sync + 'static,
    ) -> Self {
        Self { before: Arc::new(before), asked: Arc::default() }
    }

    async fn before(&self, key: &KmsKey) -> Result<(), KmsError> {
        self.asked.lock().unwrap().push(key.id.clone());
        (self.before)(key).await
    }
}

impl std::fmt::Debug for Disturbed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disturbed")
    }
}

impl KmsDriver for Disturbed {
    fn kms_type(&self) -> &'static str {
        "local-kms"
    }

    fn wrap<'a>(
        &'a self,
        key: &'a KmsKey,
        material: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, KmsError>> {
        async move {
            self.before(key).await?;
            LocalKms.wrap(key, material).await
        }
        .boxed()
    }

    fn unwrap<'a>(
        &'a self,
        key: &'a KmsKey,
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<Zeroizing<Vec<u8>>, KmsError>> {
        async move {
            self.before(key).await?;
            LocalKms.unwrap(key, wrapped).await
        }
        .boxed()
    }
}

/// What a KMS says that is not there.
pub(crate) fn gone() -> KmsError {
    KmsError::Unreachable("gone".to_owned())
}
