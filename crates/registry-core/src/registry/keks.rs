//! Key encryption keys.

use std::collections::{BTreeMap, BTreeSet};

use levada_encryption::Zeroizing;

use super::{Registry, now_ms};
use crate::keys::{Kek, ReadKeys, WriteKeys};
use crate::kms::{encode, new_data_key};
use crate::names::is_plain_name;
use crate::{About, DekAlgorithm, FieldPatch, Page, RegistryError, Store};

/// Most keys of a kind.
pub(super) const KEYS_MAX: usize = 20_000;
/// What the ids of the known services start with.
const KEY_ID_STARTS: [(&str, &[&str]); 4] = [
    ("aws-kms", &["arn:aws:kms:"]),
    ("azure-kms", &["https://"]),
    ("gcp-kms", &["projects/"]),
    ("hcvault", &["https://", "http://"]),
];

/// A KEK as a client hands it in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KekDraft {
    pub name: String,
    pub kms_type: Option<String>,
    pub kms_key_id: Option<String>,
    pub kms_props: BTreeMap<String, String>,
    pub doc: Option<String>,
    pub shared: bool,
    pub is_deleted: bool,
}

/// An update of a KEK.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KekPatch {
    pub kms_props: FieldPatch<BTreeMap<String, String>>,
    pub doc: FieldPatch<String>,
    pub shared: FieldPatch<bool>,
}

impl<S: Store> Registry<S> {
    /// The names of the KEKs; with `prefixes`, of those that have a DEK of a subject with one.
    pub async fn kek_names(
        &self,
        prefixes: &[String],
        deleted: bool,
        page: Page,
    ) -> Result<Vec<String>, RegistryError> {
        let mut tx = self.store.read().await?;
        let names: BTreeSet<String> = if prefixes.is_empty() {
            let keks = tx.keks().await?.into_iter();
            keks.filter(|kek| deleted || !kek.is_deleted).map(|kek| kek.name).collect()
        } else {
            let deks = tx.deks(None).await?.into_iter();
            deks.filter(|dek| deleted || !dek.is_deleted)
                .filter(|dek| {
                    let subject = dek.series.subject.to_string();
                    prefixes.iter().any(|prefix| subject.starts_with(prefix))
                })
                .map(|dek| dek.series.kek)
                .collect()
        };
        Ok(page.cut(names))
    }

    pub async fn kek(&self, name: &str, deleted: bool) -> Result<Kek, RegistryError> {
        find_kek(&mut self.store.read().await?, name, deleted).await
    }

    /// Adds a KEK, or makes a soft-deleted one that is equal live again. With `test` a shared one
    /// is tried first.
    pub async fn create_kek(&self, draft: KekDraft, test: bool) -> Result<Kek, RegistryError> {
        let kek = draft.into_kek()?;
        if test && kek.shared {
            self.try_kek(&kek)?;
        }
        let mut tx = self.store.write().await?;
        if tx.key_counts().await?.0 > KEYS_MAX {
            return Err(RegistryError::TooManyKeys(KEYS_MAX));
        }
        if let Some(old) = tx.kek(&kek.name).await?
            && (old.is_deleted == kek.is_deleted || !old.is_equivalent(&kek))
        {
            return Err(RegistryError::KeyExists(kek.name));
        }
        tx.put_kek(&kek).await?;
        self.commit(tx, About::name(&kek.name)).await?;
        Ok(kek)
    }

    /// Changes a live KEK. With `test` one that is or becomes shared is tried first.
    pub async fn update_kek(
        &self,
        name: &str,
        patch: KekPatch,
        test: bool,
    ) -> Result<Kek, RegistryError> {
        let mut tx = self.store.write().await?;
        let old = find_kek(&mut tx, name, false).await?;
        let kek = Kek {
            kms_props: patch.kms_props.over(old.kms_props.clone(), BTreeMap::new()),
            doc: match patch.doc {
                FieldPatch::Keep => old.doc.clone(),
                FieldPatch::Clear => None,
                FieldPatch::Set(doc) => Some(doc),
            },
            shared: patch.shared.over(old.shared, false),
            ts_ms: now_ms(),
            ..old.clone()
        };
        if test && kek.shared {
            self.try_kek(&kek)?;
        }
        if kek.is_equivalent(&old) {
            return Ok(old);
        }
        tx.put_kek(&kek).await?;
        self.commit(tx, About::name(name)).await?;
        Ok(kek)
    }

