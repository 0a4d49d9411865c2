//! Fetch (1), versions 4–18.
//!
//! - Long poll: answers as soon as `min_bytes` are readable or a partition has an error, else at
//!   `max_wait_ms`. It registers with every partition before it looks, so no wake-up is lost.
//! - Whole batches only; the first that is found comes whole even beyond the limits, so a reader
//!   always gets on.
//! - A deleted topic wakes its readers with error 3.
//! - Committed readers get what is below the last stable offset, with the aborted transactions in
//!   it.
//! - v4 isolation level, v5 log start, v7 sessions (none are kept: session id 0 makes clients send
//!   full requests), v9 leader epoch, v11 rack, v12 flexible and diverging epochs,
//!   v13 topics by id; what came later is for replicas.
//!
//! The response is written by hand, so that records are not copied; hence it takes bytes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{ApiKey, FetchRequest};
use levada_kafka_wire::fetch::{FetchResponse, FetchedPartition, FetchedTopic};
use tokio::time::Instant;

use super::{leader_epoch, read_error};
use crate::broker::Broker;
use crate::log::{PartitionLog, ReadBound, ReadRecords, Waiter};
use crate::net::{Api, Call, CloseReason, Outcome, Reply, decode};

pub(crate) const API: Api = Api::new(ApiKey::Fetch, 4..=18);

const TOPIC_IDS: i16 = 13;

pub(crate) async fn run(
    broker: Arc<Broker>,
    call: Call,
    body: Bytes,
) -> Result<Outcome, CloseReason> {
    let request: FetchRequest = decode(&call, &body)?;
    let response = match check_session(&request) {
        Ok(()) => poll(&broker, &call, &request).await,
        Err(error) => FetchResponse { error_code: error.code(), session_id: 0, topics: Vec::new() },
    };
    let pieces = response.encode(call.api_version);
    let reply = Reply::of_pieces(Reply::head(&call, call.api_version), pieces);
    Ok(Outcome::Reply(reply.ok_or(CloseReason::ReplyTooLarge)?))
}

/// Full requests: (0, 0) wants a session and gets none, (id, −1) ends one.
fn check_session(request: &FetchRequest) -> Result<(), ResponseError> {
    match (request.session_id, request.session_epoch) {
        (_, -1) | (0, 0) => Ok(()),
        (0, _) => Err(ResponseError::InvalidFetchSessionEpoch),
        _ => Err(ResponseError::FetchSessionIdNotFound),
    }
}

async fn poll(broker: &Broker, call: &Call, request: &FetchRequest) -> FetchResponse {
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or_default());
    let deadline = Instant::now() + wait.min(broker.config.limits.fetch_wait_max);
    loop {
        let waiter = Arc::new(Waiter::new());
        let is_last = Instant::now() >= deadline || call.peer.gone.is_cancelled();
        let by_id = call.api_version >= TOPIC_IDS;
        let pass = Pass::over(broker, request, by_id, (!is_last).then_some(&waiter));
        if is_last || pass.is_enough(request.min_bytes) {
            return FetchResponse { error_code: 0, session_id: 0, topics: pass.topics };
        }
        tokio::select! {
            () = waiter.notified() => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = call.gone() => {}
        }
    }
}

/// One look at every partition of the request.
struct Pass<'a> {
    broker: &'a Broker,
    by_id: bool,
    bound: ReadBound,
    bytes_left: usize,
    bytes: usize,
    has_news: bool,
    topics: Vec<FetchedTopic>,
}

impl<'a> Pass<'a> {
    fn over(
        broker: &'a Broker,
        request: &FetchRequest,
        by_id: bool,
        waiter: Option<&Arc<Waiter>>,
    ) -> Self {
        let max = usize::try_from(request.max_bytes).unwrap_or_default();
        let mut pass = Self {
            broker,
            by_id,
            bound: match request.isolation_level {
                1 => ReadBound::LastStable,
                _ => ReadBound::HighWatermark,
            },
            bytes_left: max.min(broker.config.limits.fetch_bytes_max),
            bytes: 0,
            has_news: false,
            topics: Vec::with_capacity(request.topics.len()),
        };
        for topic in &request.topics {
            let fetched = pass.topic(topic, waiter);
            pass.topics.push(fetched);
        }
        pass
    }

    fn is_enough(&self, min_bytes: i32) -> bool {
        self.has_news || self.bytes >= usize::try_from(min_bytes).unwrap_or_default()
    }

    fn topic(&mut self, topic: &FetchTopic, waiter: Option<&Arc<Waiter>>) -> FetchedTopic {
        let partitions = topic.partitions.iter().map(|asked| {
            self.partition(topic, asked, waiter).unwrap_or_else(|error| {
                self.has_news = true;
                FetchedPartition::failed(asked.partition, error.code())
            })
        });
        let partitions = partitions.collect();
        let name = topic.topic.0.clone().into_bytes();
        FetchedTopic { name, id: topic.topic_id.into_bytes(), partitions }
    }

    fn partition(
        &mut self,
        topic: &FetchTopic,
        asked: &FetchPartition,
        waiter: Option<&Arc<Waiter>>,
    ) -> Result<FetchedPartition, ResponseError> {
        let topics = &self.broker.topics;
        let log = if self.by_id {
            topics.partition_of_id(topic.topic_id, asked.partition)?
        } else {
            topics.partition(&topic.topic, asked.partition)?
        };
        if let Some(waiter) = waiter {
            log.register(waiter);
        }
        leader_epoch::check(asked.current_leader_epoch, &log)?;
        if let Some(diverging) = leader_epoch::divergence(asked, &log) {
            self.has_news = true;
            let nothing = ReadRecords {
                records: Bytes::new(),
                next_offset: asked.fetch_offset,
                bounds: log.bounds(),
            };
            return Ok(self.fetched(asked, &log, Some(diverging), nothing));
        }
        let read = self.read(&log, asked).map_err(|error| match error {
            ResponseError::UnknownTopicOrPartition if self.by_id => ResponseError::UnknownTopicId,
            other => other,
        })?;
        self.bytes += read.records.len();
        self.bytes_left = self.bytes_left.saturating_sub(read.records.len());
        Ok(self.fetched(asked, &log, None, read))
    }

    fn read(
        &self,
        log: &PartitionLog,
        asked: &FetchPartition,
    ) -> Result<ReadRecords, ResponseError> {
        let partition_max = usize::try_from(asked.partition_max_bytes).unwrap_or_default();
        let is_first = self.bytes == 0;
        let max = partition_max.min(self.bytes_left);
        let read = log.read(asked.fetch_offset, self.bound, max, is_first);
        read.map_err(|error| read_error(&error))
    }

    fn fetched(
        &self,
        asked: &FetchPartition,
        log: &PartitionLog,
        diverging_epoch: Option<(i32, i64)>,
        read: ReadRecords,
    ) -> FetchedPartition {
        let bounds = read.bounds;
        // For committed readers the list may be empty, never null.
        let aborted = (self.bound == ReadBound::LastStable).then(|| {
            let aborted = log.aborted_transactions(asked.fetch_offset, read.next_offset);
            aborted.into_iter().map(|txn| (txn.producer_id, txn.first_offset)).collect()
        });
        FetchedPartition {
            index: asked.partition,
            error_code: 0,
            high_watermark: bounds.high_watermark,
            last_stable_offset: bounds.last_stable_offset,
            log_start_offset: bounds.log_start_offset,
            diverging_epoch,
            aborted,
            records: read.records,
        }
    }
}
