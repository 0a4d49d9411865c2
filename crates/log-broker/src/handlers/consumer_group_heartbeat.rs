//! `ConsumerGroupHeartbeat` (68), versions 0–1.
//!
//! - The one request of KIP-848: joins (epoch 0), goes on, leaves (−1, or −2 for a static member
//!   that will be back), and is told what to read, by topic ids.
//! - v1 (KIP-1082) members bring their own id; before, an empty one is given out. v1 subscribes by
//!   a pattern in RE2's syntax; an empty one is none.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::consumer_group_heartbeat_response::{Assignment, TopicPartitions};
use kafka_protocol::messages::{
    ApiKey, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::group_fields::{check_group_id, owned, text};
use crate::broker::Broker;
use crate::group::consumer::{self, Beat, Beaten};
use crate::net::{Api, Call, CloseReason};

pub(crate) const API: Api = Api::new(ApiKey::ConsumerGroupHeartbeat, 0..=1);

const JOIN_EPOCH: i32 = 0;

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: ConsumerGroupHeartbeatRequest,
) -> Result<ConsumerGroupHeartbeatResponse, CloseReason> {
    let beaten = match check_group_id(&request.group_id) {
        Ok(()) => broker.groups.beat(&request.group_id, &beat(call, &request)).await?,
        Err(error) => Err(error),
    };
    Ok(match beaten {
        Ok(beaten) => response(broker, beaten),
        Err(error) => refusal(error),
    })
}

fn beat(call: &Call, request: &ConsumerGroupHeartbeatRequest) -> Beat {
    let gives_id =
        call.api_version == 0 && request.member_epoch == JOIN_EPOCH && request.member_id.is_empty();
    let names = request.subscribed_topic_names.as_ref();
    let partitions = request.topic_partitions.as_ref().map(|topics| {
        let of_topic = |topic: &kafka_protocol::messages::consumer_group_heartbeat_request::TopicPartitions| {
            let id = topic.topic_id;
            topic.partitions.clone().into_iter().map(move |partition| (id, partition))
        };
        topics.iter().flat_map(of_topic).collect()
    });
    Beat {
        member_id: if gives_id { Uuid::new_v4().to_string() } else { owned(&request.member_id) },
        epoch: request.member_epoch,
        instance_id: request.instance_id.as_ref().map(owned),
        rack_id: request.rack_id.as_ref().map(owned),
        client_id: call.client_id.as_ref().map(owned).unwrap_or_default(),
        client_host: call.client_host(),
        rebalance_timeout_ms: request.rebalance_timeout_ms,
        topic_names: names.map(|names| names.iter().map(|name| name.to_string()).collect()),
        topic_regex: request.subscribed_topic_regex.as_ref().map(owned),
        server_assignor: request.server_assignor.as_ref().map(owned),
        owned: partitions,
    }
}

fn response(broker: &Broker, beaten: Beaten) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse::default()
        .with_member_id(Some(text(beaten.member_id)))
        .with_member_epoch(beaten.epoch)
        .with_heartbeat_interval_ms(broker.config.groups.consumer_heartbeat_interval_ms)
        .with_assignment(beaten.assignment.as_ref().map(assignment))
}

fn assignment(assignment: &consumer::Assignment) -> Assignment {
    let topics = assignment.topics().map(|(id, partitions)| {
        TopicPartitions::default()
            .with_topic_id(id)
            .with_partitions(partitions.iter().copied().collect())
    });
    Assignment::default().with_topic_partitions(topics.collect())
}

fn refusal(error: ResponseError) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse::default()
        .with_error_code(error.code())
        .with_error_message(Some(StrBytes::from_string(error.to_string())))
}
