//! Data encryption keys: numbered versions for each KEK, subject and algorithm.

use std::collections::BTreeSet;

use super::keks::{KEYS_MAX, find_kek};
use super::{Registry, now_ms, scope};
use crate::keys::{Dek, DekSeries, Kek, ReadKeys, WriteKeys};
use crate::kms::new_data_key;
use crate::{
    About, InvalidVersion, Mode, Page, QualifiedSubject, RegistryError, SchemaVersion, Store,
    VersionSpec,
};

/// Longest subject with its context, in bytes.
const SUBJECT_BYTES_MAX: usize = 2_048;

/// A DEK as a client hands it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DekDraft {
    pub series: DekSeries,
    pub version: i32,
    /// Base64 of the key as the client has wrapped it; left out, a shared KEK wraps a new one.
    pub encrypted_key_material: Option<String>,
    pub is_deleted: bool,
}

/// A DEK, and its key in clear where the registry may use the KMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownDek {
    pub dek: Dek,
    /// Base64.
    pub key_material: Option<String>,
}

impl<S: Store> Registry<S> {
    /// The subjects that have DEKs of any algorithm under a KEK, in order.
    pub async fn dek_subjects(
        &self,
        kek: &str,
        deleted: bool,
        page: Page,
    ) -> Result<Vec<String>, RegistryError> {
        let mut tx = self.store.read().await?;
        find_kek(&mut tx, kek, deleted).await?;
        let deks = tx.deks(Some(kek)).await?.into_iter();
        let shown = deks.filter(|dek| deleted || !dek.is_deleted);
        let subjects: BTreeSet<String> = shown.map(|dek| dek.series.subject.to_string()).collect();
        Ok(page.cut(subjects))
    }

    /// The version numbers, ascending; none for a subject without any.
    pub async fn dek_versions(
        &self,
        series: &DekSeries,
        deleted: bool,
        page: Page,
    ) -> Result<Vec<i32>, RegistryError> {
        let mut tx = self.store.read().await?;
        check_subject(&series.subject)?;
        find_kek(&mut tx, &series.kek, deleted).await?;
        let deks = tx.dek_versions(series).await?.into_iter();
        Ok(page.cut(deks.filter(|dek| deleted || !dek.is_deleted).map(|dek| dek.version)))
    }

    pub async fn dek(
        &self,
        series: &DekSeries,
        version: VersionSpec,
        deleted: bool,
    ) -> Result<ShownDek, RegistryError> {
        let mut tx = self.store.read().await?;
        check_subject(&series.subject)?;
        let kek = find_kek(&mut tx, &series.kek, deleted).await?;
        let mut deks = tx.dek_versions(series).await?;
        deks.retain(|dek| deleted || !dek.is_deleted);
        let dek = pick(deks, version).ok_or_else(|| not_found(series))?;
        self.shown(&kek, dek)
    }

    /// Adds a DEK, or makes a soft-deleted one that is equal live again. With `rewrap` one that is
    /// there gets new material: what the client gives, or the same key wrapped anew.
    pub async fn create_dek(
        &self,
        draft: DekDraft,
        rewrap: bool,
    ) -> Result<ShownDek, RegistryError> {
        let DekDraft { series, version, encrypted_key_material: given, is_deleted } = draft;
        let subject = series.subject.to_string();
        check_subject(&series.subject)?;
        let mut tx = self.store.write().await?;
        let kek = find_kek(&mut tx, &series.kek, is_deleted).await?;
        if version < 1 {
            return Err(InvalidVersion(version.to_string()).into());
        }
        if tx.key_counts().await?.1 > KEYS_MAX {
            return Err(RegistryError::TooManyKeys(KEYS_MAX));
        }
        let old = tx.dek_versions(&series).await?.into_iter().find(|dek| dek.version == version);
        let exists = || RegistryError::KeyExists(subject.clone());
        if let Some(old) = &old
            && !rewrap
            && (old.is_deleted == is_deleted || given.as_ref() != Some(&old.encrypted_key_material))
        {
            return Err(exists());
        }
        let encrypted_key_material = match (given, &old) {
            (Some(_), Some(_)) if kek.shared => return Err(exists()),
            (Some(given), _) => given,
            (None, _) if !kek.shared => {
                return Err(RegistryError::InvalidKey("encryptedKeyMaterial"));
            }
            (None, Some(old)) => self.wrapped_key(&kek, &subject, || {
                self.kms.unwrap(&kek, &old.encrypted_key_material)
            })?,
            (None, None) => self.wrapped_key(&kek, &subject, || new_data_key(series.algorithm))?,
        };
        let importing = scope::mode_in_scope(&mut tx, &series.subject).await? == Mode::Import;
        let dek = Dek { series, version, encrypted_key_material, is_deleted, ts_ms: now_ms() };
        let shown = if importing {
            ShownDek { dek, key_material: None }
        } else {
            // Nothing is stored that could not be read again.
            self.shown(&kek, dek)?
        };
        tx.put_dek(&shown.dek).await?;
        self.commit(tx, about(&shown.dek.series, Some(shown.dek.version))).await?;
        Ok(shown)
    }

