//! A store in memory: what tests run on, and the model that durable stores are compared with.

mod associations;
mod keys;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
#[cfg(test)]
use std::sync::atomic::{AtomicUsize, Ordering};

use levada_schema_core::{Fingerprint, Metadata};
use parking_lot::RwLock;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    Association, AuditEntry, Config, Context, Dek, DekSeries, History, Kek, Mode, QualifiedSubject,
    ReadTransaction, Referrer, Revision, Revisions,
};
use crate::{DeletedFilter, KeyQuery, Page, SubjectFilter, VersionKey};
use crate::{
    SchemaId, SchemaVersion, ScopeSettings, Store, StoreError, StoredSchema, StoredVersion,
};

/// State that is gone with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    current: Arc<RwLock<Arc<State>>>,
    writer: Arc<Mutex<()>>,
    audit: Arc<RwLock<Vec<AuditEntry>>>,
    #[cfg(test)]
    asked: Arc<Asked>,
}

/// What a store was asked, for tests of how much is.
#[cfg(test)]
#[derive(Debug, Default)]
struct Asked {
    contents: AtomicUsize,
    referrers: AtomicUsize,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// The highest id taken, by context.
    max_ids: BTreeMap<Context, i32>,
    contexts: BTreeSet<Context>,
    schemas: BTreeMap<(Context, SchemaId), Arc<StoredSchema>>,
    versions: BTreeMap<(QualifiedSubject, SchemaVersion), Held>,
    configs: BTreeMap<QualifiedSubject, Config>,
    modes: BTreeMap<QualifiedSubject, Mode>,
    keks: BTreeMap<String, Kek>,
    deks: BTreeMap<(DekSeries, i32), Dek>,
    /// By guid.
    associations: BTreeMap<String, Association>,
    revisions: BTreeMap<QualifiedSubject, Revision>,
    settings: Revision,
}

#[derive(Clone, Debug)]
struct Held {
    id: SchemaId,
    is_deleted: bool,
    ts_ms: i64,
}

/// A transaction: an instant to read, and for the one writer a copy to change.
#[derive(Debug)]
pub struct MemoryTransaction {
    state: Arc<State>,
    current: Arc<RwLock<Arc<State>>>,
    audit: Arc<RwLock<Vec<AuditEntry>>>,
    #[cfg(test)]
    asked: Arc<Asked>,
    /// Held by the writer until it commits or is dropped.
    _writer: Option<OwnedMutexGuard<()>>,
}

impl Store for MemoryStore {
    type Read = MemoryTransaction;
    type Write = MemoryTransaction;

    async fn read(&self) -> Result<MemoryTransaction, StoreError> {
        Ok(self.transaction(None))
    }

    async fn write(&self) -> Result<MemoryTransaction, StoreError> {
        let writer = Arc::clone(&self.writer).lock_owned().await;
        Ok(self.transaction(Some(writer)))
    }
}

impl MemoryStore {
    /// Every row of the audit, in the order of the changes.
    pub fn audit(&self) -> Vec<AuditEntry> {
        self.audit.read().clone()
    }

    /// How many versions were read with their contents since the last call.
    #[cfg(test)]
    pub(crate) fn take_contents_read(&self) -> usize {
        self.asked.contents.swap(0, Ordering::Relaxed)
    }

    /// How often it was asked who refers to a subject, since the last call.
    #[cfg(test)]
    pub(crate) fn take_referrers_asked(&self) -> usize {
        self.asked.referrers.swap(0, Ordering::Relaxed)
    }

    fn transaction(&self, writer: Option<OwnedMutexGuard<()>>) -> MemoryTransaction {
        MemoryTransaction {
            state: Arc::clone(&self.current.read()),
            current: Arc::clone(&self.current),
            audit: Arc::clone(&self.audit),
            #[cfg(test)]
            asked: Arc::clone(&self.asked),
            _writer: writer,
        }
    }
}

impl State {
    fn version(
        &self,
        (subject, version): &(QualifiedSubject, SchemaVersion),
    ) -> Option<StoredVersion> {
        let held = self.versions.get(&(subject.clone(), *version))?;
        let schema = self.schemas.get(&(subject.context.clone(), held.id))?;
        Some(StoredVersion {
            subject: subject.clone(),
            version: *version,
            is_deleted: held.is_deleted,
            ts_ms: held.ts_ms,
            schema: Arc::clone(schema),
        })
    }

