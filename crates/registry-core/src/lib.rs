//! The rules of the schema registry, without a database, a socket or an HTTP status.
//!
//! A [`Registry`] answers one request with one method; each use case has its file under
//! `registry/`. Durable state sits behind [`Store`]: every use case works on one transaction, so
//! it sees one instant. Writers run one after another. The costly part of a registration, parsing
//! and comparing, happens before its write transaction; that one checks again that nothing it
//! was decided on has moved, and otherwise the registration starts over.
//!
//! Names are parsed in [`names`](QualifiedSubject), ids and versions in [`ids`](SchemaId). What a
//! subject without its own config or mode inherits is decided by the pure functions of the
//! modules `config` and `mode`.

mod associations;
mod audit;
mod config;
mod contract;
mod cpu_pool;
mod error;
mod ids;
mod keys;
mod kms;
mod memory_store;
mod mode;
mod names;
mod page;
mod parser;
mod registry;
mod stamp;
mod store;

pub use associations::{
    Association, AssociationQuery, AssociationType, Lifecycle, ReadAssociations, Resource,
    WriteAssociations,
};
pub use audit::{About, AuditEntry, Origin};
pub use config::{Config, ConfigChain, ConfigPatch, EffectiveConfig, FieldPatch};
pub use error::RegistryError;
pub use ids::{InvalidVersion, SchemaId, SchemaVersion, VersionSpec};
pub use keys::{Dek, DekSeries, Kek, ReadKeys, WriteKeys};
pub use levada_encryption::{DekAlgorithm, Secret, UnknownAlgorithm};
pub use memory_store::MemoryStore;
pub use mode::{InvalidMode, Mode, ModeChain};
pub use names::{Context, NAME_BYTES_MAX, QualifiedSubject, SubjectFilter};
pub use page::Page;
pub use registry::{
    Associated, AssociationDraft, AssociationFilter, AssociationListing, AssociationOp,
    AssociationRequest, Check, DekDraft, DeletedFilter, Draft, KekDraft, KekPatch, ListedSchema,
    RETAGGED_VERSION, RegisterOptions, Registered, Registry, Retagging, RuleChange, SchemaFormat,
    SchemaListing, ShownDek, VersionListing,
};
pub use store::{
    History, KeyQuery, ReadTransaction, Referrer, Revision, Revisions, ScopeSettings, Store,
    StoreError, StoreErrorKind, StoredSchema, StoredVersion, VersionKey, WriteTransaction,
};
