//! Records are sent in batches, each of one partition.

use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use levada_kafka_wire::record_batch::BatchBuilder;

use crate::cluster::{Cluster, leader_of, topic_name};
use crate::error::KafkaError;

/// To 12 topics go by name; 12 itself is about transactions.
const PRODUCE: RangeInclusive<i16> = 3..=11;
/// How long the replicas may take to write.
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);
/// What a leader says that has written, but does not know of its replicas.
const MAYBE_WRITTEN: [ResponseError; 2] =
    [ResponseError::RequestTimedOut, ResponseError::NotEnoughReplicasAfterAppend];
/// Every replica that is in sync.
const ALL: i16 = -1;

/// A header of a record; names may repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub value: Option<Bytes>,
}

/// A record to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// Milliseconds since the epoch.
    pub timestamp_ms: i64,
    pub key: Option<Vec<u8>>,
    /// None is a tombstone.
    pub value: Option<Vec<u8>>,
    pub headers: Vec<Header>,
}

impl NewRecord {
    /// What it is about to take in a batch, in bytes.
    pub fn size(&self) -> usize {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        let headers = self.headers.iter();
        let headers = headers.map(|it| it.name.len() + it.value.as_ref().map_or(0, Bytes::len) + 4);
        length(&self.key) + length(&self.value) + headers.sum::<usize>() + 16
    }
}

impl Cluster {
    /// Sends records to a partition and waits until every replica in sync has them; gives the
    /// offset of the first one.
    ///
    /// Only what was surely not written is sent again: a batch whose answer got lost may be there
    /// or not ([`KafkaError::OutcomeUnknown`]).
    pub async fn produce(
        &mut self,
        topic: &str,
        partition: i32,
        records: &[NewRecord],
    ) -> Result<i64, KafkaError> {
        let batch = records.iter().fold(BatchBuilder::new(), |batch, record| {
            let headers: Vec<_> =
                record.headers.iter().map(|it| (it.name.as_bytes(), it.value.as_deref())).collect();
            let (key, value) = (record.key.as_deref(), record.value.as_deref());
            batch.record_with_headers(record.timestamp_ms, key, value, &headers)
        });
        let batch = batch.build().map_err(|error| KafkaError::Unsendable {
            what: format!("a batch of {} records", records.len()),
            reason: error.to_string(),
        })?;
        let data = PartitionProduceData::default()
            .with_index(partition)
            .with_records(Some(Bytes::from(batch)));
        let data = TopicProduceData::default()
            .with_name(topic_name(topic))
            .with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_acks(ALL)
            .with_timeout_ms(i32::try_from(WRITTEN_WITHIN.as_millis()).unwrap_or(i32::MAX))
            .with_topic_data(vec![data]);
        self.retried(async |cluster| {
            let known = cluster.topic(topic).await?;
            let leader = leader_of(&known, partition)?;
            let what = || format!("records for {topic}-{partition}");
            let unknown = |error: KafkaError| KafkaError::OutcomeUnknown {
                what: what(),
                reason: error.to_string(),
            };
            let sent = cluster.node(leader).await?.call(PRODUCE, &request).await;
            let answer = sent.map_err(|error| match error {
                KafkaError::Disconnected { .. } | KafkaError::TimedOut { .. } => unknown(error),
                other => other,
            })?;
            let mut partitions = answer.responses.into_iter().flat_map(|it| it.partition_responses);
            let answered = partitions.next().unwrap_or_default();
            let message = answered.error_message.as_deref();
            match KafkaError::check_with(answered.error_code, message, what) {
                Err(error) if MAYBE_WRITTEN.iter().any(|code| error.is(*code)) => {
                    Err(unknown(error))
                }
                checked => checked.map(|()| answered.base_offset),
            }
        })
        .await
    }
}
