//! Starting the coordinator: its topic, its state, and what happened to topics meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::GroupConfig;
use super::coordinator::GroupCoordinator;
use super::offsets_log::{OFFSETS_TOPIC, ReplayError};
use crate::clock::Clock;
use crate::topics::{NewTopic, TopicError, Topics};

/// Kafka's own settings of the topic. Nothing in it may expire by age or size, whatever the
/// broker's defaults are, and the metadata of a large group is one record.
const TOPIC_CONFIG: [(&str, &str); 6] = [
    ("cleanup.policy", "compact"),
    ("compression.type", "producer"),
    ("max.message.bytes", "104857600"),
    ("retention.bytes", "-1"),
    ("retention.ms", "-1"),
    ("segment.bytes", "104857600"),
];

/// Why the groups could not be brought back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenGroupsError {
    #[error("{OFFSETS_TOPIC}: {0}")]
    Topic(#[from] TopicError),
    #[error("{OFFSETS_TOPIC} has no partition 0")]
    NoPartition,
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// Every group as its last durable record left it. Blocks.
pub(crate) fn open(
    topics: &Topics,
    clock: Arc<dyn Clock>,
    config: GroupConfig,
) -> Result<GroupCoordinator, OpenGroupsError> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let topic = topics.ensure_now(NewTopic {
        name: OFFSETS_TOPIC.to_owned(),
        partition_count: Some(1),
        overrides: TOPIC_CONFIG.into_iter().map(owned).collect::<BTreeMap<_, _>>(),
    })?;
    let log = topic.partition(0).map_err(|_| OpenGroupsError::NoPartition)?;
    let coordinator = GroupCoordinator::open(Arc::clone(log), clock, config)?;
    // A crash may have come between the end of a topic and the end of its offsets.
    coordinator.forget_topics(|name| topics.get(name).is_none());
    Ok(coordinator)
}
