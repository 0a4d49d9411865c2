//! What a handler is told about the request besides its body.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::StrBytes;
use tokio_util::sync::CancellationToken;

use crate::broker::HostPort;

/// Declared in each handler's file: which key it serves and in which versions.
///
/// The versions end, for every key alike, where Apache Kafka 4.1 ended: kafka-python guesses a
/// release from single maxima (`JoinGroup` 9 means 3.2) and then expects what else that release
/// had. Offsets by topic id came with 4.2, which it does not know by them.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) key: ApiKey,
    pub(crate) versions: RangeInclusive<i16>,
    /// What `ApiVersions` names. It begins below `versions` only where a client takes the floor
    /// for a feature flag.
    pub(crate) advertised: RangeInclusive<i16>,
}

impl Api {
    pub(crate) const fn new(key: ApiKey, versions: RangeInclusive<i16>) -> Self {
        let advertised = *versions.start()..=*versions.end();
        Self { key, versions, advertised }
    }
}

/// The other end of a connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// Where this peer is told to connect to reach the broker.
    pub(crate) advertised: HostPort,
    /// Cancelled when the peer has hung up or the broker stops.
    pub(crate) gone: CancellationToken,
}

/// One request, less its body.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) api_key: i16,
    pub(crate) api_version: i16,
    pub(crate) correlation_id: i32,
    pub(crate) client_id: Option<StrBytes>,
    pub(crate) peer: Arc<Peer>,
}

impl Call {
    /// As Kafka's tools show it: `/127.0.0.1`.
    pub(crate) fn client_host(&self) -> String {
        format!("/{}", self.peer.address.ip())
    }

    /// Resolves when nobody waits for the answer any more. A handler that waits for an event
    /// (a long poll, a rebalance) also waits for this, answers at once and lets a stop go on.
    pub(crate) async fn gone(&self) {
        self.peer.gone.cancelled().await;
    }
}
