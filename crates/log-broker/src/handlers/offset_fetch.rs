//! `OffsetFetch` (9), versions 1–9.
//!
//! - A partition without a committed offset, and every partition of a group that does not exist,
//!   is a success with offset −1: clients start from their reset policy.
//! - v2 null topics ask for all, and errors have a place of their own; v5 leader epochs; v7
//!   (KIP-447) may ask for stable offsets alone; v8 (KIP-709) several groups; v9 names a member,
//!   which a classic group does not look at.

use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{ApiKey, OffsetFetchRequest, OffsetFetchResponse};

use super::group_fields::{text, topic_name};
use crate::broker::Broker;
use crate::group::offsets::Offsets;
use crate::group::record::CommittedOffset;
use crate::net::{Api, Call, CloseReason};

pub(crate) const API: Api = Api::new(ApiKey::OffsetFetch, 1..=9).advertised_to(7);

/// One topic's places, each with what is committed there.
struct Found {
    topic: String,
    partitions: Vec<(i32, Option<CommittedOffset>)>,
}

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: OffsetFetchRequest,
) -> Result<OffsetFetchResponse, CloseReason> {
    if call.api_version >= 8 {
        let mut groups = Vec::new();
        for group in &request.groups {
            groups.push(fetch_group(broker, group).await?);
        }
        return Ok(OffsetFetchResponse::default().with_groups(groups));
    }
    let wanted = request.topics.as_ref().map(|topics| {
        let one =
            |topic: &kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic| {
                (topic.name.to_string(), topic.partition_indexes.clone())
            };
        topics.iter().map(one).collect()
    });
    let found = fetch(broker, request.group_id.as_str(), wanted).await?;
    let topics = found.into_iter().map(|one| {
        let partitions = one.partitions.into_iter().map(|place| partition(call, place));
        OffsetFetchResponseTopic::default()
            .with_name(topic_name(&one.topic))
            .with_partitions(partitions.collect())
    });
    Ok(OffsetFetchResponse::default().with_topics(topics.collect()))
}

async fn fetch_group(
    broker: &Broker,
    group: &OffsetFetchRequestGroup,
) -> Result<OffsetFetchResponseGroup, CloseReason> {
    let wanted = group.topics.as_ref().map(|topics| {
        let one =
            |topic: &kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopics| {
                (topic.name.to_string(), topic.partition_indexes.clone())
            };
        topics.iter().map(one).collect()
    });
    let found = fetch(broker, group.group_id.as_str(), wanted).await?;
    let topics = found.into_iter().map(|one| {
        OffsetFetchResponseTopics::default()
            .with_name(topic_name(&one.topic))
            .with_partitions(one.partitions.into_iter().map(partition_of_group).collect())
    });
    Ok(OffsetFetchResponseGroup::default()
        .with_group_id(group.group_id.clone())
        .with_topics(topics.collect()))
}

/// What is committed at the places asked for, or everywhere.
async fn fetch(
    broker: &Broker,
    group_id: &str,
    wanted: Option<Vec<(String, Vec<i32>)>>,
) -> Result<Vec<Found>, CloseReason> {
    let read = |offsets: Option<&Offsets>| match wanted {
        Some(wanted) => wanted.into_iter().map(|topic| look_up(offsets, topic)).collect(),
        None => offsets.into_iter().flat_map(Offsets::topics).map(everything).collect(),
    };
    Ok(broker.groups.read_offsets(group_id, read).await?)
}

fn look_up(offsets: Option<&Offsets>, (topic, indexes): (String, Vec<i32>)) -> Found {
    let committed = |index| offsets.and_then(|own| own.committed(&topic, index)).cloned();
    let partitions = indexes.into_iter().map(|index| (index, committed(index))).collect();
    Found { topic, partitions }
}

fn everything<'a>(
    (topic, partitions): (&'a str, &'a std::collections::BTreeMap<i32, CommittedOffset>),
) -> Found {
    let partitions = partitions.iter().map(|(index, one)| (*index, Some(one.clone()))).collect();
    Found { topic: topic.to_owned(), partitions }
}

fn partition(
    call: &Call,
    (index, committed): (i32, Option<CommittedOffset>),
) -> OffsetFetchResponsePartition {
    let answer = OffsetFetchResponsePartition::default().with_partition_index(index);
    let Some(committed) = committed else { return answer.with_committed_offset(-1) };
    let leader_epoch = if call.api_version >= 5 { committed.leader_epoch } else { -1 };
    answer
        .with_committed_offset(committed.offset)
        .with_committed_leader_epoch(leader_epoch)
        .with_metadata(Some(text(committed.metadata)))
}

fn partition_of_group(
    (index, committed): (i32, Option<CommittedOffset>),
) -> OffsetFetchResponsePartitions {
    let answer = OffsetFetchResponsePartitions::default().with_partition_index(index);
    let Some(committed) = committed else { return answer.with_committed_offset(-1) };
    answer
        .with_committed_offset(committed.offset)
        .with_committed_leader_epoch(committed.leader_epoch)
        .with_metadata(Some(text(committed.metadata)))
}
