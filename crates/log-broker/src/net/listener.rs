//! Accepts connections, keeps count of them, and sees them out when the broker stops.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{debug, error, warn};

use super::connection;
use super::memory::RequestMemory;
use crate::broker::Broker;

/// After a failed accept (no descriptors left, mostly): time for others to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound port that nobody listens to yet.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    local_addr: SocketAddr,
}

impl Listener {
    pub(crate) async fn bind(address: &str) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let local_addr = socket.local_addr()?;
        Ok(Self { socket, local_addr })
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until the broker stops, and returns when every connection has ended.
    pub(crate) async fn run(self, broker: Arc<Broker>) {
        let mut connections = Connections::new(Arc::clone(&broker));
        loop {
            tokio::select! {
                () = broker.stopping.cancelled() => break,
                Some(ended) = connections.tasks.join_next_with_id() => connections.ended(ended),
                accepted = self.socket.accept(), if connections.has_room() => match accepted {
                    Ok((stream, address)) => connections.start(stream, address),
                    Err(reason) => {
                        warn!(%reason, "cannot accept connections");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self.socket);
        connections.drain().await;
    }
}

struct Connections {
    broker: Arc<Broker>,
    tasks: JoinSet<()>,
    addresses: HashMap<Id, IpAddr>,
    per_ip: HashMap<IpAddr, usize>,
    memory: Arc<RequestMemory>,
}

impl Connections {
    fn new(broker: Arc<Broker>) -> Self {
        let memory = Arc::new(RequestMemory::new(broker.config.limits.in_flight_bytes_max));
        Self {
            broker,
            tasks: JoinSet::new(),
            addresses: HashMap::new(),
            per_ip: HashMap::new(),
            memory,
        }
    }

    fn has_room(&self) -> bool {
        self.tasks.len() < self.broker.config.limits.connections_max
    }

    fn start(&mut self, stream: TcpStream, address: SocketAddr) {
        let ip = address.ip();
        let count = self.per_ip.entry(ip).or_default();
        if *count >= self.broker.config.limits.connections_per_ip_max {
            self.broker.metrics.connections_refused.add(1);
            warn!(%address, "refused: too many connections of this address");
            return;
        }
        let peer = match self.broker.peer(&stream, address) {
            Ok(peer) => Arc::new(peer),
            Err(reason) => {
                debug!(%address, %reason, "connection broke while it was accepted");
                return;
            }
        };
        *count += 1;
        self.broker.metrics.connections_accepted.add(1);
        let (broker, memory) = (Arc::clone(&self.broker), Arc::clone(&self.memory));
        let task = self.tasks.spawn(connection::serve(broker, stream, peer, memory));
        self.addresses.insert(task.id(), ip);
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(reason) => {
                // The panic itself has been reported; it must cost its own connection alone.
                error!(%reason, "a connection ended in a fault of the broker");
                reason.id()
            }
        };
        let Some(ip) = self.addresses.remove(&id) else { return };
        if let Some(count) = self.per_ip.get_mut(&ip) {
            *count -= 1;
            if *count == 0 {
                self.per_ip.remove(&ip);
            }
        }
    }

    /// Requests that are executed may finish; what takes longer than the grace is cut off.
    async fn drain(mut self) {
        let all_ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(self.broker.config.limits.shutdown_grace, all_ended).await.is_err() {
            warn!(connections = self.tasks.len(), "cutting off connections that do not end");
            self.tasks.shutdown().await;
        }
    }
}
