//! A broker: its parts, how it starts and how it stops.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, SystemClock};
use crate::config::BrokerConfig;
use crate::log::LogDir;
use crate::topics::Topics;

/// The one node of every cluster.
pub(crate) const NODE_ID: i32 = 1;

/// What handlers share. Everything in it is safe to use from many connections at once.
#[derive(Debug)]
pub struct Broker {
    pub(crate) config: BrokerConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) log_dir: Arc<LogDir>,
    pub(crate) topics: Arc<Topics>,
    /// 22 characters, as Kafka's own.
    pub(crate) cluster_id: String,
    /// Where clients are told to connect.
    pub(crate) advertised: HostPort,
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

/// A broker that is to be started. Only the data directory has no default.
#[derive(Debug, Clone)]
pub struct BrokerBuilder {
    data_dir: PathBuf,
    listen: String,
    advertise: Option<HostPort>,
    config: BrokerConfig,
    clock: Arc<dyn Clock>,
}

/// Why a broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {reason}")]
    Listen { address: String, reason: String },
    #[error("cannot use data directory {path}: {reason}")]
    DataDir { path: String, reason: String },
}

/// A broker that serves. Dropping it stops abruptly; [`Self::shutdown`] is clean.
#[derive(Debug)]
pub struct RunningBroker {
    broker: Arc<Broker>,
    local_addr: SocketAddr,
}

impl Broker {
    pub fn builder() -> BrokerBuilder {
        BrokerBuilder {
            data_dir: PathBuf::from("data/log"),
            listen: "127.0.0.1:9092".to_owned(),
            advertise: None,
            config: BrokerConfig::default(),
            clock: Arc::new(SystemClock),
        }
    }
}