    /// Deletes a KEK that no DEK needs: no live one for a soft deletion, none at all for good.
    pub async fn delete_kek(&self, name: &str, permanent: bool) -> Result<(), RegistryError> {
        let mut tx = self.store.write().await?;
        let kek = find_kek(&mut tx, name, true).await?;
        let deks = tx.deks(Some(name)).await?;
        if deks.iter().any(|dek| permanent || !dek.is_deleted) {
            return Err(RegistryError::KeyReferenced(name.to_owned()));
        }
        match (permanent, kek.is_deleted) {
            (true, true) => tx.remove_kek(name).await?,
            (true, false) => return Err(RegistryError::KeyNotSoftDeleted(name.to_owned())),
            (false, true) => return Ok(()),
            (false, false) => {
                tx.put_kek(&Kek { is_deleted: true, ts_ms: now_ms(), ..kek }).await?;
            }
        }
        self.commit(tx, About::name(name)).await?;
        Ok(())
    }

    /// Makes a soft-deleted KEK live; one that is live stays so.
    pub async fn undelete_kek(&self, name: &str) -> Result<(), RegistryError> {
        let mut tx = self.store.write().await?;
        let kek = find_kek(&mut tx, name, true).await?;
        if kek.is_deleted {
            tx.put_kek(&Kek { is_deleted: false, ts_ms: now_ms(), ..kek }).await?;
            self.commit(tx, About::name(name)).await?;
        }
        Ok(())
    }

    /// Whether a shared KEK can wrap a key.
    pub async fn test_kek(&self, name: &str) -> Result<Kek, RegistryError> {
        let kek = self.kek(name, false).await?;
        if !kek.shared {
            return Err(RegistryError::InvalidKey("shared"));
        }
        self.try_kek(&kek)?;
        Ok(kek)
    }

    fn try_kek(&self, kek: &Kek) -> Result<(), RegistryError> {
        let wrapped =
            new_data_key(DekAlgorithm::default()).and_then(|key| self.kms.wrap(kek, &key));
        wrapped.map(drop).map_err(|error| {
            RegistryError::KeyGeneration(format!("Could not use the kek {}: {error}", kek.name))
        })
    }

    /// A new key or `raw`, wrapped; and in clear.
    pub(super) fn wrapped_key(
        &self,
        kek: &Kek,
        subject: &str,
        raw: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, crate::kms::KmsError>,
    ) -> Result<String, RegistryError> {
        raw().and_then(|raw| self.kms.wrap(kek, &raw)).map_err(|error| {
            let message = format!("Could not generate encrypted dek for {subject}: {error}");
            RegistryError::KeyGeneration(message)
        })
    }

    /// Base64 of the key in clear.
    pub(super) fn unwrapped_key(
        &self,
        kek: &Kek,
        subject: &str,
        wrapped: &str,
    ) -> Result<String, RegistryError> {
        let raw = self.kms.unwrap(kek, wrapped).map_err(|error| {
            RegistryError::KeyGeneration(format!(
                "Could not generate raw dek for {subject}: {error}"
            ))
        })?;
        Ok(encode(&raw))
    }
}

pub(super) async fn find_kek<T: ReadKeys>(
    tx: &mut T,
    name: &str,
    deleted: bool,
) -> Result<Kek, RegistryError> {
    if !is_plain_name(name) {
        return Err(RegistryError::InvalidKey("name"));
    }
    let kek = tx.kek(name).await?.filter(|kek| deleted || !kek.is_deleted);
    kek.ok_or_else(|| RegistryError::KeyNotFound(name.to_owned()))
}

impl KekDraft {
    fn into_kek(self) -> Result<Kek, RegistryError> {
        if !is_plain_name(&self.name) {
            return Err(RegistryError::InvalidKey("name"));
        }
        let kms_key_id = self.kms_key_id.filter(|id| !id.is_empty());
        let kms_key_id = kms_key_id.ok_or(RegistryError::InvalidKey("kmsKeyId"))?;
        let kms_type = self.kms_type.filter(|name| !name.is_empty());
        let kms_type = kms_type.ok_or(RegistryError::InvalidKey("kmsType"))?;
        let starts = KEY_ID_STARTS.iter().find(|(known, _)| *known == kms_type);
        if starts.is_some_and(|(_, starts)| !starts.iter().any(|s| kms_key_id.starts_with(s))) {
            return Err(RegistryError::InvalidKey("kmsKeyId"));
        }
        Ok(Kek {
            name: self.name,
            kms_type: normalized_type(kms_type),
            kms_key_id,
            kms_props: self.kms_props,
            doc: self.doc,
            shared: self.shared,
            is_deleted: self.is_deleted,
            ts_ms: now_ms(),
        })
    }
}

/// The clouds are known by any name that starts like theirs.
fn normalized_type(kms_type: String) -> String {
    let lower = kms_type.to_lowercase();
    let cloud = ["aws", "azure", "gcp"].into_iter().find(|cloud| lower.starts_with(cloud));
    cloud.map_or(kms_type, |cloud| format!("{cloud}-kms"))
}
