//! `OffsetFetch` (9), versions 1–10.
//!
//! - A partition without a committed offset, and every partition of a group that does not exist,
//!   is a success with offset −1: clients start from their reset policy.
//! - With `require_stable` a place that an open transaction may yet commit is error 88: the client
//!   asks again.
//! - v2 null topics ask for all, and errors have a place of their own; v5 leader epochs; v7
//!   (KIP-447) may ask for stable offsets alone; v8 (KIP-709) several groups; v9 (KIP-848) names a
//!   member and its epoch; v10 names topics by id.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{ApiKey, OffsetFetchRequest, OffsetFetchResponse};
use uuid::Uuid;

use super::group_fields::{text, topic_name};
use crate::broker::Broker;
use crate::group::record::CommittedOffset;
use crate::group::state::Group;
use crate::net::{Api, Call, CloseReason};

pub(crate) const API: Api = Api::new(ApiKey::OffsetFetch, 1..=10);

const SEVERAL_GROUPS: i16 = 8;
const TOPIC_IDS: i16 = 10;

/// A topic's partitions that are asked for, by name or by id.
struct Wanted {
    topic: Option<String>,
    id: Uuid,
    partitions: Vec<i32>,
}

/// A partition, and what is committed there.
type Place = (i32, Result<Option<CommittedOffset>, ResponseError>);

/// One topic's places.
struct Found {
    topic: String,
    id: Uuid,
    partitions: Vec<Place>,
}

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: OffsetFetchRequest,
) -> Result<OffsetFetchResponse, CloseReason> {
    if call.api_version >= SEVERAL_GROUPS {
        let mut groups = Vec::new();
        for group in &request.groups {
            groups.push(fetch_group(broker, call, group, request.require_stable).await?);
        }
        return Ok(OffsetFetchResponse::default().with_groups(groups));
    }
    let wanted = request.topics.as_ref().map(|topics| topics.iter().map(Wanted::by_name).collect());
    let read = Read { broker, wanted, require_stable: request.require_stable };
    let found = broker.groups.read_offsets(&request.group_id, |group| read.of(group)).await?;
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
    call: &Call,
    asked: &OffsetFetchRequestGroup,
    require_stable: bool,
) -> Result<OffsetFetchResponseGroup, CloseReason> {
    let by_id = call.api_version >= TOPIC_IDS;
    let one = |topic: &OffsetFetchRequestTopics| match by_id {
        true => Wanted::by_id(broker, topic),
        false => Wanted::of_group(topic),
    };
    let wanted = asked.topics.as_ref().map(|topics| topics.iter().map(one).collect());
    let read = Read { broker, wanted, require_stable };
    let member = asked.member_id.as_ref().map(|id| (id.as_str(), asked.member_epoch));
    let found = broker.groups.read_offsets(&asked.group_id, |group| {
        group.map_or(Ok(()), |group| group.check_reader(member))?;
        Ok(read.of(group))
    });
    let response = OffsetFetchResponseGroup::default().with_group_id(asked.group_id.clone());
    let found: Vec<Found> = match found.await? {
        Ok(found) => found,
        Err(error) => {
            let error: ResponseError = error;
            return Ok(response.with_error_code(error.code()));
        }
    };
    // A topic that is gone has no id to be named by.
    let topics = found.into_iter().filter(|one| !by_id || !one.id.is_nil()).map(|one| {
        let partitions = one.partitions.into_iter().map(partition_of_group).collect();
        let topic = OffsetFetchResponseTopics::default().with_partitions(partitions);
        match by_id {
            true => topic.with_topic_id(one.id),
            false => topic.with_name(topic_name(&one.topic)),
        }
    });
    Ok(response.with_topics(topics.collect()))
}

impl Wanted {
    fn by_name(topic: &OffsetFetchRequestTopic) -> Self {
        let partitions = topic.partition_indexes.clone();
        Self { topic: Some(topic.name.to_string()), id: Uuid::nil(), partitions }
    }

    fn of_group(topic: &OffsetFetchRequestTopics) -> Self {
        let partitions = topic.partition_indexes.clone();
        Self { topic: Some(topic.name.to_string()), id: Uuid::nil(), partitions }
    }

    fn by_id(broker: &Broker, topic: &OffsetFetchRequestTopics) -> Self {
        let found = broker.topics.by_id(topic.topic_id);
        Self {
            topic: found.map(|found| found.name.clone()),
            id: topic.topic_id,
            partitions: topic.partition_indexes.clone(),
        }
    }
}

/// What is to be read of a group: the places asked for, or everything.
struct Read<'a> {
    broker: &'a Broker,
    wanted: Option<Vec<Wanted>>,
    require_stable: bool,
}

impl Read<'_> {
    fn of(self, group: Option<&Group>) -> Vec<Found> {
        let Self { broker, wanted, require_stable } = self;
        let wanted = wanted.unwrap_or_else(|| {
            let everything = group.map(|group| everything(broker, group));
            everything.unwrap_or_default()
        });
        let look_up = |Wanted { topic, id, partitions }: Wanted| {
            let place = |index| match &topic {
                Some(topic) => (index, committed(group, topic, index, require_stable)),
                None => (index, Err(ResponseError::UnknownTopicId)),
            };
            let partitions = partitions.into_iter().map(place).collect();
            Found { topic: topic.unwrap_or_default(), id, partitions }
        };
        wanted.into_iter().map(look_up).collect()
    }
}

fn committed(
    group: Option<&Group>,
    topic: &str,
    index: i32,
    require_stable: bool,
) -> Result<Option<CommittedOffset>, ResponseError> {
    let Some(group) = group else { return Ok(None) };
    if require_stable && group.pending.has(topic, index) {
        return Err(ResponseError::UnstableOffsetCommit);
    }
    Ok(group.offsets.committed(topic, index).cloned())
}

fn everything(broker: &Broker, group: &Group) -> Vec<Wanted> {
    let topics = group.offsets.topics();
    let one = |(topic, all): (&str, &std::collections::BTreeMap<i32, CommittedOffset>)| Wanted {
        topic: Some(topic.to_owned()),
        id: broker.topics.get(topic).map_or(Uuid::nil(), |topic| topic.id),
        partitions: all.keys().copied().collect(),
    };
    topics.map(one).collect()
}

fn partition(call: &Call, (index, committed): Place) -> OffsetFetchResponsePartition {
    let answer = OffsetFetchResponsePartition::default().with_partition_index(index);
    match committed {
        Err(error) => answer.with_committed_offset(-1).with_error_code(error.code()),
        Ok(None) => answer.with_committed_offset(-1),
        Ok(Some(committed)) => {
            let leader_epoch = if call.api_version >= 5 { committed.leader_epoch } else { -1 };
            answer
                .with_committed_offset(committed.offset)
                .with_committed_leader_epoch(leader_epoch)
                .with_metadata(Some(text(committed.metadata)))
        }
    }
}

fn partition_of_group((index, committed): Place) -> OffsetFetchResponsePartitions {
    let answer = OffsetFetchResponsePartitions::default().with_partition_index(index);
    match committed {
        Err(error) => answer.with_committed_offset(-1).with_error_code(error.code()),
        Ok(None) => answer.with_committed_offset(-1),
        Ok(Some(committed)) => answer
            .with_committed_offset(committed.offset)
            .with_committed_leader_epoch(committed.leader_epoch)
            .with_metadata(Some(text(committed.metadata))),
    }
}
