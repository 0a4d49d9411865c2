//! Lists: of subjects, versions, holders of an id, and referrers.

use std::collections::BTreeSet;

use super::Registry;
use super::reads::{find_id, find_version};
use crate::{Page, QualifiedSubject, ReadTransaction, RegistryError, SchemaId, Store};
use crate::{SubjectFilter, VersionKey, VersionSpec};

/// Which entries a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletedFilter {
    Live,
    All,
    /// Wins over `All` when a client asks for both.
    OnlyDeleted,
}

impl DeletedFilter {
    pub fn new(deleted: bool, deleted_only: bool) -> Self {
        match (deleted_only, deleted) {
            (true, _) => Self::OnlyDeleted,
            (false, true) => Self::All,
            (false, false) => Self::Live,
        }
    }

    /// Whether what is deleted, or is not, is shown.
    pub(crate) fn shows(self, is_deleted: bool) -> bool {
        match self {
            Self::Live => !is_deleted,
            Self::All => true,
            Self::OnlyDeleted => is_deleted,
        }
    }
}

/// How a list of versions is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionListing {
    pub filter: DeletedFilter,
    /// All versions, the soft-deleted ones negative; wins over the filter, but not for the
    /// question whether the subject is there.
    pub deleted_as_negative: bool,
    pub page: Page,
}

impl<S: Store> Registry<S> {
    /// Names in ascending order, qualified outside the default context.
    pub async fn subjects(
        &self,
        subjects: &SubjectFilter,
        filter: DeletedFilter,
        page: Page,
    ) -> Result<Vec<QualifiedSubject>, RegistryError> {
        Ok(self.store.read().await?.subjects(subjects, filter, page).await?)
    }

    pub async fn versions(
        &self,
        subject: &QualifiedSubject,
        listing: VersionListing,
    ) -> Result<Vec<i32>, RegistryError> {
        let keys = self.store.read().await?.version_keys(subject).await?;
        // A subject whose versions are all live is there for who asks for deleted ones alone.
        if !keys.iter().any(|key| listing.filter != DeletedFilter::Live || !key.is_deleted) {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        let number = |key: VersionKey| match (listing.deleted_as_negative, key.is_deleted) {
            (true, true) => Some(-key.version.0),
            (true, false) => Some(key.version.0),
            (false, is_deleted) => listing.filter.shows(is_deleted).then_some(key.version.0),
        };
        Ok(listing.page.cut(keys.into_iter().filter_map(number)))
    }

    /// For each subject that holds an id its newest version with it.
    pub async fn holders(
        &self,
        id: SchemaId,
        subject: &QualifiedSubject,
        deleted: bool,
        page: Page,
    ) -> Result<Vec<VersionKey>, RegistryError> {
        let mut tx = self.store.read().await?;
        let found = find_id(&mut tx, id, subject).await.map_err(|error| match error {
            RegistryError::SchemaNotFound(_) => RegistryError::NoSuchSchema,
            other => other,
        })?;
        let mut holders = tx.holders(&found.subject.context, id).await?;
        holders.retain(|holder| deleted || !holder.is_deleted);
        let newest = holders.chunk_by(|a, b| a.subject == b.subject).filter_map(<[_]>::last);
        let mut newest: Vec<VersionKey> = newest.cloned().collect();
        newest.sort_by_cached_key(|key| key.subject.to_string());
        Ok(page.cut(newest))
    }

    /// The ids, ascending, of the schemas that reference a version, which may be soft-deleted.
    pub async fn referenced_by(
        &self,
        subject: &QualifiedSubject,
        version: VersionSpec,
        deleted: bool,
        page: Page,
    ) -> Result<Vec<SchemaId>, RegistryError> {
        let mut tx = self.store.read().await?;
        let target = find_version(&mut tx, subject, version, true).await?;
        let referrers = tx.referrers(&target.subject).await?;
        let ids: BTreeSet<SchemaId> = referrers
            .into_iter()
            .filter(|referrer| referrer.target == target.version)
            .filter(|referrer| deleted || !referrer.holder.is_deleted)
            .map(|referrer| referrer.holder.id)
            .collect();
        Ok(page.cut(ids))
    }
}
