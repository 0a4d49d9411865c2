//! The keys of rules: found in the DEK registry or made, unwrapped, and kept.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use levada_encryption::{DataKey, Secret, Zeroizing};
use levada_registry_api::{CreateKekRequest, DekDocument, KekDocument};
use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::dek_registry::{self, DekSeries};
use super::kms::{KmsDriver, KmsKey};
use super::settings::KeySettings;
use super::{EncryptionError, kms};
use crate::client::{RegistryClient, Version};

/// Names the keys that are tried where a KEK's own does not work.
const ALTERNATE_KEY_IDS: &str = "encrypt.alternate.kms.key.ids";
/// How long a key that could not be replaced goes on being used before that is tried again.
const RENEWAL_PAUSE: Duration = Duration::from_mins(1);
/// How long neither registry nor KMS is asked again for a key that could not be had.
const FAILED_TTL: Duration = Duration::from_secs(5);

/// Says what time it is.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// All that decides which key is meant.
type KeyId = (Arc<DekSeries>, Version);

/// A key ready for use.
#[derive(Clone, Debug)]
pub(super) struct HeldKey {
    pub(super) key: Arc<DataKey>,
    pub(super) version: i32,
    /// When it was stored in the registry, or is to be taken as new again.
    since: SystemTime,
    loaded: Instant,
}

impl HeldKey {
    fn new(key: DataKey, dek: &DekDocument) -> Self {
        let (since, loaded) = (stored_at(dek), Instant::now());
        Self { key: Arc::new(key), version: dek.version, since, loaded }
    }
}

/// The keys of one registry.
pub(super) struct Keys {
    client: RegistryClient,
    config: Arc<Config>,
    held: Cache<KeyId, HeldKey>,
    failed: Cache<KeyId, (Instant, EncryptionError)>,
    /// One key is loaded at a time, so that tasks that want the same do not make two.
    loading: tokio::sync::Mutex<()>,
}

