//! A broker: its parts, how it starts and how it stops.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info};

use crate::clock::{Clock, SystemClock};
use crate::config::BrokerConfig;
use crate::fetch_sessions::FetchSessions;
use crate::group::{self, GroupCoordinator};
use crate::io::{Disk, MemoryDisk, RealDisk};
use crate::log::{LogDir, LogError};
use crate::metrics::{BrokerMetrics, Metrics};
use crate::net::{Listener, Peer};
use crate::open_files;
use crate::producer_ids::ProducerIds;
use crate::topics::Topics;
use crate::txn::TransactionCoordinator;

/// The one node of every cluster. Some tools take 0 for "not set".
pub(crate) const NODE_ID: i32 = 1;

const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);

/// What handlers share. Everything in it is safe to use from many connections at once.
#[derive(Debug)]
pub struct Broker {
    pub(crate) config: BrokerConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) log_dir: Arc<LogDir>,
    pub(crate) topics: Arc<Topics>,
    pub(crate) producer_ids: Arc<ProducerIds>,
    pub(crate) groups: Arc<GroupCoordinator>,
    pub(crate) transactions: Arc<TransactionCoordinator>,
    pub(crate) fetch_sessions: FetchSessions,
    pub(crate) metrics: Metrics,
    /// 22 characters, as Kafka's own.
    pub(crate) cluster_id: String,
    /// Where clients are told to connect; `None` tells each the address it has reached.
    advertised: Option<HostPort>,
    /// Every task of the broker; a stop waits for them.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the broker stops.
    pub(crate) stopping: CancellationToken,
}

/// An address as clients are told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostPort {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A broker that is to be started.
#[derive(Debug, Clone)]
pub struct BrokerBuilder {
    data_dir: PathBuf,
    storage: Storage,
    listen: String,
    advertise: Option<HostPort>,
    config: BrokerConfig,
    clock: Arc<dyn Clock>,
}

/// Where a broker's data lies.
#[derive(Debug, Clone)]
enum Storage {
    Files,
    Memory,
    #[cfg(test)]
    On(Arc<dyn Disk>),
}

impl Storage {
    fn disk(self) -> Arc<dyn Disk> {
        match self {
            Self::Files => Arc::new(RealDisk),
            Self::Memory => Arc::new(MemoryDisk::default()),
            #[cfg(test)]
            Self::On(disk) => disk,
        }
    }
}

/// Why a broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {reason}")]
    Listen { address: String, reason: io::Error },
    #[error("cannot use data directory {path}: {reason}")]
    DataDir { path: PathBuf, reason: String },
}

/// A broker that serves. Dropping it stops it as a crash would; [`Self::shutdown`] is clean.
#[derive(Debug)]
pub struct RunningBroker {
    broker: Arc<Broker>,
    local_addr: SocketAddr,
}

