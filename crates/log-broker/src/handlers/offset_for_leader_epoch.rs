//! `OffsetForLeaderEpoch` (23), versions 2–4.
//!
//! - The largest epoch not above the one asked for, and where it ends; −1 and −1 when all of ours
//!   are above. A reader truncates its idea of the log to that (KIP-320).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_for_leader_epoch_request::OffsetForLeaderPartition;
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{ApiKey, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use super::leader_epoch;
use crate::broker::Broker;
use crate::log::EpochEnd;
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::OffsetForLeaderEpoch, 2..=4);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let answer = EpochEndOffset::default()
                .with_partition(asked.partition)
                .with_leader_epoch(-1)
                .with_end_offset(-1);
            match find(broker, &topic.topic, asked) {
                Err(error) => answer.with_error_code(error.code()),
                Ok(None) => answer,
                Ok(Some(end)) => {
                    answer.with_leader_epoch(end.leader_epoch).with_end_offset(end.end_offset)
                }
            }
        });
        let partitions = partitions.collect();
        OffsetForLeaderTopicResult::default().with_topic(topic.topic).with_partitions(partitions)
    });
    OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}

fn find(
    broker: &Broker,
    topic: &str,
    asked: &OffsetForLeaderPartition,
) -> Result<Option<EpochEnd>, ResponseError> {
    let log = broker.topics.partition(topic, asked.partition)?;
    leader_epoch::check(asked.current_leader_epoch, &log)?;
    Ok(log.offset_for_leader_epoch(asked.leader_epoch))
}
