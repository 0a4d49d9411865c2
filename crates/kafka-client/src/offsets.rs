//! Where partitions begin and end, and which record was written when.

use std::ops::RangeInclusive;

use kafka_protocol::messages::ListOffsetsRequest;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};

use crate::cluster::{Cluster, topic_name};
use crate::error::KafkaError;
use crate::read::Isolation;

/// From 2 on the end can be that of decided transactions; nothing newer is needed.
const LIST_OFFSETS: RangeInclusive<i16> = 2..=7;

/// A place in a partition that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetAt {
    /// The first record that is kept.
    Earliest,
    /// Behind the last record.
    Latest,
    /// The first record written then or later, in milliseconds since the epoch.
    TimeMs(i64),
}

impl OffsetAt {
    fn timestamp(self) -> i64 {
        match self {
            Self::Latest => -1,
            Self::Earliest => -2,
            Self::TimeMs(time) => time.max(0),
        }
    }
}

/// A partition by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TopicPartition {
    pub topic: String,
    pub partition: i32,
}

/// An offset of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionOffset {
    pub partition: i32,
    pub offset: i64,
}

impl Cluster {
    /// The offsets of a place in partitions of a topic, in the order of the partitions. Where no
    /// record is as late as the time that was asked for, it is the end.
    pub async fn offsets(
        &mut self,
        topic: &str,
        partitions: &[i32],
        at: OffsetAt,
        isolation: Isolation,
    ) -> Result<Vec<PartitionOffset>, KafkaError> {
        let mut found = self
            .retried(async |cluster| cluster.ask_offsets(topic, partitions, at, isolation).await)
            .await?;
        let missing: Vec<i32> =
            found.iter().filter(|it| it.offset < 0).map(|it| it.partition).collect();
        if !missing.is_empty() && at != OffsetAt::Latest {
            let ends = self
                .retried(async |cluster| {
                    cluster.ask_offsets(topic, &missing, OffsetAt::Latest, isolation).await
                })
                .await?;
            found.retain(|it| it.offset >= 0);
            found.extend(ends);
        }
        found.sort_by_key(|it| it.partition);
        Ok(found)
    }

    async fn ask_offsets(
        &mut self,
        topic: &str,
        partitions: &[i32],
        at: OffsetAt,
        isolation: Isolation,
    ) -> Result<Vec<PartitionOffset>, KafkaError> {
        let mut found = Vec::new();
        for (leader, led) in self.by_leader(topic, partitions).await? {
            let asked = led.iter().map(|&partition| {
                ListOffsetsPartition::default()
                    .with_partition_index(partition)
                    .with_timestamp(at.timestamp())
            });
            let asked = ListOffsetsTopic::default()
                .with_name(topic_name(topic))
                .with_partitions(asked.collect());
            let request = ListOffsetsRequest::default()
                .with_replica_id((-1).into())
                .with_isolation_level(isolation.level())
                .with_topics(vec![asked]);
            let answer = self.node(leader).await?.call(LIST_OFFSETS, &request).await?;
            for answered in answer.topics.iter().flat_map(|topic| &topic.partitions) {
                let partition = answered.partition_index;
                KafkaError::check(answered.error_code, || {
                    format!("offsets of {topic}-{partition}")
                })?;
                found.push(PartitionOffset { partition, offset: answered.offset });
            }
        }
        Ok(found)
    }
}
