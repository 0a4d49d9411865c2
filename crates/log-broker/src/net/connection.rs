//! One connection: frames in, replies out in the order of the requests.
//!
//! Three stages run in one task, joined by queues: *read* takes frames off the socket ahead of
//! their execution, *execute* runs one request after the other in order of arrival, *write* sends
//! the replies. A reply that waits for the disk waits in the last stage, so a producer's next
//! batch is appended meanwhile. A frame's place in the pipeline is taken before it is read and
//! given back when its reply is written: that bounds all three.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use kafka_protocol::protocol::StrBytes;
use levada_kafka_wire::frame::{LENGTH_BYTES, RequestHeader, frame_length};
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{debug, warn};

use super::memory::{RequestMemory, SPARE_BYTES_MAX, Share};
use super::reply::CloseReason;
use super::{Call, Outcome, Peer, dispatch, send};
use crate::broker::Broker;

/// Read buffer: small frames cost one system call for many. Also what a frame may take before
/// the peer has sent anything of it.
const READ_AHEAD_BYTES: usize = 16 << 10;
/// What must have arrived of a larger frame before more is given: as much again each time, so that
/// who announces much and sends little holds little.
const GOOD_FAITH_BYTES: usize = 64 << 10;

/// What replies of one connection may take while its peer does not read them. A larger one waits
/// until it is alone, so a peer that asks and never reads holds this much and one reply.
const UNWRITTEN_BYTES_MAX: u32 = 1 << 20;

/// A request in the pipeline, with its place and its share of the broker's request memory.
struct Arrived {
    frame: Bytes,
    /// When its last byte came.
    since: Instant,
    place: OwnedSemaphorePermit,
    share: Share,
}

/// A request that has been executed, in its place.
struct Executed {
    api_key: i16,
    /// When the request had come.
    since: Instant,
    outcome: Result<Outcome, CloseReason>,
    place: OwnedSemaphorePermit,
    unwritten: Option<OwnedSemaphorePermit>,
}

/// Serves until either side closes. The memory is that of the requests of all connections.
pub(super) async fn serve(
    broker: Arc<Broker>,
    stream: TcpStream,
    peer: Arc<Peer>,
    memory: Arc<RequestMemory>,
) {
    let _open = broker.metrics.connections.enter();
    let places = broker.config.limits.pipelined_requests_max;
    let (arrived_in, arrived_out) = mpsc::channel(places);
    let (executed_in, executed_out) = mpsc::channel(places);
    let (read_half, write_half) = stream.into_split();
    let reader = FrameReader {
        stream: BufReader::with_capacity(READ_AHEAD_BYTES, read_half),
        broker: Arc::clone(&broker),
        places: Arc::new(Semaphore::new(places)),
        memory: Arc::clone(&memory),
    };
    tokio::join!(
        async {
            tokio::select! {
                () = peer.gone.cancelled() => {}
                end = reader.run(arrived_in) => if let Err(reason) = end {
                    debug!(peer = %peer.address, %reason, "stopped reading");
                }
            }
            // Nobody will wait for what is still polled or rebalanced for this peer.
            peer.gone.cancel();
        },
        execute_all(&broker, &peer, &memory, arrived_out, executed_in),
        async {
            if let Err(reason) = write_all(&broker, write_half, executed_out).await {
                broker.metrics.requests_refused.add(1);
                warn!(peer = %peer.address, %reason, "closing connection");
            }
            peer.gone.cancel();
        },
    );
}