    /// Deletes one version, or all. Versions must be soft-deleted before they go for good.
    pub async fn delete_deks(
        &self,
        series: &DekSeries,
        version: Option<VersionSpec>,
        permanent: bool,
    ) -> Result<(), RegistryError> {
        let mut tx = self.store.write().await?;
        let (_, deks) = chosen(&mut tx, series, version).await?;
        if permanent && deks.iter().any(|dek| !dek.is_deleted) {
            return Err(RegistryError::KeyNotSoftDeleted(series.subject.to_string()));
        }
        for dek in deks {
            if permanent {
                tx.remove_dek(series, dek.version).await?;
            } else if !dek.is_deleted {
                tx.put_dek(&Dek { is_deleted: true, ts_ms: now_ms(), ..dek }).await?;
            }
        }
        self.commit(tx, about(series, number(version))).await?;
        Ok(())
    }

    /// Makes one version live, or all, under a KEK that is live itself.
    pub async fn undelete_deks(
        &self,
        series: &DekSeries,
        version: Option<VersionSpec>,
    ) -> Result<(), RegistryError> {
        let mut tx = self.store.write().await?;
        let (kek, deks) = chosen(&mut tx, series, version).await?;
        if kek.is_deleted {
            return Err(RegistryError::KeySoftDeleted(kek.name));
        }
        for dek in deks.into_iter().filter(|dek| dek.is_deleted) {
            tx.put_dek(&Dek { is_deleted: false, ts_ms: now_ms(), ..dek }).await?;
        }
        self.commit(tx, about(series, number(version))).await?;
        Ok(())
    }

    fn shown(&self, kek: &Kek, dek: Dek) -> Result<ShownDek, RegistryError> {
        let key_material = if kek.shared {
            let subject = dek.series.subject.to_string();
            Some(self.unwrapped_key(kek, &subject, &dek.encrypted_key_material)?)
        } else {
            None
        };
        Ok(ShownDek { dek, key_material })
    }
}

/// The KEK, soft-deleted or not, and the versions that a change is about.
async fn chosen<T: ReadKeys>(
    tx: &mut T,
    series: &DekSeries,
    version: Option<VersionSpec>,
) -> Result<(Kek, Vec<Dek>), RegistryError> {
    check_subject(&series.subject)?;
    let kek = find_kek(tx, &series.kek, true).await?;
    let deks = tx.dek_versions(series).await?;
    let deks: Vec<Dek> = match version {
        None => deks,
        Some(version) => pick(deks, version).into_iter().collect(),
    };
    if deks.is_empty() {
        return Err(not_found(series));
    }
    Ok((kek, deks))
}

fn pick(mut deks: Vec<Dek>, version: VersionSpec) -> Option<Dek> {
    match version {
        VersionSpec::Latest => deks.pop(),
        VersionSpec::Number(number) => deks.into_iter().find(|dek| dek.version == number.0),
    }
}

fn not_found(series: &DekSeries) -> RegistryError {
    RegistryError::KeyNotFound(series.subject.to_string())
}

fn about(series: &DekSeries, version: Option<i32>) -> About {
    let version = version.map(SchemaVersion);
    About { version, name: Some(series.kek.clone()), ..About::subject(&series.subject) }
}

/// The number of a version, where one is named by it.
fn number(version: Option<VersionSpec>) -> Option<i32> {
    match version {
        Some(VersionSpec::Number(number)) => Some(number.0),
        Some(VersionSpec::Latest) | None => None,
    }
}

fn check_subject(subject: &QualifiedSubject) -> Result<(), RegistryError> {
    let name = subject.to_string();
    if name.is_empty() || name.len() > SUBJECT_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(RegistryError::InvalidKey("subject"));
    }
    Ok(())
}
