//! A Kafka broker and a schema registry inside the tests of other programs.
//!
//! No Docker, no Java, nothing to install, no port to choose: each test starts servers of its own in
//! its own process and points the program under test at them.
//!
//! ```no_run
//! # async fn test() -> Result<(), levada_testing::StartError> {
//! use levada_testing::Levada;
//!
//! let levada = Levada::start().await?;
//! println!("bootstrap.servers = {}", levada.bootstrap()); // 127.0.0.1:40123
//! println!("schema.registry.url = {}", levada.registry_url()); // http://127.0.0.1:40124
//! // … the program under test, with any Kafka client of any language …
//! levada.shutdown().await; // or just dropped: both servers stop
//! # Ok(())
//! # }
//! ```
//!
//! `examples/shop.rs` is a program that writes and reads Avro with rdkafka and `levada-serde`, and
//! the test of it.
//!
//! **What runs.** The broker and the registry of the `levada` binary, not imitations of them: a
//! schema that may not follow the one before is refused, a fenced producer is fenced, groups
//! rebalance, a transaction commits everywhere or nowhere. Records lie in memory, schemas in `SQLite`
//! in a temporary folder (in `/dev/shm`, where there is one); both are gone with the [`Levada`].
//!
//! **What differs** from `levada serve`: the first member of a classic group need not wait three
//! seconds for others, and the registry keeps no audit.
//!
//! **Many at a time.** Tests that run side by side start one each and share nothing, so they can use
//! the same names of topics, groups and subjects. Topics are made when they are first written to, with
//! one partition, as clients may ask for; make others with the client's own admin calls.
//!
//! **A registry that fails**: [`MockRegistry`] is the registry alone, and answers 503, late or half
//! when a test orders it.
//!
//! **A registry by configuration**: [`registry_url`] makes a URL of `mock://scope`, with one registry a
//! scope.
//!
//! **The broker alone**: `levada_log_broker::Broker::builder().in_memory().listen("127.0.0.1:0")`, or
//! `.data_dir(…)` for what has to outlive a broker; its settings and its clock can be chosen there.
//!
//! The servers have a thread of their own, so a test may block its thread, with any Kafka client;
//! [`Levada::start_blocking`] is for tests without async.

mod mock_registry;
mod scopes;
mod servers;

pub use mock_registry::MockRegistry;
pub use scopes::registry_url;
use servers::{Addresses, Servers};

/// A broker and a registry that serve. Dropped, both stop as in a crash; [`Self::shutdown`] lets
/// requests in progress finish.
#[derive(Debug)]
pub struct Levada {
    addresses: Addresses,
    servers: Servers,
}

/// Why the servers did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("no thread for the servers: {0}")]
    Thread(std::io::Error),
    #[error("no temporary folder for the registry: {0}")]
    Folder(std::io::Error),
    #[error("the broker: {0}")]
    Broker(#[from] levada_log_broker::StartError),
    #[error("the door before the registry: {0}")]
    Door(std::io::Error),
    #[error("the registry: {0}")]
    Registry(#[from] levada_registry_server::StartError),
    #[error("the thread of the servers ended in a fault; its panic message says why")]
    Fault,
}

impl Levada {
    /// Starts both on free ports of 127.0.0.1. Clients are served when it returns.
    pub async fn start() -> Result<Self, StartError> {
        let (servers, ready) = Servers::begin()?;
        let addresses = ready.await.map_err(|_| StartError::Fault)??;
        Ok(Self { addresses, servers })
    }

    /// As [`Self::start`], for tests without async; within them it panics, as all that blocks does.
    pub fn start_blocking() -> Result<Self, StartError> {
        let (servers, ready) = Servers::begin()?;
        let addresses = ready.blocking_recv().map_err(|_| StartError::Fault)??;
        Ok(Self { addresses, servers })
    }

    /// `HOST:PORT`, what Kafka clients call `bootstrap.servers`.
    pub fn bootstrap(&self) -> &str {
        &self.addresses.bootstrap
    }

    /// `http://HOST:PORT`, what serializers call `schema.registry.url`.
    pub fn registry_url(&self) -> &str {
        &self.addresses.registry_url
    }

    /// Stops both cleanly and waits until nothing of them is left.
    pub async fn shutdown(self) {
        self.servers.shutdown().await;
    }
}