/// Why no further frame is read.
#[derive(Debug, thiserror::Error)]
enum ReadEnd {
    #[error("the peer is idle")]
    Idle,
    #[error("a frame did not arrive within its deadline")]
    Slow,
    #[error("the connection broke: {0}")]
    Broken(#[from] std::io::Error),
    #[error(transparent)]
    Wire(#[from] levada_kafka_wire::WireError),
    #[error("the connection is closing")]
    Closing,
}

struct FrameReader<R> {
    stream: BufReader<R>,
    broker: Arc<Broker>,
    places: Arc<Semaphore>,
    memory: Arc<RequestMemory>,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Ends with `Ok` when the peer has closed between two frames.
    async fn run(mut self, arrived: Sender<Arrived>) -> Result<(), ReadEnd> {
        loop {
            let place = Arc::clone(&self.places).acquire_owned().await;
            let place = place.map_err(|_| ReadEnd::Closing)?;
            if !self.wait_for_frame().await? {
                return Ok(());
            }
            let (frame, share) = self.read_frame().await?;
            self.broker.metrics.received_bytes.add(count(LENGTH_BYTES + frame.len()));
            let request = Arrived { frame, since: Instant::now(), place, share };
            arrived.send(request).await.map_err(|_| ReadEnd::Closing)?;
        }
    }

    /// Waits for the first byte of a frame; `false` when the peer has closed instead.
    async fn wait_for_frame(&mut self) -> Result<bool, ReadEnd> {
        use tokio::io::AsyncBufReadExt;
        let limits = &self.broker.config.limits;
        loop {
            match timeout(limits.idle_max, self.stream.fill_buf()).await {
                Ok(buffered) => return Ok(!buffered?.is_empty()),
                // Not idle while it waits for an answer: all places but ours are taken back.
                Err(_) if self.places.available_permits() + 1 < limits.pipelined_requests_max => {}
                Err(_) => return Err(ReadEnd::Idle),
            }
        }
    }

    async fn read_frame(&mut self) -> Result<(Bytes, Share), ReadEnd> {
        let limits = &self.broker.config.limits;
        let mut deadline = Instant::now() + limits.frame_deadline;
        // A frame larger than the budget of all could never be given its share.
        let max = limits.frame_bytes_max.min(limits.in_flight_bytes_max);
        let mut prefix = [0; LENGTH_BYTES];
        let read = timeout_at(deadline, self.stream.read_exact(&mut prefix)).await;
        read.map_err(|_| ReadEnd::Slow)??;
        let length = frame_length(prefix, max)?;
        let first = length.min(GOOD_FAITH_BYTES);
        let waiting = Instant::now();
        let mut share = self.memory.share(first).await.map_err(|_| ReadEnd::Closing)?;
        // The peer is not slow while it is kept waiting.
        deadline += waiting.elapsed();
        let mut frame = self.memory.buffer(first);
        self.fill(&mut frame, first, deadline).await?;
        while frame.len() < length {
            let next = length.min(2 * frame.len());
            let waiting = Instant::now();
            let grown = self.memory.grow(&mut share, next - frame.len()).await;
            grown.map_err(|_| ReadEnd::Closing)?;
            deadline += waiting.elapsed();
            if frame.capacity() < next {
                let room = length.min(next.max(SPARE_BYTES_MAX));
                let begun = std::mem::replace(&mut frame, self.memory.buffer(room));
                frame.extend_from_slice(&begun);
            }
            self.fill(&mut frame, next, deadline).await?;
        }
        Ok((frame.freeze(), share))
    }

    async fn fill(
        &mut self,
        frame: &mut BytesMut,
        length: usize,
        deadline: Instant,
    ) -> Result<(), ReadEnd> {
        while frame.len() < length {
            let missing = u64::try_from(length - frame.len()).unwrap_or(u64::MAX);
            let mut rest = (&mut self.stream).take(missing);
            let read = timeout_at(deadline, rest.read_buf(frame)).await;
            if read.map_err(|_| ReadEnd::Slow)?? == 0 {
                return Err(ReadEnd::Broken(std::io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Ok(())
    }
}

/// One request after the other, until one of them closes the connection. Requests that were read
/// are executed even when the peer has hung up since and no answer can be written any more: records
/// sent with acks=0 have no other way.
async fn execute_all(
    broker: &Arc<Broker>,
    peer: &Arc<Peer>,
    memory: &RequestMemory,
    mut arrived: Receiver<Arrived>,
    executed: Sender<Executed>,
) {
    let unwritten_bytes = Arc::new(Semaphore::new(UNWRITTEN_BYTES_MAX as usize));
    while let Some(Arrived { frame, since, place, share }) = arrived.recv().await {
        let (api_key, outcome) = execute(broker, peer, frame.clone()).await;
        memory.reuse(frame);
        drop(share);
        let is_end = outcome.is_err();
        let unwritten = match &outcome {
            Ok(Outcome::Reply(reply)) => {
                let bytes = u32::try_from(reply.memory_bytes()).unwrap_or(u32::MAX);
                let share = Arc::clone(&unwritten_bytes);
                // Waits for the writer, who either gets on or ends the connection.
                tokio::select! {
                    share = share.acquire_many_owned(bytes.min(UNWRITTEN_BYTES_MAX)) => share.ok(),
                    () = executed.closed() => None,
                }
            }
            _ => None,
        };
        // Fails when nobody writes any more; then the answer goes, and the next request is executed.
        drop(executed.send(Executed { api_key, since, outcome, place, unwritten }).await);
        if is_end {
            return;
        }
    }
}

/// The api key, and what came of the request; the key of one whose head cannot be read is -1.
async fn execute(
    broker: &Arc<Broker>,
    peer: &Arc<Peer>,
    frame: Bytes,
) -> (i16, Result<Outcome, CloseReason>) {
    let header = match RequestHeader::read(&frame) {
        Ok(header) => header,
        Err(error) => return (-1, Err(error.into())),
    };
    // A slice would keep the whole frame in memory until its reply.
    let client_id = header.client_id.map(|text| Bytes::copy_from_slice(&text));
    let client_id = client_id.and_then(|text| StrBytes::from_utf8(text).ok());
    let call = Call {
        api_key: header.api_key,
        api_version: header.api_version,
        correlation_id: header.correlation_id,
        client_id,
        peer: Arc::clone(peer),
    };
    let body = frame.slice(header.header_bytes..);
    (header.api_key, dispatch::execute(Arc::clone(broker), call, body).await)
}

/// Replies in order; the first request without an answer is the last.
async fn write_all(
    broker: &Broker,
    stream: OwnedWriteHalf,
    mut executed: Receiver<Executed>,
) -> Result<(), CloseReason> {
    let (metrics, patience) = (&broker.metrics, broker.config.limits.idle_max);
    while let Some(Executed { api_key, since, mut outcome, place, unwritten }) =
        executed.recv().await
    {
        let reply = loop {
            match outcome? {
                Outcome::Reply(reply) => break Some(reply),
                Outcome::Silent => break None,
                Outcome::Later(later) => outcome = later.await,
            }
        };
        metrics.request(api_key, since.elapsed());
        if let Some(reply) = reply {
            let bytes = count(reply.len());
            match timeout(patience, send::reply(stream.as_ref(), &reply)).await {
                Ok(Ok(())) => metrics.sent_bytes.add(bytes),
                // The peer has hung up or takes nothing any more: there is no one to tell.
                Ok(Err(_)) | Err(_) => return Ok(()),
            }
        }
        drop((place, unwritten));
    }
    Ok(())
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