/// What a program may set.
#[derive(Clone)]
pub(super) struct Config {
    pub(super) drivers: Vec<Arc<dyn KmsDriver>>,
    pub(super) properties: BTreeMap<String, Secret>,
    pub(super) clock: Clock,
    pub(super) ttl: Option<Duration>,
    pub(super) keys_max: usize,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Keys {
    pub(super) fn new(client: RegistryClient, config: Arc<Config>) -> Self {
        let (held, failed) = (Cache::new(config.keys_max), Cache::new(config.keys_max));
        Self { client, config, held, failed, loading: tokio::sync::Mutex::default() }
    }

    pub(super) fn are_of(&self, client: &RegistryClient) -> bool {
        self.client.is_same(client)
    }

    /// The key to encrypt with, if it is at hand and not too old, or why it could not be had a
    /// short while ago.
    pub(super) fn for_writing(
        &self,
        settings: &KeySettings,
    ) -> Result<Option<HeldKey>, EncryptionError> {
        let id = (Arc::clone(&settings.series), settings.written());
        let held = self.fresh(&id).filter(|held| !self.is_expired(settings, held.since));
        self.unless_failed(&id, held)
    }

    /// The key of a version, if it is at hand, or why it could not be had a short while ago.
    pub(super) fn for_reading(
        &self,
        settings: &KeySettings,
        version: i32,
    ) -> Result<Option<HeldKey>, EncryptionError> {
        let id = (Arc::clone(&settings.series), Version::Number(version));
        let held = self.fresh(&id);
        self.unless_failed(&id, held)
    }

    fn unless_failed(
        &self,
        id: &KeyId,
        held: Option<HeldKey>,
    ) -> Result<Option<HeldKey>, EncryptionError> {
        let failed = self.failed.get(id).filter(|_| held.is_none());
        match failed.filter(|(at, _)| at.elapsed() < FAILED_TTL) {
            Some((_, error)) => Err(error),
            None => Ok(held),
        }
    }

    fn fresh(&self, id: &KeyId) -> Option<HeldKey> {
        let held = self.held.get(id)?;
        self.config.ttl.is_none_or(|ttl| held.loaded.elapsed() < ttl).then_some(held)
    }

    /// Finds or makes the key that [`Self::for_writing`] answers.
    pub(super) async fn load_for_writing(
        &self,
        settings: &KeySettings,
    ) -> Result<(), EncryptionError> {
        let asked = Instant::now();
        let _alone = self.loading.lock().await;
        if let Ok(Some(_)) = self.for_writing(settings) {
            return Ok(());
        }
        let id = (Arc::clone(&settings.series), settings.written());
        self.unless_failed_since(asked, &id)?;
        let aged = self.fresh(&id);
        let held = match (self.written(settings, aged.is_some()).await, aged) {
            (Ok(held), _) => held,
            (Err(_), Some(aged)) => self.renewed(settings, aged),
            (Err(error), None) => return Err(self.note(&id, error)),
        };
        self.held.insert((Arc::clone(&id.0), Version::Number(held.version)), held.clone());
        self.held.insert(id, held);
        Ok(())
    }

    /// Finds the key that [`Self::for_reading`] answers.
    pub(super) async fn load_for_reading(
        &self,
        settings: &KeySettings,
        version: i32,
    ) -> Result<(), EncryptionError> {
        let asked = Instant::now();
        let _alone = self.loading.lock().await;
        if let Ok(Some(_)) = self.for_reading(settings, version) {
            return Ok(());
        }
        let id = (Arc::clone(&settings.series), Version::Number(version));
        self.unless_failed_since(asked, &id)?;
        let held = self.found(settings, id.1).await.map_err(|error| self.note(&id, error))?;
        self.held.insert(id, held);
        Ok(())
    }

    fn note(&self, id: &KeyId, error: EncryptionError) -> EncryptionError {
        self.failed.insert(id.clone(), (Instant::now(), error.clone()));
        error
    }

    /// Who waited while another asked in vain has that answer.
    fn unless_failed_since(&self, asked: Instant, id: &KeyId) -> Result<(), EncryptionError> {
        let failed = self.failed.get(id).filter(|(at, _)| *at > asked);
        failed.map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Better an old key than none: registry or KMS may be away for a moment.
    fn renewed(&self, settings: &KeySettings, aged: HeldKey) -> HeldKey {
        let age = settings.expiry.unwrap_or_default().saturating_sub(RENEWAL_PAUSE);
        let since = (self.config.clock)().checked_sub(age);
        HeldKey { since: since.unwrap_or(aged.since), ..aged }
    }

    async fn written(
        &self,
        settings: &KeySettings,
        has_aged: bool,
    ) -> Result<HeldKey, EncryptionError> {
        let series = &settings.series;
        let kek = self.kek_for_writing(settings).await?;
        match dek_registry::dek(&self.client, series, settings.written(), false).await? {
            None => self.made(settings, &kek, 1).await,
            Some(dek) if !self.is_expired(settings, stored_at(&dek)) => {
                self.opened(series, &kek, &dek).await
            }
            Some(dek) => {
                let next = self.made(settings, &kek, dek.version.saturating_add(1)).await;
                if next.is_ok() || has_aged {
                    return next;
                }
                let aged = self.opened(series, &kek, &dek).await?;
                Ok(self.renewed(settings, aged))
            }
        }
    }

    async fn found(
        &self,
        settings: &KeySettings,
        version: Version,
    ) -> Result<HeldKey, EncryptionError> {
        let series = &settings.series;
        let kek = self.kek(settings).await?;
        let kek = kek.ok_or_else(|| EncryptionError::KekNotFound(series.kek.clone()))?;
        let dek = dek_registry::dek(&self.client, series, version, true).await?;
        let dek = dek.ok_or_else(|| not_found(series, version))?;
        self.opened(series, &kek, &dek).await
    }

    /// The KEK as the registry has it, if that is what the rule says.
    async fn kek(&self, settings: &KeySettings) -> Result<Option<KekDocument>, EncryptionError> {
        let name = &settings.series.kek;
        let Some(kek) = dek_registry::kek(&self.client, name, settings.context()).await? else {
            return Ok(None);
        };
        for (what, found, wanted) in [
            ("the KMS type", &kek.kms_type, &settings.kms_type),
            ("the key id", &kek.kms_key_id, &settings.kms_key_id),
        ] {
            if let Some(wanted) = wanted.as_ref().filter(|wanted| *wanted != found) {
                return Err(EncryptionError::KekMismatch {
                    kek: name.clone(),
                    what,
                    found: found.clone(),
                    wanted: wanted.clone(),
                });
            }
        }
        Ok(Some(kek))
    }

    async fn kek_for_writing(
        &self,
        settings: &KeySettings,
    ) -> Result<KekDocument, EncryptionError> {
        if let Some(kek) = self.kek(settings).await? {
            return Ok(kek);
        }
        let missing = || EncryptionError::KekNotFound(settings.series.kek.clone());
        let request = CreateKekRequest {
            name: Some(settings.series.kek.clone()),
            kms_type: Some(settings.kms_type.clone().ok_or_else(missing)?),
            kms_key_id: Some(settings.kms_key_id.clone().ok_or_else(missing)?),
            ..CreateKekRequest::default()
        };
        let made = dek_registry::create_kek(&self.client, &request, settings.context()).await?;
        match made {
            Some(kek) => Ok(kek),
            None => self.kek(settings).await?.ok_or_else(missing),
        }
    }

    /// A new version, or what another has made of it in the meantime. It counts as new by our
    /// clock, whatever the registry's says.
    async fn made(
        &self,
        settings: &KeySettings,
        kek: &KekDocument,
        version: i32,
    ) -> Result<HeldKey, EncryptionError> {
        let series = &*settings.series;
        let own = if kek.shared {
            None // the registry makes it
        } else {
            Some(DataKey::generate(series.algorithm).map_err(|error| key(series, error))?)
        };
        let wrapped = match &own {
            None => None,
            Some(own) => Some(STANDARD.encode(self.wrapped(kek, &own.material()).await?)),
        };
        let created = dek_registry::create_dek(&self.client, series, version, wrapped).await?;
        let held = match (created, own) {
            (Some(dek), Some(own)) => HeldKey::new(own, &dek),
            (Some(dek), None) => self.opened(series, kek, &dek).await?,
            (None, _) => {
                let written = settings.written();
                let found = dek_registry::dek(&self.client, series, written, false).await?;
                let found = found.ok_or_else(|| not_found(series, written))?;
                self.opened(series, kek, &found).await?
            }
        };
        Ok(HeldKey { since: (self.config.clock)(), ..held })
    }

    /// Unwraps a key, unless the registry has done that.
    async fn opened(
        &self,
        series: &DekSeries,
        kek: &KekDocument,
        dek: &DekDocument,
    ) -> Result<HeldKey, EncryptionError> {
        let decoded = |text: &str| {
            STANDARD.decode(text).map_err(|_| EncryptionError::InvalidAnswer {
                kek: kek.name.clone(),
                reason: "a key is not base64".to_owned(),
            })
        };
        let material = match (&dek.key_material, &dek.encrypted_key_material) {
            (Some(material), _) => Zeroizing::new(decoded(material)?),
            (None, Some(wrapped)) => self.unwrapped(kek, &decoded(wrapped)?).await?,
            (None, None) => return Err(not_found(series, Version::Number(dek.version))),
        };
        let data_key = DataKey::from_material(series.algorithm, &material);
        Ok(HeldKey::new(data_key.map_err(|error| key(series, error))?, dek))
    }

    async fn wrapped(
        &self,
        kek: &KekDocument,
        material: &[u8],
    ) -> Result<Vec<u8>, EncryptionError> {
        let driver = self.driver(kek)?;
        let mut last = None;
        for key in self.kms_keys(kek) {
            match driver.wrap(&key, material).await {
                Ok(wrapped) => return Ok(wrapped),
                Err(error) => last = Some(kms_failed(kek, key.id, error)),
            }
        }
        Err(last.unwrap_or_else(|| EncryptionError::UnknownKms(kek.kms_type.clone())))
    }

    async fn unwrapped(
        &self,
        kek: &KekDocument,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, EncryptionError> {
        let driver = self.driver(kek)?;
        let mut last = None;
        for key in self.kms_keys(kek) {
            match driver.unwrap(&key, wrapped).await {
                Ok(material) => return Ok(material),
                Err(error) => last = Some(kms_failed(kek, key.id, error)),
            }
        }
        Err(last.unwrap_or_else(|| EncryptionError::UnknownKms(kek.kms_type.clone())))
    }

    fn driver(&self, kek: &KekDocument) -> Result<&dyn KmsDriver, EncryptionError> {
        let mut drivers = self.config.drivers.iter();
        let driver = drivers.find(|driver| driver.kms_type() == kek.kms_type);
        let driver = driver.ok_or_else(|| EncryptionError::UnknownKms(kek.kms_type.clone()))?;
        Ok(driver.as_ref())
    }

    /// The KEK's own key, then its alternates.
    fn kms_keys(&self, kek: &KekDocument) -> Vec<KmsKey> {
        let mut properties = self.config.properties.clone();
        let own = kek.kms_props.iter();
        properties.extend(own.map(|(name, text)| (name.clone(), Secret::from(text.as_str()))));
        let alternates = properties.get(ALTERNATE_KEY_IDS).cloned();
        let alternates = alternates.as_ref().map_or("", Secret::expose).split(',').map(str::trim);
        let ids = [kek.kms_key_id.as_str()].into_iter();
        ids.chain(alternates.filter(|id| !id.is_empty()))
            .map(|id| KmsKey { id: id.to_owned(), properties: properties.clone() })
            .collect()
    }

    fn is_expired(&self, settings: &KeySettings, since: SystemTime) -> bool {
        let age = (self.config.clock)().duration_since(since).unwrap_or_default();
        settings.expiry.is_some_and(|expiry| age > expiry)
    }
}

/// A registry that does not say when counts as one that has always had it.
fn stored_at(dek: &DekDocument) -> SystemTime {
    let ms = dek.ts.and_then(|ms| u64::try_from(ms).ok()).unwrap_or_default();
    UNIX_EPOCH + Duration::from_millis(ms)
}

fn not_found(series: &DekSeries, version: Version) -> EncryptionError {
    let DekSeries { kek, subject, algorithm } = series.clone();
    EncryptionError::DekNotFound { kek, subject, algorithm, version }
}

fn key(series: &DekSeries, error: levada_encryption::CipherError) -> EncryptionError {
    let DekSeries { kek, subject, .. } = series.clone();
    EncryptionError::Key { kek, subject, error }
}

fn kms_failed(kek: &KekDocument, key_id: String, error: kms::KmsError) -> EncryptionError {
    EncryptionError::Kms { kms_type: kek.kms_type.clone(), key_id, error }
}
