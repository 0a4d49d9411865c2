//! The thread in which both servers run.

use std::io;
use std::thread::{self, JoinHandle};

use levada_log_broker::{Broker, BrokerConfig, GroupConfig, RunningBroker};
use levada_registry_server::{Database, RunningRegistry, Settings};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::StartError;

const ANY_PORT: &str = "127.0.0.1:0";

/// Where clients find the servers.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) bootstrap: String,
    pub(crate) registry_url: String,
}

type Ready = oneshot::Sender<Result<Addresses, StartError>>;

/// The thread's handle. Dropped, the servers stop at once, and the thread is gone.
#[derive(Debug)]
pub(crate) struct Servers {
    /// Sent, it asks for a clean stop; dropped, for one at once.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Resolves when the thread has nothing left to do.
    ended: Option<oneshot::Receiver<()>>,
}

impl Servers {
    /// Starts the thread; the addresses come when clients are served.
    pub(crate) fn begin()
    -> Result<(Self, oneshot::Receiver<Result<Addresses, StartError>>), StartError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(StartError::Thread)?;
        let ((stop, stopped), (ready, addresses)) = (oneshot::channel(), oneshot::channel());
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new().name("levada".to_owned()).spawn(move || {
            runtime.block_on(serve(ready, stopped));
            drop(runtime);
            drop(end);
        });
        let thread = thread.map_err(StartError::Thread)?;
        let servers = Self { stop: Some(stop), thread: Some(thread), ended: Some(ended) };
        Ok((servers, addresses))
    }

    pub(crate) async fn shutdown(mut self) {
        if let (Some(stop), Some(ended)) = (self.stop.take(), self.ended.take()) {
            // Errors say that the thread is at its end already, which is what is wanted.
            let _ = stop.send(());
            let _ = ended.await;
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Its panic has been printed; the test that it was made for tells more.
            let _ = thread.join();
        }
    }
}

/// Serves until it is told to stop.
async fn serve(ready: Ready, stopped: oneshot::Receiver<()>) {
    match Both::start().await {
        Err(error) => _ = ready.send(Err(error)),
        Ok(both) => {
            let served = ready.send(Ok(both.addresses()));
            if served.is_ok() && stopped.await.is_ok() {
                both.shutdown().await;
            }
        }
    }
}

/// In memory where the system has a place for that: the database syncs what it writes, and nothing of
/// it has to outlive this process.
fn temporary_folder() -> io::Result<TempDir> {
    let mut folder = tempfile::Builder::new();
    folder.prefix("levada-");
    folder.tempdir_in("/dev/shm").or_else(|_| folder.tempdir())
}

struct Both {
    registry: RunningRegistry,
    broker: RunningBroker,
    /// Of the registry's database.
    folder: TempDir,
}

impl Both {
    async fn start() -> Result<Self, StartError> {
        let groups = GroupConfig { initial_rebalance_delay_ms: 0, ..GroupConfig::default() };
        let config = BrokerConfig { groups, ..BrokerConfig::default() };
        let broker = Broker::builder().in_memory().listen(ANY_PORT).config(config).start().await?;
        let folder = temporary_folder().map_err(StartError::Folder)?;
        let database = Database::Sqlite(folder.path().join("registry.db"));
        let registry = levada_registry_server::start(Settings {
            kafka_cluster_id: broker.cluster_id().to_owned(),
            audit_retention_days: 0,
            collectors: vec![Box::new(broker.metrics())],
            ..Settings::new(database, ANY_PORT)
        });
        Ok(Self { registry: registry.await?, broker, folder })
    }

    fn addresses(&self) -> Addresses {
        Addresses {
            bootstrap: self.broker.local_addr().to_string(),
            registry_url: format!("http://{}", self.registry.local_addr()),
        }
    }

    async fn shutdown(self) {
        let Self { registry, broker, folder } = self;
        // What cannot be closed cleanly is thrown away all the same.
        let _ = registry.shutdown().await;
        broker.shutdown().await;
        drop(folder);
    }
}