    fn keys(&self, shown: impl Fn(&QualifiedSubject, &Held) -> bool) -> Vec<VersionKey> {
        self.versions
            .iter()
            .filter(|((subject, _), held)| shown(subject, held))
            .map(|((subject, version), held)| VersionKey {
                subject: subject.clone(),
                version: *version,
                id: held.id,
                is_deleted: held.is_deleted,
            })
            .collect()
    }

    fn touch(&mut self, subject: &QualifiedSubject) {
        self.revisions.entry(subject.clone()).or_default().0 += 1;
    }
}

impl ReadTransaction for MemoryTransaction {
    async fn versions(
        &mut self,
        subject: &QualifiedSubject,
        deleted: bool,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let keys = self.state.keys(|owner, held| owner == subject && (deleted || !held.is_deleted));
        Ok(self.contents(keys))
    }

    async fn history(&mut self, subject: &QualifiedSubject) -> Result<History, StoreError> {
        let keys = self.version_keys(subject).await?;
        let live = keys.iter().filter(|key| !key.is_deleted).cloned().collect();
        Ok(History { keys, live: self.contents(live) })
    }

    async fn version_metadata(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Vec<(VersionKey, Option<Metadata>)>, StoreError> {
        let metadata = |key: VersionKey| {
            let schema = self.state.schemas.get(&(key.subject.context.clone(), key.id))?;
            Some((key, schema.contract.metadata.clone()))
        };
        let keys = self.state.keys(|owner, _| owner == subject);
        Ok(keys.into_iter().filter_map(metadata).collect())
    }

    async fn version(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
    ) -> Result<Option<StoredVersion>, StoreError> {
        Ok(self.content(&(subject.clone(), version)))
    }

    async fn latest_version(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Option<StoredVersion>, StoreError> {
        let keys = self.state.keys(|owner, held| owner == subject && !held.is_deleted);
        let latest = keys.into_iter().next_back();
        Ok(latest.and_then(|key| self.content(&(key.subject, key.version))))
    }

    async fn version_keys(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Vec<VersionKey>, StoreError> {
        Ok(self.state.keys(|owner, _| owner == subject))
    }

    async fn key_page(&mut self, query: KeyQuery<'_>) -> Result<Vec<VersionKey>, StoreError> {
        let KeyQuery { subjects, after, deleted, latest_only, limit } = query;
        let mut keys = self
            .state
            .keys(|subject, held| subjects.matches(subject) && (deleted || !held.is_deleted));
        if latest_only {
            let newest = keys.chunk_by(|a, b| a.subject == b.subject).filter_map(<[_]>::last);
            keys = newest.cloned().collect();
        }
        let after = after.map(|(subject, version)| (subject.to_string(), version));
        let place = |key: &VersionKey| (key.subject.to_string(), key.version);
        keys.retain(|key| after.as_ref().is_none_or(|after| place(key) > *after));
        keys.sort_by_cached_key(place);
        keys.truncate(limit);
        Ok(keys)
    }

    async fn subjects(
        &mut self,
        filter: &SubjectFilter,
        shown: DeletedFilter,
        page: Page,
    ) -> Result<Vec<QualifiedSubject>, StoreError> {
        let keys = self.state.keys(|subject, _| filter.matches(subject));
        let mut subjects: Vec<_> = keys
            .chunk_by(|a, b| a.subject == b.subject)
            .filter(|versions| shown.shows(versions.iter().all(|version| version.is_deleted)))
            .filter_map(|versions| Some(versions.first()?.subject.clone()))
            .collect();
        subjects.sort_by_cached_key(ToString::to_string);
        Ok(page.cut(subjects))
    }

    async fn contexts(&mut self) -> Result<Vec<Context>, StoreError> {
        Ok(self.state.contexts.iter().cloned().collect())
    }

    async fn schema(
        &mut self,
        context: &Context,
        id: SchemaId,
    ) -> Result<Option<StoredSchema>, StoreError> {
        let schema = self.state.schemas.get(&(context.clone(), id));
        Ok(schema.map(|schema| StoredSchema::clone(schema)))
    }

    async fn holder(
        &mut self,
        context: &Context,
        id: SchemaId,
        subject: Option<&str>,
    ) -> Result<Option<StoredVersion>, StoreError> {
        let mut holders = self.holders(context, id).await?;
        holders.retain(|holder| subject.is_none_or(|subject| holder.subject.subject == subject));
        let chosen = match subject {
            Some(_) => holders.pop(),
            None => holders.into_iter().min_by_key(|holder| holder.is_deleted),
        };
        Ok(chosen.and_then(|key| self.content(&(key.subject, key.version))))
    }

    async fn holders(
        &mut self,
        context: &Context,
        id: SchemaId,
    ) -> Result<Vec<VersionKey>, StoreError> {
        Ok(self.state.keys(|subject, held| subject.context == *context && held.id == id))
    }

    async fn ids_of(
        &mut self,
        fingerprint: Fingerprint,
    ) -> Result<Vec<(Context, SchemaId)>, StoreError> {
        let found =
            self.state.schemas.iter().filter(|(_, schema)| schema.fingerprint == fingerprint);
        Ok(found.map(|(key, _)| key.clone()).collect())
    }

    async fn referrers(&mut self, subject: &QualifiedSubject) -> Result<Vec<Referrer>, StoreError> {
        #[cfg(test)]
        self.asked.referrers.fetch_add(1, Ordering::Relaxed);
        let mut referrers = Vec::new();
        for holder in self.state.keys(|_, _| true) {
            let home = &holder.subject.context;
            let Some(schema) = self.state.schemas.get(&(home.clone(), holder.id)) else { continue };
            let targets: BTreeSet<i32> = schema
                .references
                .iter()
                .filter(|to| QualifiedSubject::parse_within(&to.subject, home) == *subject)
                .map(|to| to.version)
                .collect();
            referrers.extend(
                targets.into_iter().map(|target| Referrer {
                    holder: holder.clone(),
                    target: SchemaVersion(target),
                }),
            );
        }
        Ok(referrers)
    }

    async fn max_id(&mut self, context: &Context) -> Result<Option<SchemaId>, StoreError> {
        Ok(self.state.max_ids.get(context).copied().map(SchemaId))
    }

    async fn config(&mut self, scope: &QualifiedSubject) -> Result<Option<Config>, StoreError> {
        Ok(self.state.configs.get(scope).cloned())
    }

    async fn configs(
        &mut self,
        filter: &SubjectFilter,
    ) -> Result<Vec<(QualifiedSubject, Config)>, StoreError> {
        let configs = self.state.configs.iter().filter(|(scope, _)| filter.matches(scope));
        Ok(configs.map(|(scope, config)| (scope.clone(), config.clone())).collect())
    }

    async fn mode(&mut self, scope: &QualifiedSubject) -> Result<Option<Mode>, StoreError> {
        Ok(self.state.modes.get(scope).copied())
    }

    async fn settings(&mut self, scope: &QualifiedSubject) -> Result<ScopeSettings, StoreError> {
        let config = |scope: &QualifiedSubject| self.state.configs.get(scope).cloned();
        let mode = |scope: &QualifiedSubject| self.state.modes.get(scope).copied();
        Ok(ScopeSettings::along_the_way(scope, config, mode))
    }

    async fn revisions(&mut self, subject: &QualifiedSubject) -> Result<Revisions, StoreError> {
        Ok(Revisions {
            subject: self.state.revisions.get(subject).copied().unwrap_or_default(),
            settings: self.state.settings,
        })
    }
}

impl MemoryTransaction {
    fn content(&self, key: &(QualifiedSubject, SchemaVersion)) -> Option<StoredVersion> {
        #[cfg(test)]
        self.asked.contents.fetch_add(1, Ordering::Relaxed);
        self.state.version(key)
    }

    fn contents(&self, keys: Vec<VersionKey>) -> Vec<StoredVersion> {
        keys.into_iter().filter_map(|key| self.content(&(key.subject, key.version))).collect()
    }

    fn change(&mut self) -> &mut State {
        Arc::make_mut(&mut self.state)
    }
}
