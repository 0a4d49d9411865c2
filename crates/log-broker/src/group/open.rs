//! Starting the coordinator: its topic, its state, and what happened to topics meanwhile.

use std::sync::Arc;

use super::config::GroupConfig;
use super::coordinator::GroupCoordinator;
use super::offsets_log::OFFSETS_TOPIC;
use crate::clock::Clock;
use crate::record_log::{RecordLog, ReplayError};
use crate::topics::Topics;

/// Every group as its last durable record left it. Blocks.
pub(crate) fn open(
    topics: &Arc<Topics>,
    clock: Arc<dyn Clock>,
    config: GroupConfig,
) -> Result<GroupCoordinator, ReplayError> {
    let log = RecordLog::open(topics, OFFSETS_TOPIC)?;
    let coordinator = GroupCoordinator::open(log, clock, config, Arc::clone(topics) as _)?;
    // A crash may have come between the end of a topic and the end of its offsets.
    coordinator.forget_topics(|name| topics.get(name).is_none());
    Ok(coordinator)
}