impl Broker {
    /// Listens on `127.0.0.1:9092` and keeps its data in `data/log`, unless told otherwise.
    pub fn builder() -> BrokerBuilder {
        BrokerBuilder {
            data_dir: PathBuf::from("data/log"),
            storage: Storage::Files,
            listen: "127.0.0.1:9092".to_owned(),
            advertise: None,
            config: BrokerConfig::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// What handlers know of the other end of `stream`.
    pub(crate) fn peer(&self, stream: &TcpStream, address: SocketAddr) -> io::Result<Peer> {
        // Replies are written whole: waiting for more to send would only delay them.
        stream.set_nodelay(true)?;
        let advertised = match &self.advertised {
            Some(advertised) => advertised.clone(),
            None => HostPort::from(stream.local_addr()?),
        };
        Ok(Peer { address, advertised, gone: self.stopping.child_token() })
    }

    fn open(builder: BrokerBuilder) -> Result<Self, StartError> {
        let begun = Instant::now();
        let BrokerBuilder { data_dir, storage, advertise, config, clock, .. } = builder;
        let failed = |reason: String| StartError::DataDir { path: data_dir.clone(), reason };
        let has_files = matches!(storage, Storage::Files);
        if has_files {
            open_files::raise_limit();
        }
        let log_dir =
            LogDir::open_on(storage.disk(), &data_dir, Arc::clone(&clock), config.log.clone())
                .map_err(|error| failed(error.to_string()))?;
        let log_dir = Arc::new(log_dir);
        if has_files {
            let segments = log_dir.partitions().iter().map(|log| log.segment_count()).sum();
            open_files::check_limit(config.limits.connections_max, segments);
        }
        let topics = Topics::open(&data_dir, Arc::clone(&log_dir), config.clone())
            .map_err(|error| failed(error.to_string()))?;
        let producer_ids = ProducerIds::open(Arc::clone(log_dir.disk()), &data_dir)
            .map_err(|error| failed(format!("producer ids: {error}")))?;
        let topics = Arc::new(topics);
        let producer_ids = Arc::new(producer_ids);
        let groups = group::open(&topics, Arc::clone(&clock), config.groups.clone())
            .map_err(|error| failed(error.to_string()))?;
        let groups = Arc::new(groups);
        let transactions = TransactionCoordinator::open(
            &topics,
            &groups,
            &producer_ids,
            Arc::clone(&clock),
            config.transactions.clone(),
        );
        let transactions = transactions.map_err(|error| failed(error.to_string()))?;
        let metrics = Metrics::default();
        metrics.recovered_in(begun.elapsed());
        Ok(Self {
            cluster_id: URL_SAFE_NO_PAD.encode(log_dir.cluster_id()),
            config,
            clock,
            log_dir,
            topics,
            producer_ids,
            groups,
            transactions: Arc::new(transactions),
            fetch_sessions: FetchSessions::default(),
            metrics,
            advertised: advertise,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        })
    }

    fn checkpoint_log(&self) -> Result<(), LogError> {
        self.log_dir.checkpoint()
    }

    fn maintain_log(&self) -> Result<(), LogError> {
        self.log_dir.maintain()?;
        self.metrics.retention_ran_at(self.clock.now_ms());
        Ok(())
    }

    /// Checkpoints every second and retention every few minutes, until the broker stops.
    async fn maintain(self: Arc<Self>) {
        let mut checkpoints = interval(CHECKPOINT_INTERVAL);
        let mut retention = interval(self.config.retention_check_interval);
        // What a slow disk or a sleeping machine has missed need not be made up for.
        for ticks in [&mut checkpoints, &mut retention] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        // The first tick is at once: recovery has left nothing to do.
        retention.tick().await;
        loop {
            let work = tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = retention.tick() => Self::maintain_log,
                _ = checkpoints.tick() => Self::checkpoint_log,
            };
            let broker = Arc::clone(&self);
            match spawn_blocking(move || work(&broker)).await {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => error!(%reason, "maintenance of the log failed"),
                Err(reason) => error!(%reason, "maintenance of the log ended in a fault"),
            }
        }
    }
}

impl Broker {
    /// Compacts the topics that ask for it, until the broker stops.
    async fn compact(self: Arc<Self>) {
        let mut rounds = interval(self.config.cleaner_backoff);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = rounds.tick() => {}
            }
            let (log_dir, stopping) = (Arc::clone(&self.log_dir), self.stopping.clone());
            let round = spawn_blocking(move || log_dir.clean(&|| stopping.is_cancelled()));
            match round.await {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => error!(%reason, "compaction failed"),
                Err(reason) => error!(%reason, "compaction ended in a fault"),
            }
        }
    }
}

