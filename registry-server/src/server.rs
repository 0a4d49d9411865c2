//! Starting and stopping the server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use levada_registry_core::{Registry, Secret, StoreError};
use levada_schema_core::Limits;
use prometheus_client::collector::Collector;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::app::App;
use crate::connections;
use crate::http;
use crate::limits::HttpLimits;
use crate::metrics::Metrics;
use crate::storage::{Database, OpenError, SqlStore};

/// Longest request body in bytes, unless the settings say otherwise; as in the reference.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// How long rows of the audit are kept, unless the settings say otherwise.
pub const AUDIT_RETENTION_DAYS: u32 = 90;
/// How often rows of the audit that are too old are looked for.
const PURGE_INTERVAL: Duration = Duration::from_hours(1);
/// How long requests in flight may take to finish when the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(25);
/// How long closing the database may take after that.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What the server needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Where the state is kept.
    pub database: Database,
    /// `HOST:PORT`; port 0 takes a free one.
    pub listen: String,
    /// Longest request body in bytes.
    pub body_bytes_max: usize,
    /// Bounds on every schema that is parsed or compared.
    pub limits: Limits,
    /// Bounds on connections and requests.
    pub http_limits: HttpLimits,
    /// How long rows of the audit are kept; with 0 none are written.
    pub audit_retention_days: u32,
    /// Names of the Kafka cluster and of this registry, shown under `/v1/metadata/id`.
    pub kafka_cluster_id: String,
    pub registry_cluster_id: String,
    /// The secret of the local KMS, for shared KEKs that have none of their own.
    pub local_kms_secret: Option<Secret>,
    /// What else of the process `/metrics` shows.
    pub collectors: Vec<Box<dyn Collector>>,
}

impl Settings {
    pub fn new(database: impl Into<Database>, listen: impl Into<String>) -> Self {
        Self {
            database: database.into(),
            listen: listen.into(),
            body_bytes_max: BODY_BYTES_MAX,
            limits: Limits::default(),
            http_limits: HttpLimits::default(),
            audit_retention_days: AUDIT_RETENTION_DAYS,
            kafka_cluster_id: String::new(),
            registry_cluster_id: "schema-registry".to_owned(),
            local_kms_secret: None,
            collectors: Vec::new(),
        }
    }
}

/// Why the server did not start; one line for whoever started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: String, source: io::Error },
    #[error("{0}")]
    Storage(String),
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        Self::Storage(error.to_string())
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Storage(error.to_string())
    }
}

/// What went wrong while stopping. No acknowledged change is lost by it.
#[derive(Debug, thiserror::Error)]
pub enum ShutdownError {
    #[error("requests were still running after {} seconds and were cut off", DRAIN_TIMEOUT.as_secs())]
    StillBusy,
    #[error("the server failed: {0}")]
    Serve(String),
    #[error("the database was not closed cleanly: {0}")]
    Close(#[from] StoreError),
}

/// A server that answers requests until it is shut down. Dropped, it stops too, but nobody waits
/// for what is in flight.
#[derive(Debug)]
pub struct RunningRegistry {
    local_addr: SocketAddr,
    registry: Registry<SqlStore>,
    stop: DropGuard,
    serving: JoinHandle<()>,
}

/// Opens the database and serves on the address of `settings`.
pub async fn start(mut settings: Settings) -> Result<RunningRegistry, StartError> {
    let refused = |source| StartError::Listen { address: settings.listen.clone(), source };
    let store = SqlStore::open(&settings.database).await?;
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let registry = Registry::new(store, settings.limits, threads)?
        .with_local_kms_secret(settings.local_kms_secret.clone());
    let listener = TcpListener::bind(&settings.listen).await.map_err(refused)?;
    let local_addr = listener.local_addr().map_err(refused)?;
    let metrics = Metrics::new(std::mem::take(&mut settings.collectors));
    let app = Arc::new(App::new(registry.clone(), &settings, metrics));
    let (front, refusing) = (http::front(&app), http::refusing(&app));
    let stop = CancellationToken::new();
    let serving = tokio::spawn(connections::serve(
        listener,
        front,
        refusing,
        settings.http_limits,
        Arc::clone(&app.metrics),
        stop.clone(),
    ));
    tokio::spawn(
        stop.clone().run_until_cancelled_owned(purge_audit(
            registry.clone(),
            settings.audit_retention_days,
        )),
    );
    tracing::info!(address = %local_addr, "the schema registry is listening");
    Ok(RunningRegistry { local_addr, registry, stop: stop.drop_guard(), serving })
}

/// Removes what is too old from the audit, now and then.
async fn purge_audit(registry: Registry<SqlStore>, retention_days: u32) {
    let retention = Duration::from_hours(24) * retention_days;
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let before = now.saturating_sub(retention).as_millis();
        let purged = registry.store().purge_audit(i64::try_from(before).unwrap_or(i64::MAX)).await;
        if let Err(error) = purged {
            tracing::warn!(%error, "old rows of the audit could not be removed");
        }
        tokio::time::sleep(PURGE_INTERVAL).await;
    }
}

impl RunningRegistry {
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Stops accepting, waits for the requests in flight, and closes the database.
    pub async fn shutdown(mut self) -> Result<(), ShutdownError> {
        self.stop.disarm().cancel();
        let drained = match tokio::time::timeout(DRAIN_TIMEOUT, &mut self.serving).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(ShutdownError::Serve(error.to_string())),
            Err(_) => {
                self.serving.abort();
                Err(ShutdownError::StillBusy)
            }
        };
        // A request that was cut off may hold a connection for ever.
        match tokio::time::timeout(CLOSE_TIMEOUT, self.registry.store().close()).await {
            Ok(closed) => closed?,
            Err(_) => return Err(ShutdownError::StillBusy),
        }
        drained
    }
}
