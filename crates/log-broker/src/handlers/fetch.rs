//! Fetch (1), versions 4–18.
//!
//! - Long poll: answers as soon as `min_bytes` are readable or a partition has an error, else at
//!   `max_wait_ms`. It registers with every partition before it looks, so no wake-up is lost.
//! - Whole batches only; the first that is found comes whole even beyond the limits, so a reader
//!   always gets on.
//! - A deleted topic wakes its readers with error 3.
//! - Committed readers get what is below the last stable offset, with the aborted transactions in
//!   it.
//! - v4 isolation level, v5 log start, v7 sessions (KIP-227), v9 leader epoch, v11 rack, v12 flexible and diverging epochs,
//!   v13 topics by id; what came later is for replicas.
//!
//! The response is written by hand, so that records are not copied; hence it takes bytes. Large
//! batches are not even read: they are sent from where they lie.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::{ApiKey, FetchRequest};
use levada_kafka_wire::fetch::{FetchResponse, FetchedTopic, Piece, RecordBytes};
use tokio::time::Instant;

use super::{leader_epoch, read_error};
use crate::broker::Broker;
use crate::fetch_sessions::{Asked, Fetched, Named};
use crate::log::{
    AbortedTransaction, FoundRecords, PartitionLog, ReadBound, ReadRecords, Volume, Waiter,
};
use crate::net::{Api, Call, CloseReason, Outcome, Part, Reply, decode};

pub(crate) const API: Api = Api::new(ApiKey::Fetch, 4..=18);

const TOPIC_IDS: i16 = 13;

pub(crate) async fn run(
    broker: Arc<Broker>,
    call: Call,
    body: Bytes,
) -> Result<Outcome, CloseReason> {
    let request: FetchRequest = decode(&call, &body)?;
    let by_id = call.api_version >= TOPIC_IDS;
    let now_ms = broker.clock.now_ms();
    let response = match broker.fetch_sessions.begin(&request, by_id, now_ms) {
        Ok(begun) => {
            let fetched = poll(&broker, &call, &request, &begun.asked).await;
            let (session_id, news) =
                broker.fetch_sessions.finish(&begun, by_id, fetched, broker.clock.now_ms());
            FetchResponse { error_code: 0, session_id, topics: by_topic(news) }
        }
        Err(error) => FetchResponse { error_code: error.code(), session_id: 0, topics: Vec::new() },
    };
    broker.metrics.answered(call.api_key, &response);
    let pieces = response.encode(call.api_version).into_iter().map(|piece| match piece {
        Piece::Fields(bytes) | Piece::Records(FoundRecords::Read(bytes)) => Part::Bytes(bytes),
        Piece::Records(FoundRecords::Stored(range)) => Part::File(range),
    });
    let reply = Reply::of_parts(Reply::head(&call, call.api_version), pieces.collect());
    Ok(Outcome::Reply(reply.ok_or(CloseReason::ReplyTooLarge)?))
}

/// Neighbours of one topic go under one name.
fn by_topic(partitions: Vec<(Named, Fetched)>) -> Vec<FetchedTopic<FoundRecords>> {
    let mut topics: Vec<FetchedTopic<_>> = Vec::new();
    let mut last: Option<Named> = None;
    for (topic, partition) in partitions {
        match topics.last_mut() {
            Some(open) if last.as_ref() == Some(&topic) => open.partitions.push(partition),
            _ => {
                let name = topic.name.0.clone().into_bytes();
                let id = topic.id.into_bytes();
                topics.push(FetchedTopic { name, id, partitions: vec![partition] });
                last = Some(topic);
            }
        }
    }
    topics
}

/// One answer for each partition, in the order of `asked`.
async fn poll(
    broker: &Broker,
    call: &Call,
    request: &FetchRequest,
    asked: &[Asked],
) -> Vec<Fetched> {
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or_default());
    let deadline = Instant::now() + wait.min(broker.config.limits.fetch_wait_max);
    let by_id = call.api_version >= TOPIC_IDS;
    loop {
        let waiter = Arc::new(Waiter::new());
        let is_last = Instant::now() >= deadline || call.peer.gone.is_cancelled();
        let mut pass = Pass::new(broker, request, by_id);
        let waiting = (!is_last).then_some(&waiter);
        let fetched = asked.iter().map(|asked| pass.one(asked, waiting)).collect();
        if is_last || pass.is_enough(request.min_bytes) {
            pass.count();
            return fetched;
        }
        let _waiting = broker.metrics.fetches_waiting.enter();
        tokio::select! {
            () = waiter.notified() => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = call.gone() => {}
        }
    }
}

