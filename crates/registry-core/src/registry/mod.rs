//! The registry: one method a request, one file a use case.

mod associations;
mod candidate;
mod compatibility;
mod config;
mod contexts;
mod deks;
mod delete;
mod keks;
mod listing;
mod logical;
mod lookup;
mod mode;
mod reads;
mod references;
mod register;
mod reserved;
mod schema_listing;
mod scope;
mod snapshot;
mod tags;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use levada_schema_core::{Contract, Limits, Reference, TagChanges};

pub use associations::{
    Associated, AssociationDraft, AssociationFilter, AssociationOp, AssociationRequest,
};
pub use compatibility::Check;
pub use deks::{DekDraft, ShownDek};
pub use keks::{KekDraft, KekPatch};
pub use listing::{DeletedFilter, VersionListing};
pub use reads::SchemaFormat;
pub use register::{RETAGGED_VERSION, RegisterOptions, Registered};
pub use schema_listing::{AssociationListing, ListedSchema, SchemaListing};
pub use tags::{Retagging, RuleChange};

use crate::cpu_pool::CpuPool;
use crate::kms::Kms;
use crate::parser::Parser;
use crate::{About, AuditEntry, Origin, Secret, Store, StoreError, WriteTransaction};

/// A schema as a client hands it in, to be registered, looked up or checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Blank counts as none.
    pub text: String,
    /// Left out it is AVRO.
    pub schema_type: Option<String>,
    pub references: Vec<Reference>,
    pub contract: Contract,
    /// Changes of the tags in the text, one after the other. With any, be they empty, the text as
    /// it was given is not looked for among the versions.
    pub tags: Vec<TagChanges>,
    /// The id that the schema must get; negative counts as none.
    pub id: Option<i32>,
    /// 0 and -1 stand for the next version; any number but 0 is written into the metadata.
    pub version: i32,
}

/// The rules over a store. Cheap to clone; clones share everything.
#[derive(Debug)]
pub struct Registry<S> {
    store: Arc<S>,
    parser: Arc<Parser>,
    kms: Arc<Kms>,
    origin: Option<Arc<Origin>>,
}

impl<S> Clone for Registry<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            parser: Arc::clone(&self.parser),
            kms: Arc::clone(&self.kms),
            origin: self.origin.clone(),
        }
    }
}

impl<S: Store> Registry<S> {
    /// `threads` parse and compare schemas, each under `limits`.
    pub fn new(store: S, limits: Limits, threads: usize) -> Result<Self, StoreError> {
        let parser = Parser::new(CpuPool::start(threads)?, limits);
        Ok(Self {
            store: Arc::new(store),
            parser: Arc::new(parser),
            kms: Arc::default(),
            origin: None,
        })
    }

    /// With the secret of the local KMS, for KEKs that have none of their own.
    #[must_use]
    pub fn with_local_kms_secret(self, secret: Option<Secret>) -> Self {
        Self { kms: Arc::new(Kms { local_secret: secret }), ..self }
    }

    /// As somebody: what is changed through it leaves a row in the audit.
    #[must_use]
    pub fn on_behalf_of(&self, origin: Origin) -> Self {
        Self { origin: Some(Arc::new(origin)), ..self.clone() }
    }

    /// Leaves a row for a change that was refused, in a transaction of its own.
    pub async fn note_refusal(&self, about: About, code: u32) -> Result<(), StoreError> {
        match self.note(about, Some(code)) {
            Some(note) => self.store.write().await?.commit(Some(&note)).await,
            None => Ok(()),
        }
    }

    async fn commit(&self, tx: S::Write, about: About) -> Result<(), StoreError> {
        tx.commit(self.note(about, None).as_ref()).await
    }

    fn note(&self, about: About, refusal: Option<u32>) -> Option<AuditEntry> {
        let origin = Origin::clone(self.origin.as_ref()?);
        Some(AuditEntry { ts_ms: now_ms(), origin, about, refusal })
    }

    pub fn store(&self) -> &S {
        &self.store
    }
}

/// Milliseconds since the epoch; a clock set before it counts as the epoch itself.
fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}
