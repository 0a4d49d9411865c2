//! What a client remembers: schemas for good, ids of registrations, what is missing for a while.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::latest::LatestVersions;
use super::single_flight::SingleFlight;
use super::types::{RegisteredSchema, SchemaDefinition, Submitted};
use crate::wire_format::SchemaRef;

/// How much is remembered and how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct CacheLimits {
    pub(super) schemas_max: usize,
    pub(super) latest_ttl: Duration,
    pub(super) missing_ttl: Duration,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self {
            schemas_max: 1_000,
            latest_ttl: Duration::from_mins(1),
            missing_ttl: Duration::from_secs(10),
        }
    }
}

/// One registration or lookup, with everything that decides its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Submission {
    pub(super) action: Action,
    pub(super) subject: String,
    pub(super) schema: SchemaDefinition,
    pub(super) normalize: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Register,
    Lookup,
}

/// All caches of a client, each with the flights of its requests.
#[derive(Debug)]
pub(super) struct Caches {
    limits: CacheLimits,
    /// A schema never changes once it has an id, so these never expire.
    pub(super) schemas: Cache<SchemaRef, Arc<RegisteredSchema>>,
    pub(super) schema_flights: SingleFlight<SchemaRef, Arc<RegisteredSchema>>,
    missing: Cache<SchemaRef, Instant>,
    pub(super) submissions: Cache<Submission, Submitted>,
    pub(super) submission_flights: SingleFlight<Submission, Submitted>,
    pub(super) latest: LatestVersions,
}

impl Caches {
    pub(super) fn new(limits: CacheLimits) -> Self {
        Self {
            limits,
            schemas: Cache::new(limits.schemas_max),
            schema_flights: SingleFlight::default(),
            missing: Cache::new(limits.schemas_max),
            submissions: Cache::new(limits.schemas_max),
            submission_flights: SingleFlight::default(),
            latest: LatestVersions::new(limits.schemas_max, limits.latest_ttl),
        }
    }

    /// Whether the registry said a short while ago that it has no such schema.
    pub(super) fn is_known_missing(&self, schema: SchemaRef) -> bool {
        let told = self.missing.get(&schema);
        told.is_some_and(|told| told.elapsed() < self.limits.missing_ttl)
    }

    pub(super) fn remember_missing(&self, schema: SchemaRef) {
        self.missing.insert(schema, Instant::now());
    }
}
