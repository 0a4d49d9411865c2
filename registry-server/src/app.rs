//! What every request shares.

use std::sync::Arc;

use levada_registry_core::Registry;
use tokio::sync::Semaphore;

use crate::answers::Answers;
use crate::limits::HttpLimits;
use crate::metrics::Metrics;
use crate::server::Settings;
use crate::storage::SqlStore;

pub(crate) type AppState = Arc<App>;

/// Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) registry: Registry<SqlStore>,
    pub(crate) cluster: Arc<Cluster>,
    /// Longest request body.
    pub(crate) body_bytes_max: usize,
    pub(crate) limits: HttpLimits,
    /// How long rows of the audit are kept; with 0 there are none.
    pub(crate) audit_retention_days: u32,
    pub(crate) metrics: Arc<Metrics>,
    /// Given before, until something changes.
    pub(crate) answers: Arc<Answers>,
    /// One for each request that may be worked on now.
    pub(crate) turns: Arc<Semaphore>,
}

/// The names under `/v1/metadata/id`.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) kafka: String,
    pub(crate) registry: String,
}

impl App {
    pub(crate) fn new(registry: Registry<SqlStore>, settings: &Settings, metrics: Metrics) -> Self {
        let cluster = Cluster {
            kafka: settings.kafka_cluster_id.clone(),
            registry: settings.registry_cluster_id.clone(),
        };
        let limits = settings.http_limits;
        Self {
            registry,
            cluster: Arc::new(cluster),
            body_bytes_max: settings.body_bytes_max,
            limits,
            audit_retention_days: settings.audit_retention_days,
            metrics: Arc::new(metrics),
            answers: Arc::default(),
            turns: Arc::new(Semaphore::new(limits.requests_max.min(Semaphore::MAX_PERMITS))),
        }
    }
}
