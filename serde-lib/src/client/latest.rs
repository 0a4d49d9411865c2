//! Latest versions of subjects: remembered, and asked for again behind the back of who looks them up.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::single_flight::{Flight, SingleFlight};
use super::types::{SubjectVersion, Version};
use super::{Inner, RegistryClient, check_subject};
use crate::Error;

/// How long a version that could not be asked for again counts on before the next attempt.
const POSTPONED_BY: Duration = Duration::from_secs(10);

/// What is remembered of the latest versions, and the requests for them.
pub(super) struct LatestVersions {
    ttl: Duration,
    known: Cache<String, Latest>,
    flights: SingleFlight<String, Arc<SubjectVersion>>,
    /// How often something happened that answers on their way may not know of.
    changes: AtomicU64,
}

impl fmt::Debug for LatestVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LatestVersions").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Latest {
    version: Arc<SubjectVersion>,
    /// It is asked for again when `counts_for` has passed since then.
    since: Instant,
    counts_for: Duration,
    /// Why the last request for it failed, if it did.
    failure: Option<Error>,
}

impl LatestVersions {
    pub(super) fn new(count_max: usize, ttl: Duration) -> Self {
        let (flights, changes) = (SingleFlight::default(), AtomicU64::new(0));
        Self { ttl, known: Cache::new(count_max), flights, changes }
    }

    /// What is known of a subject from now on is asked for from now on.
    pub(super) fn forget(&self, subject: &str) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.known.remove(subject);
    }

    /// Takes an answer to a request that was made when `changes` was this.
    fn remember(&self, version: &Arc<SubjectVersion>, changes: u64) {
        if self.ttl.is_zero() {
            return;
        }
        let latest = Latest {
            version: Arc::clone(version),
            since: Instant::now(),
            counts_for: self.ttl,
            failure: None,
        };
        self.known.insert(version.subject.clone(), latest);
        // Only now: whoever changes something from here on takes the answer out himself.
        if self.changes.load(Ordering::SeqCst) != changes {
            self.known.remove(&version.subject);
        }
    }

    /// Lets what is known count on for a while.
    fn postpone(&self, subject: &str, error: &Error) {
        if let Some(known) = self.known.get(subject) {
            let (since, failure) = (Instant::now(), Some(error.clone()));
            let latest = Latest { since, counts_for: POSTPONED_BY, failure, ..known };
            self.known.insert(subject.to_owned(), latest);
        }
    }
}

impl RegistryClient {
    /// The latest version as the registry has it now, whatever is remembered; it is remembered from
    /// then on.
    pub async fn refreshed_latest(&self, subject: &str) -> Result<Arc<SubjectVersion>, Error> {
        check_subject(subject)?;
        // A request on its way may have been answered before this call.
        self.inner.caches.latest.changes.fetch_add(1, Ordering::SeqCst);
        self.inner.fetch_latest(subject).await
    }

    /// Why [`Self::version`] answers a latest version that is older than
    /// [`RegistryClientBuilder::latest_ttl`](super::RegistryClientBuilder::latest_ttl): no registry
    /// answered when it was last asked for. It is asked for again ten seconds later at the earliest.
    pub fn refresh_failure(&self, subject: &str) -> Option<Error> {
        self.inner.caches.latest.known.get(subject)?.failure
    }

    pub(super) async fn latest(&self, subject: &str) -> Result<Arc<SubjectVersion>, Error> {
        if let Some(known) = self.inner.caches.latest.known.get(subject) {
            if known.since.elapsed() >= known.counts_for {
                drop(self.refresh(subject)); // it goes on by itself
            }
            return Ok(known.version);
        }
        match self.refresh(subject).await {
            Err(error) if error.is_retriable() => {
                self.inner.bundle.latest(subject).map(Arc::new).ok_or(error)
            }
            asked => asked,
        }
    }

    fn refresh(&self, subject: &str) -> Flight<Arc<SubjectVersion>> {
        let request = || {
            let (inner, subject) = (Arc::clone(&self.inner), subject.to_owned());
            async move { inner.fetch_latest(&subject).await }
        };
        self.inner.caches.latest.flights.join(subject.to_owned(), request)
    }
}

impl Inner {
    async fn fetch_latest(&self, subject: &str) -> Result<Arc<SubjectVersion>, Error> {
        let latest = &self.caches.latest;
        let changes = latest.changes.load(Ordering::SeqCst);
        let fetched = self.fetch_version(subject, Version::Latest).await.map(Arc::new);
        match &fetched {
            Ok(version) => latest.remember(version, changes),
            Err(error) if error.is_retriable() => latest.postpone(subject, error),
            // Such as a subject that was deleted: who looks it up next is told so.
            Err(_) => drop(latest.known.remove(subject)),
        }
        fetched
    }
}

#[cfg(test)]
mod tests {
    use levada_schema_core::SchemaType;

    use super::super::types::RegisteredSchema;
    use super::*;

    #[test]
    fn answer_that_was_on_its_way_when_something_changed_is_not_remembered() {
        let schema = RegisteredSchema {
            schema_type: SchemaType::Avro,
            text: "\"int\"".to_owned(),
            references: Vec::new(),
            guid: None,
            contract: Arc::default(),
        };
        let version = SubjectVersion { subject: "s".to_owned(), version: 1, id: 1, schema };
        let (version, latest) = (Arc::new(version), LatestVersions::new(9, Duration::MAX));
        let is_known = || latest.known.get("s").is_some();
        latest.remember(&version, 0);
        assert!(is_known());
        latest.forget("s");
        assert!(!is_known());
        latest.remember(&version, 0);
        assert!(!is_known());
        latest.remember(&version, 1);
        assert!(is_known());
    }
}