/// One look at every partition that is asked for.
struct Pass<'a> {
    broker: &'a Broker,
    by_id: bool,
    bound: ReadBound,
    bytes_left: usize,
    bytes: usize,
    has_news: bool,
    /// What was read, and where: it counts once it is sent.
    read: Vec<(Arc<PartitionLog>, Volume)>,
}

impl<'a> Pass<'a> {
    fn new(broker: &'a Broker, request: &FetchRequest, by_id: bool) -> Self {
        let max = usize::try_from(request.max_bytes).unwrap_or_default();
        let bound = match request.isolation_level {
            1 => ReadBound::LastStable,
            _ => ReadBound::HighWatermark,
        };
        let bytes_left = max.min(broker.config.limits.fetch_bytes_max);
        Self { broker, by_id, bound, bytes_left, bytes: 0, has_news: false, read: Vec::new() }
    }

    fn count(&self) {
        for (log, volume) in &self.read {
            self.broker.metrics.traffic.fetched(*volume);
            log.traffic().fetched(*volume);
        }
    }

    fn is_enough(&self, min_bytes: i32) -> bool {
        self.has_news || self.bytes >= usize::try_from(min_bytes).unwrap_or_default()
    }

    fn one(&mut self, asked: &Asked, waiter: Option<&Arc<Waiter>>) -> Fetched {
        let Asked { topic, partition } = asked;
        self.partition(topic, partition, waiter).unwrap_or_else(|error| {
            self.has_news = true;
            Fetched::failed(partition.partition, error.code())
        })
    }

    fn partition(
        &mut self,
        topic: &Named,
        asked: &FetchPartition,
        waiter: Option<&Arc<Waiter>>,
    ) -> Result<Fetched, ResponseError> {
        let topics = &self.broker.topics;
        let log = if self.by_id {
            topics.partition_of_id(topic.id, asked.partition)?
        } else {
            topics.partition(&topic.name, asked.partition)?
        };
        if let Some(waiter) = waiter {
            log.register(waiter);
        }
        leader_epoch::check(asked.current_leader_epoch, &log)?;
        if let Some(diverging) = leader_epoch::divergence(asked, &log) {
            self.has_news = true;
            let nothing = ReadRecords::nothing(asked.fetch_offset, self.bound, log.bounds());
            return Ok(fetched(asked, Some(diverging), nothing));
        }
        let read = self.read(&log, asked).map_err(|error| match error {
            ResponseError::UnknownTopicOrPartition if self.by_id => ResponseError::UnknownTopicId,
            other => other,
        })?;
        if let Some(records) = &read.records {
            self.read.push((Arc::clone(&log), read.volume));
            self.bytes += records.byte_count();
            self.bytes_left = self.bytes_left.saturating_sub(records.byte_count());
        }
        Ok(fetched(asked, None, read))
    }

    fn read(
        &self,
        log: &PartitionLog,
        asked: &FetchPartition,
    ) -> Result<ReadRecords<Option<FoundRecords>>, ResponseError> {
        let partition_max = usize::try_from(asked.partition_max_bytes).unwrap_or_default();
        let is_first = self.bytes == 0;
        let max = partition_max.min(self.bytes_left);
        let found = log.find(asked.fetch_offset, self.bound, max, is_first);
        found.map_err(|error| read_error(&error))
    }
}

fn fetched(
    asked: &FetchPartition,
    diverging_epoch: Option<(i32, i64)>,
    read: ReadRecords<Option<FoundRecords>>,
) -> Fetched {
    let bounds = read.bounds;
    let pairs = |aborted: Vec<AbortedTransaction>| {
        aborted.into_iter().map(|txn| (txn.producer_id, txn.first_offset)).collect()
    };
    Fetched {
        index: asked.partition,
        error_code: 0,
        high_watermark: bounds.high_watermark,
        last_stable_offset: bounds.last_stable_offset,
        log_start_offset: bounds.log_start_offset,
        diverging_epoch,
        // For committed readers the list may be empty, never null.
        aborted: read.aborted.map(pairs),
        records: read.records,
    }
}
