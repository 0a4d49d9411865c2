//! `DescribeLogDirs` (35), versions 1–4.
//!
//! - The one directory with the sizes of the partitions asked for, each once, or of all (null).
//! - v3 a top-level error; v4 (KIP-827) the room on the disk.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::{ApiKey, DescribeLogDirsRequest, DescribeLogDirsResponse};

use super::group_fields::{text, topic_name};
use crate::broker::Broker;
use crate::net::{Api, Call};
use crate::topics::Topic;

pub(crate) const API: Api = Api::new(ApiKey::DescribeLogDirs, 1..=4);

const SPACE_SINCE: i16 = 4;

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: DescribeLogDirsRequest,
) -> DescribeLogDirsResponse {
    let topics: Vec<DescribeLogDirsTopic> = match &request.topics {
        None => broker.topics.list().iter().map(|topic| describe(topic, |_| true)).collect(),
        Some(asked) => {
            let mut wanted = BTreeMap::<_, BTreeSet<i32>>::new();
            for asked in asked {
                wanted.entry(&asked.topic).or_default().extend(&asked.partitions);
            }
            let known = wanted.iter().filter_map(|(name, indexes)| {
                let topic = broker.topics.get(name)?;
                Some(describe(&topic, |index| indexes.contains(&index)))
            });
            known.collect()
        }
    };
    let path = broker.log_dir.path().display().to_string();
    let mut result = DescribeLogDirsResult::default().with_log_dir(text(path)).with_topics(topics);
    if call.api_version >= SPACE_SINCE
        && let Ok(space) = broker.log_dir.space()
    {
        result.total_bytes = i64::try_from(space.total).unwrap_or(i64::MAX);
        result.usable_bytes = i64::try_from(space.free).unwrap_or(i64::MAX);
    }
    DescribeLogDirsResponse::default().with_results(vec![result])
}

fn describe(topic: &Topic, is_wanted: impl Fn(i32) -> bool) -> DescribeLogDirsTopic {
    let logs = topic.partitions.iter().flatten().filter(|log| is_wanted(log.index()));
    let partitions = logs.map(|log| {
        DescribeLogDirsPartition::default()
            .with_partition_index(log.index())
            .with_partition_size(i64::try_from(log.size_bytes()).unwrap_or(i64::MAX))
    });
    DescribeLogDirsTopic::default()
        .with_name(topic_name(&topic.name))
        .with_partitions(partitions.collect())
}
