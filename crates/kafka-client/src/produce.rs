//! Records are sent in batches, each of one partition.

use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use levada_kafka_wire::record_batch::BatchBuilder;

use crate::cluster::{Cluster, leader_of, topic_name};
use crate::error::KafkaError;

/// To 12 topics go by name; 12 itself is about transactions.
const PRODUCE: RangeInclusive<i16> = 3..=11;
/// How long the replicas may take to write.
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);
/// What a leader may say that has written: it does not know of its replicas, or has lost the
/// leadership or the disk while it waited for them. Some say so before they write, too.
const MAYBE_WRITTEN: [ResponseError; 4] = [
    ResponseError::RequestTimedOut,
    ResponseError::NotEnoughReplicasAfterAppend,
    ResponseError::NotLeaderOrFollower,
    ResponseError::KafkaStorageError,
];
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
            let what = format!("records for {topic}-{partition}");
            let sent = cluster.node(leader).await?.call(PRODUCE, &request).await;
            let answer = sent.map_err(|error| match error {
                KafkaError::Disconnected { .. } | KafkaError::TimedOut { .. } => {
                    unknown(&what, &error)
                }
                other => other,
            })?;
            let mut partitions = answer.responses.into_iter().flat_map(|it| it.partition_responses);
            first_offset(&what, &partitions.next().unwrap_or_default())
        })
        .await
    }
}

fn first_offset(what: &str, answered: &PartitionProduceResponse) -> Result<i64, KafkaError> {
    let message = answered.error_message.as_deref();
    match KafkaError::check_with(answered.error_code, message, || what.to_owned()) {
        Err(error) if MAYBE_WRITTEN.iter().any(|code| error.is(*code)) => {
            Err(unknown(what, &error))
        }
        checked => checked.map(|()| answered.base_offset),
    }
}

fn unknown(what: &str, error: &KafkaError) -> KafkaError {
    KafkaError::OutcomeUnknown { what: what.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_written_is_not_sent_again() {
        use ResponseError::{
            KafkaStorageError, LeaderNotAvailable, NotEnoughReplicas, NotEnoughReplicasAfterAppend,
            NotLeaderOrFollower, RequestTimedOut, UnknownTopicOrPartition,
        };
        let answered = |error: ResponseError| {
            let answer = PartitionProduceResponse::default().with_error_code(error.code());
            first_offset("records for t-0", &answer).unwrap_err()
        };
        for error in
            [RequestTimedOut, NotEnoughReplicasAfterAppend, NotLeaderOrFollower, KafkaStorageError]
        {
            let told = answered(error);
            assert!(matches!(told, KafkaError::OutcomeUnknown { .. }), "{told}");
            assert!(!told.is_passing(), "{told}");
        }
        for error in [LeaderNotAvailable, NotEnoughReplicas, UnknownTopicOrPartition] {
            assert!(answered(error).is(error), "nothing was written");
        }
    }

    #[test]
    fn the_first_offset_is_told() {
        let answer = PartitionProduceResponse::default().with_base_offset(7);
        assert_eq!(first_offset("records for t-0", &answer).unwrap(), 7);
    }
}
