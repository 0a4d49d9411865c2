//! `ConsumerGroupDescribe` (69), versions 0–1.
//!
//! - Groups that follow KIP-848, with what each member has and is to have; any other group is
//!   `GROUP_ID_NOT_FOUND`, and clients go on with `DescribeGroups`; the empty name is error 24.
//! - A group that is named again is described once.
//! - v1 (KIP-1099) shows the type of a member: all follow the new protocol (1).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::consumer_group_describe_response::{
    Assignment, DescribedGroup, Member, TopicPartitions,
};
use kafka_protocol::messages::{
    ApiKey, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, GroupId,
};
use kafka_protocol::protocol::StrBytes;

use super::authorized;
use super::group_fields::{text, topic_name};
use super::repeated::once;
use crate::broker::Broker;
use crate::group::consumer::{self, ConsumerGroup};
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::ConsumerGroupDescribe, 0..=1);

/// A member that follows KIP-848.
const CONSUMER_MEMBER: i8 = 1;

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: ConsumerGroupDescribeRequest,
) -> ConsumerGroupDescribeResponse {
    let operations = authorized::asked(request.include_authorized_operations, authorized::GROUP);
    let describe = |id: &GroupId| {
        let found = broker.groups.describe_consumers(id, |group| described(broker, call, group));
        found
            .unwrap_or_else(|| unknown(broker, id))
            .with_group_id(id.clone())
            .with_authorized_operations(operations)
    };
    let groups = once(&request.group_ids, |id| (*id).clone()).map(describe);
    ConsumerGroupDescribeResponse::default().with_groups(groups.collect())
}

/// With the words that Kafka's tools show.
fn unknown(broker: &Broker, id: &GroupId) -> DescribedGroup {
    if id.is_empty() {
        return DescribedGroup::default()
            .with_error_code(ResponseError::InvalidGroupId.code())
            .with_error_message(None);
    }
    let message = match broker.groups.describe(id.as_str()) {
        Some(_) => format!("Group {} is not a consumer group.", id.as_str()),
        None => format!("Group {} not found.", id.as_str()),
    };
    DescribedGroup::default()
        .with_error_code(ResponseError::GroupIdNotFound.code())
        .with_error_message(Some(text(message)))
}

fn described(broker: &Broker, call: &Call, group: &ConsumerGroup) -> DescribedGroup {
    let members = group.members.iter().map(|(id, member)| {
        let target = group.targets.get(id).cloned().unwrap_or_default();
        let member_type = if call.api_version >= 1 { CONSUMER_MEMBER } else { -1 };
        self::member(broker, id, member)
            .with_target_assignment(assignment(broker, &target))
            .with_member_type(member_type)
    });
    DescribedGroup::default()
        .with_group_state(StrBytes::from_static_str(group.state_name()))
        .with_group_epoch(group.epoch)
        .with_assignment_epoch(group.target_epoch)
        .with_assignor_name(text(group.assignor()))
        .with_members(members.collect())
}

fn member(broker: &Broker, id: &str, member: &consumer::Member) -> Member {
    let subscription = &member.subscription;
    Member::default()
        .with_member_id(text(id))
        .with_instance_id(subscription.instance_id.clone().map(text))
        .with_rack_id(subscription.rack_id.clone().map(text))
        .with_member_epoch(member.current.epoch)
        .with_client_id(text(&subscription.client_id))
        .with_client_host(text(&subscription.client_host))
        .with_subscribed_topic_names(
            subscription.topic_names.iter().map(|name| topic_name(name)).collect(),
        )
        .with_subscribed_topic_regex(subscription.topic_regex.clone().map(text))
        .with_assignment(assignment(broker, &member.current.assigned))
}

fn assignment(broker: &Broker, assignment: &consumer::Assignment) -> Assignment {
    let topics = assignment.topics().map(|(id, partitions)| {
        let topic = broker.topics.by_id(id);
        TopicPartitions::default()
            .with_topic_id(id)
            .with_topic_name(topic.map(|topic| topic_name(&topic.name)).unwrap_or_default())
            .with_partitions(partitions.iter().copied().collect())
    });
    Assignment::default().with_topic_partitions(topics.collect())
}
