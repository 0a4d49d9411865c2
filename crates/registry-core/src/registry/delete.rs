//! Deletion of versions and subjects, soft and permanent.

use std::collections::HashSet;

use super::associations::check_unassociated;
use super::{Registry, now_ms, scope};
use crate::{About, Context, QualifiedSubject, ReadTransaction, Referrer, RegistryError, SchemaId};
use crate::{SchemaVersion, Store, VersionKey, VersionSpec, WriteTransaction};

impl<S: Store> Registry<S> {
    /// Deletes every version of a subject and answers their numbers: the live ones for a soft
    /// deletion, all for a permanent one.
    pub async fn delete_subject(
        &self,
        subject: &QualifiedSubject,
        permanent: bool,
    ) -> Result<Vec<SchemaVersion>, RegistryError> {
        let mut tx = self.store.write().await?;
        let keys = tx.version_keys(subject).await?;
        if keys.is_empty() {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        let has_live = keys.iter().any(|key| !key.is_deleted);
        if !permanent && !has_live {
            return Err(RegistryError::SubjectSoftDeleted(subject.clone()));
        }
        scope::check_writable(&mut tx, subject).await?;
        check_unassociated(&mut tx, subject, RegistryError::SubjectAssociated).await?;
        let deleted: Vec<&VersionKey> =
            keys.iter().filter(|key| permanent || !key.is_deleted).collect();
        // Versions that refer to each other go together.
        let mut referrers = tx.referrers(subject).await?;
        referrers.retain(|referrer| referrer.holder.subject != *subject);
        for key in &deleted {
            check_unreferenced(&referrers, key, permanent)?;
        }
        if permanent && has_live {
            return Err(RegistryError::SubjectNotSoftDeleted(subject.clone()));
        }
        if permanent {
            remove_all(&mut tx, &keys).await?;
            forget_settings(&mut tx, subject).await?;
        } else {
            let now = now_ms();
            for key in &deleted {
                tx.soft_delete(subject, key.version, now).await?;
            }
        }
        let numbers = deleted.iter().map(|key| key.version).collect();
        self.commit(tx, About::subject(subject)).await?;
        Ok(numbers)
    }

    /// Deletes one version and answers its number.
    pub async fn delete_version(
        &self,
        subject: &QualifiedSubject,
        version: VersionSpec,
        permanent: bool,
    ) -> Result<SchemaVersion, RegistryError> {
        let mut tx = self.store.write().await?;
        let keys = tx.version_keys(subject).await?;
        let found = match version {
            VersionSpec::Latest => keys.iter().rfind(|key| !key.is_deleted),
            VersionSpec::Number(number) => keys.iter().find(|key| key.version == number),
        };
        let Some(key) = found else {
            return Err(if keys.is_empty() {
                RegistryError::SubjectNotFound(subject.clone())
            } else {
                RegistryError::VersionNotFound(version)
            });
        };
        if key.is_deleted && !permanent {
            return Err(RegistryError::VersionSoftDeleted(subject.clone(), key.version));
        }
        scope::check_writable(&mut tx, subject).await?;
        let is_last = keys.iter().filter(|key| !key.is_deleted).count() == 1;
        if is_last && !permanent {
            check_unassociated(&mut tx, subject, RegistryError::LastVersionAssociated).await?;
        }
        check_unreferenced(&tx.referrers(subject).await?, key, permanent)?;
        if permanent && !key.is_deleted {
            return Err(RegistryError::VersionNotSoftDeleted(subject.clone(), key.version));
        }
        if permanent {
            remove_all(&mut tx, std::slice::from_ref(key)).await?;
            if keys.len() == 1 {
                forget_settings(&mut tx, subject).await?;
            }
        } else {
            tx.soft_delete(subject, key.version, now_ms()).await?;
        }
        let version = key.version;
        self.commit(tx, About::subject(subject).version(version)).await?;
        Ok(version)
    }
}

/// Removes all versions of a subject and what is set on it, unless something references it.
pub(super) async fn erase_subject<T: WriteTransaction>(
    tx: &mut T,
    subject: &QualifiedSubject,
) -> Result<(), RegistryError> {
    let keys = tx.version_keys(subject).await?;
    check_unreferenced_from_outside(tx, &keys).await?;
    remove_all(tx, &keys).await?;
    forget_settings(tx, subject).await
}

/// A soft deletion is stopped by live referrers, a permanent one by any.
pub(super) fn check_unreferenced(
    referrers: &[Referrer],
    key: &VersionKey,
    permanent: bool,
) -> Result<(), RegistryError> {
    let blocks = |referrer: &&Referrer| {
        referrer.target == key.version && (permanent || !referrer.holder.is_deleted)
    };
    match referrers.iter().find(blocks) {
        Some(_) => Err(RegistryError::ReferenceExists(key.subject.clone(), key.version)),
        None => Ok(()),
    }
}

/// Removes versions, and the contents that no other version holds.
pub(super) async fn remove_all<T: WriteTransaction>(
    tx: &mut T,
    keys: &[VersionKey],
) -> Result<(), RegistryError> {
    for key in keys {
        tx.remove_version(&key.subject, key.version).await?;
        release(tx, &key.subject.context, key.id).await?;
    }
    Ok(())
}

/// Removes a content unless a version holds it.
pub(super) async fn release<T: WriteTransaction>(
    tx: &mut T,
    context: &Context,
    id: SchemaId,
) -> Result<(), RegistryError> {
    if tx.holder(context, id, None).await?.is_none() {
        tx.remove_schema(context, id).await?;
    }
    Ok(())
}

/// The config and the mode of a subject go with its last version.
async fn forget_settings<T: WriteTransaction>(
    tx: &mut T,
    subject: &QualifiedSubject,
) -> Result<(), RegistryError> {
    if !subject.is_context() {
        tx.put_config(subject, None).await?;
        tx.put_mode(subject, None).await?;
    }
    Ok(())
}

/// Refuses if anything outside `keys`, which are ordered by subject, references one of them.
pub(super) async fn check_unreferenced_from_outside<T: ReadTransaction>(
    tx: &mut T,
    keys: &[VersionKey],
) -> Result<(), RegistryError> {
    let inside: HashSet<&VersionKey> = keys.iter().collect();
    for versions in keys.chunk_by(|a, b| a.subject == b.subject) {
        let Some(VersionKey { subject, .. }) = versions.first() else { continue };
        let mut referrers = tx.referrers(subject).await?;
        referrers.retain(|referrer| !inside.contains(&referrer.holder));
        for key in versions {
            check_unreferenced(&referrers, key, true)?;
        }
    }
    Ok(())
}