impl BrokerBuilder {
    /// Made if it is missing; one broker alone may use it.
    #[must_use]
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.storage = Storage::Files;
        self.data_dir = path.into();
        self
    }

    /// Keeps everything in memory instead: it is gone with the broker. The code is the same but for
    /// the last step, so what holds here holds on a disk, except for what outlives a process.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.storage = Storage::Memory;
        // Shown by tools that ask for log directories, and in errors.
        self.data_dir = PathBuf::from("memory");
        self
    }

    /// `host:port`; port 0 takes a free one.
    #[must_use]
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen = address.into();
        self
    }

    /// Where clients are told to connect. Without it each is told the address it has reached.
    #[must_use]
    pub fn advertise(mut self, host: impl Into<String>, port: u16) -> Self {
        self.advertise = Some(HostPort { host: host.into(), port });
        self
    }

    #[must_use]
    pub fn config(mut self, config: BrokerConfig) -> Self {
        self.config = config;
        self
    }

    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Recovers the data directory, then listens. Clients are served when it returns. With files it
    /// raises the process's limit of open files as far as it may: each segment is one.
    pub async fn start(self) -> Result<RunningBroker, StartError> {
        let (listen, data_dir) = (self.listen.clone(), self.data_dir.clone());
        let opened = spawn_blocking(move || Broker::open(self)).await;
        let broker = opened.map_err(|fault| StartError::DataDir {
            path: data_dir,
            reason: format!("opening it ended in a fault of the broker: {fault}"),
        })??;
        let broker = Arc::new(broker);
        let listener = Listener::bind(&listen).await;
        let listener = listener.map_err(|reason| StartError::Listen { address: listen, reason })?;
        let local_addr = listener.local_addr();
        broker.tasks.spawn(Arc::clone(&broker).maintain());
        broker.tasks.spawn(Arc::clone(&broker).compact());
        let timers = Arc::clone(&broker.groups).run_timers(broker.stopping.clone());
        broker.tasks.spawn(timers);
        // Whoever connects finds no transaction half ended.
        broker.transactions.complete_prepared().await;
        let timers = Arc::clone(&broker.transactions).run_timers(broker.stopping.clone());
        broker.tasks.spawn(timers);
        broker.tasks.spawn(listener.run(Arc::clone(&broker)));
        info!(%local_addr, cluster_id = broker.cluster_id, "broker is ready");
        Ok(RunningBroker { broker, local_addr })
    }
}

impl RunningBroker {
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Resolves when a failed write or sync has taken the log directory offline. From then on
    /// every produce is refused (`KAFKA_STORAGE_ERROR`) and no later sync proves anything: the
    /// process should say so, stop and exit non-zero. Never resolves for a healthy broker.
    pub async fn failed(&self) -> LogError {
        self.broker.log_dir.failed().await
    }

    /// What Prometheus can be shown, for the registry of whoever runs the broker.
    pub fn metrics(&self) -> BrokerMetrics {
        BrokerMetrics::new(&self.broker)
    }

    /// 22 characters; made at the first start and kept.
    pub fn cluster_id(&self) -> &str {
        &self.broker.cluster_id
    }

    /// Lets requests in progress finish, closes every connection, flushes the logs and leaves the
    /// mark that lets the next start skip recovery.
    pub async fn shutdown(self) {
        self.broker.stopping.cancel();
        self.broker.tasks.close();
        self.broker.tasks.wait().await;
        let log_dir = Arc::clone(&self.broker.log_dir);
        match spawn_blocking(move || log_dir.close()).await {
            Ok(Ok(())) => info!("broker has stopped"),
            Ok(Err(reason)) => error!(%reason, "the log was not closed cleanly"),
            Err(reason) => error!(%reason, "closing the log ended in a fault"),
        }
    }
}

#[cfg(test)]
impl BrokerBuilder {
    pub(crate) fn disk(mut self, disk: Arc<dyn Disk>) -> Self {
        self.storage = Storage::On(disk);
        self
    }
}

#[cfg(test)]
impl RunningBroker {
    pub(crate) fn broker(&self) -> &Broker {
        &self.broker
    }
}

impl Drop for RunningBroker {
    fn drop(&mut self) {
        self.broker.stopping.cancel();
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

#[cfg(test)]
mod tests;
