//! Records are read from one partition after the other, by offset.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{AbortedTransaction, PartitionData};
use levada_kafka_wire::record_batch::{
    BatchHeader, ControlType, EndTxnMarker, HEADER_BYTES, Records, record_bytes,
};

use crate::cluster::{Cluster, leader_of, topic_name};
use crate::error::{KafkaError, UnreadableBatch};
use crate::produce::Header;

/// To 12 topics go by name.
const FETCH: RangeInclusive<i16> = 4..=12;
/// What one answer may hold; a first batch that is longer comes all the same.
const ANSWER_BYTES: i32 = 4 << 20;
/// What the records of one batch may unfold to.
const UNFOLDED_BYTES_MAX: usize = 256 << 20;

/// Whether records of transactions count that are not decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Up to the first open transaction, and without what was rolled back.
    #[default]
    Committed,
    /// Whatever was written.
    Uncommitted,
}

impl Isolation {
    pub(crate) fn level(self) -> i8 {
        match self {
            Self::Uncommitted => 0,
            Self::Committed => 1,
        }
    }
}

/// A record as it lies in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub partition: i32,
    pub offset: i64,
    /// Milliseconds since the epoch.
    pub timestamp_ms: i64,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
}

/// A place in a partition that moves on as records are read.
#[derive(Clone, Debug)]
pub struct PartitionReader {
    topic: String,
    partition: i32,
    next: i64,
    isolation: Isolation,
}

impl PartitionReader {
    /// Reads from `offset` on.
    pub fn new(topic: &str, partition: i32, offset: i64, isolation: Isolation) -> Self {
        Self { topic: topic.to_owned(), partition, next: offset, isolation }
    }

    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// The offset that is read next.
    pub fn position(&self) -> i64 {
        self.next
    }

    fn request(&self, wait: Duration) -> FetchRequest {
        let partition = FetchPartition::default()
            .with_partition(self.partition)
            .with_fetch_offset(self.next)
            .with_partition_max_bytes(ANSWER_BYTES);
        let topic = FetchTopic::default()
            .with_topic(topic_name(&self.topic))
            .with_partitions(vec![partition]);
        FetchRequest::default()
            .with_max_wait_ms(i32::try_from(wait.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(1)
            .with_max_bytes(ANSWER_BYTES)
            .with_isolation_level(self.isolation.level())
            .with_topics(vec![topic])
    }

    /// The records of an answer from the place of the reader on, which moves behind them.
    fn take(&mut self, answer: PartitionData) -> Result<Vec<Record>, KafkaError> {
        let mut rolled_back = RolledBack::new(answer.aborted_transactions.unwrap_or_default());
        let mut bytes = answer.records.unwrap_or_default();
        let mut records = Vec::new();
        loop {
            let batch = whole_batch(&mut bytes).map_err(|error| self.unreadable(&error))?;
            let Some(batch) = batch else { return Ok(records) };
            let read = self.take_batch(&batch, &mut rolled_back, &mut records);
            self.next = read.map_err(|error| self.unreadable(&error))?;
        }
    }

    /// The offset behind a batch, whose records are added.
    fn take_batch(
        &self,
        batch: &[u8],
        rolled_back: &mut RolledBack,
        records: &mut Vec<Record>,
    ) -> Result<i64, UnreadableBatch> {
        let header = BatchHeader::parse_whole(batch)?;
        let next = header.last_offset().saturating_add(1).max(self.next);
        if rolled_back.has(&header, batch) || header.is_control() {
            return Ok(next);
        }
        let body = record_bytes(&header, batch, UNFOLDED_BYTES_MAX)?;
        for record in Records::new(&header, &body) {
            let record = record?;
            if record.offset < self.next {
                continue;
            }
            let copy = |bytes: Option<&[u8]>| bytes.map(Bytes::copy_from_slice);
            let headers = record.headers.iter().map(|header| Header {
                name: String::from_utf8_lossy(header.key).into_owned(),
                value: copy(header.value),
            });
            records.push(Record {
                partition: self.partition,
                offset: record.offset,
                timestamp_ms: record.timestamp,
                key: copy(record.key),
                value: copy(record.value),
                headers: headers.collect(),
            });
        }
        Ok(next)
    }

    fn unreadable(&self, error: &UnreadableBatch) -> KafkaError {
        let (topic, partition, offset) = (self.topic.clone(), self.partition, self.next);
        KafkaError::UnreadableRecords { topic, partition, offset, reason: error.to_string() }
    }
}

/// The transactions of an answer that end in a rollback. Who asks for uncommitted records is told
/// of none.
struct RolledBack {
    /// Those that begin behind the place of the walk, the first one last.
    ahead: Vec<AbortedTransaction>,
    /// The producers of those that the walk is in.
    producers: BTreeSet<i64>,
}

impl RolledBack {
    fn new(mut ahead: Vec<AbortedTransaction>) -> Self {
        ahead.sort_by_key(|transaction| std::cmp::Reverse(transaction.first_offset));
        Self { ahead, producers: BTreeSet::new() }
    }

    /// Whether the next batch belongs to one.
    fn has(&mut self, header: &BatchHeader, batch: &[u8]) -> bool {
        while let Some(next) = self.ahead.pop_if(|it| it.first_offset <= header.last_offset()) {
            self.producers.insert(next.producer_id.0);
        }
        if header.is_control() {
            let marker = EndTxnMarker::of_batch(header, batch);
            if marker.is_some_and(|marker| marker.control_type == ControlType::Abort) {
                self.producers.remove(&header.producer_id);
            }
            return false;
        }
        header.is_transactional() && self.producers.contains(&header.producer_id)
    }
}

/// The next batch; `None` where the answer was cut within it.
fn whole_batch(bytes: &mut Bytes) -> Result<Option<Bytes>, UnreadableBatch> {
    if bytes.len() < HEADER_BYTES {
        return Ok(None);
    }
    let length = BatchHeader::parse(bytes)?.total_bytes;
    Ok((length <= bytes.len()).then(|| bytes.split_to(length)))
}

impl Cluster {
    /// The next records of a partition; none if there are none within `wait`.
    pub async fn read(
        &mut self,
        reader: &mut PartitionReader,
        wait: Duration,
    ) -> Result<Vec<Record>, KafkaError> {
        let request = reader.request(wait);
        let (topic, partition) = (reader.topic.clone(), reader.partition);
        let answered = self
            .retried(async |cluster| {
                let known = cluster.topic(&topic).await?;
                let leader = leader_of(&known, partition)?;
                let answer = cluster.node(leader).await?.call(FETCH, &request).await?;
                KafkaError::check(answer.error_code, || format!("records of {topic}"))?;
                let mut partitions = answer.responses.into_iter().flat_map(|it| it.partitions);
                let answered = partitions.next().unwrap_or_default();
                KafkaError::check(answered.error_code, || {
                    format!("records of {topic}-{partition} from offset {} on", reader.next)
                })?;
                Ok(answered)
            })
            .await?;
        reader.take(answered)
    }
}
