//! `OffsetDelete` (47), version 0.
//!
//! - Forgets committed offsets (KIP-496). A group of other members than consumers must be empty; a
//!   topic that consumers read is `GROUP_SUBSCRIBED_TO_TOPIC`; one that does not exist is 3. An
//!   offset that was never committed is deleted with success.

use kafka_protocol::messages::offset_delete_request::OffsetDeleteRequestTopic;
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::{ApiKey, OffsetDeleteRequest, OffsetDeleteResponse};

use super::group_fields::{code, owned};
use crate::broker::Broker;
use crate::group::committed::TopicPartition;
use crate::net::{Api, Call, CloseReason};

pub(crate) const API: Api = Api::new(ApiKey::OffsetDelete, 0..=0);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: OffsetDeleteRequest,
) -> Result<OffsetDeleteResponse, CloseReason> {
    let place = |topic: &OffsetDeleteRequestTopic, index: i32| TopicPartition {
        topic: owned(&topic.name),
        partition: index,
    };
    let places: Vec<TopicPartition> = request
        .topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().map(|one| place(topic, one.partition_index)))
        .collect();
    let results = match broker.groups.delete_offsets(request.group_id.as_str(), &places).await? {
        Ok(results) => results,
        Err(error) => return Ok(OffsetDeleteResponse::default().with_error_code(error.code())),
    };
    let exists = |place: &TopicPartition| broker.topics.partition(&place.topic, place.partition);
    let mut deleted = places.iter().zip(results).map(|(place, result)| exists(place).and(result));
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().zip(deleted.by_ref()).map(|(one, result)| {
            OffsetDeleteResponsePartition::default()
                .with_partition_index(one.partition_index)
                .with_error_code(code(&result))
        });
        OffsetDeleteResponseTopic::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    Ok(OffsetDeleteResponse::default().with_topics(topics.collect()))
}
