//! Connections: accepted within limits, and served until they end or the server stops.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http::Front;
use crate::limits::HttpLimits;
use crate::metrics::Metrics;

/// How long accepting rests after it failed, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Most connections beyond the limit of their client that are told so; others are just closed.
const REFUSALS_MAX: usize = 64;
/// Headers beyond the limit that are still read, for an answer that says what is wrong. Up to 100
/// in all, the HTTP library reads them without an allocation.
const HEADERS_BEYOND: usize = 36;
/// Least buffer of a connection: what the HTTP library needs.
const BUFFER_BYTES_MIN: usize = 8 << 10;

/// Accepts connections on `listener` until `stop`, then waits for their last answers. Those of
/// clients with too many connections are served by `refusing`.
pub(crate) async fn serve(
    listener: TcpListener,
    front: Front,
    refusing: Front,
    limits: HttpLimits,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) {
    let (front, refusing) = (Arc::new(front), Arc::new(refusing));
    let slots = Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS)));
    let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
    let clients = Clients { most: limits.connections_per_ip_max, ..Clients::default() };
    let tasks = TaskTracker::new();
    let next = async || {
        let slot = Arc::clone(&slots).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return Some((slot, stream, peer)),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    while let Some(Some((slot, stream, peer))) = stop.run_until_cancelled(next()).await {
        if let Some(client) = clients.admit(peer.ip()) {
            let served = connection(stream, peer, Arc::clone(&front), limits, stop.clone());
            let open = metrics.connections.clone();
            tasks.spawn(async move {
                let _held: (OwnedSemaphorePermit, Client) = (slot, client);
                open.inc();
                served.await;
                open.dec();
            });
            continue;
        }
        metrics.connections_refused.inc();
        if let Ok(refusal) = Arc::clone(&refusals).try_acquire_owned() {
            let served = connection(stream, peer, Arc::clone(&refusing), limits, stop.clone());
            tasks.spawn(async move {
                let _held: OwnedSemaphorePermit = refusal;
                served.await;
            });
        }
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

/// Serves the requests of one connection, in their order.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    front: Arc<Front>,
    limits: HttpLimits,
    stop: CancellationToken,
) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.request()));
    // What is a little too long gets an answer with a body, from the layers; what does not even
    // fit in here gets one without, from the HTTP library.
    let head_bytes_max = limits.header_bytes_max.saturating_add(limits.uri_bytes_max);
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read())
        .max_headers(limits.headers_max.saturating_add(HEADERS_BEYOND))
        .max_buf_size(head_bytes_max.saturating_mul(2).max(BUFFER_BYTES_MIN));
    let service = service_fn(move |request: Request<Incoming>| {
        let front = Arc::clone(&front);
        async move { Ok::<_, Infallible>(front.answer(peer, request).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        // Clients go away at any time; what they did wrong, they have been told.
        tracing::debug!(%error, "a connection ended early");
    }
}

/// How many connections each client has.
#[derive(Clone, Debug, Default)]
struct Clients {
    most: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection of a client; dropped, it is one less.
#[derive(Debug)]
struct Client {
    address: IpAddr,
    clients: Clients,
}

impl Clients {
    fn admit(&self, address: IpAddr) -> Option<Client> {
        let address = network(address);
        let mut open = self.open.lock();
        let count = open.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Client { address, clients: self.clone() })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut open = self.clients.open.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// What counts as one client: whoever has an IPv6 address has the 2⁶⁴ that share its upper half.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_connections_until_they_are_dropped() {
        let clients = Clients { most: 2, ..Clients::default() };
        let admit = |address: &str| clients.admit(address.parse().unwrap());
        let first = admit("192.0.2.1").unwrap();
        let _second = admit("::ffff:192.0.2.1").unwrap();
        assert!(admit("192.0.2.1").is_none());
        let other = admit("192.0.2.2").unwrap();
        drop(first);
        assert!(admit("192.0.2.1").is_some());
        drop(other);
        assert_eq!(clients.open.lock().len(), 1, "who has none is forgotten");
    }

    #[test]
    fn addresses_with_the_same_upper_half_are_one_client() {
        let clients = Clients { most: 1, ..Clients::default() };
        let _first = clients.admit("2001:db8:0:1::1".parse().unwrap()).unwrap();
        assert!(clients.admit("2001:db8:0:1:ffff::2".parse().unwrap()).is_none());
        assert!(clients.admit("2001:db8:0:2::1".parse().unwrap()).is_some());
    }
}
