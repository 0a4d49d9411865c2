//! `OffsetFetch` (9), versions 1–10.
//!
//! - A partition without a committed offset, and every partition of a group that does not exist,
//!   is a success with offset −1: clients start from their reset policy.
//! - A group or partition that is named again is answered once.
//! - With `require_stable` a place that an open transaction may yet commit is error 88: the client
//!   asks again.
//! - v2 null topics ask for all, and errors have a place of their own; v5 leader epochs; v7
//!   (KIP-447) may ask for stable offsets alone; v8 (KIP-709) several groups; v9 (KIP-848) names a
//!   member and its epoch; v10 names topics by id, 100 for one that nothing has.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{ApiKey, OffsetFetchRequest, OffsetFetchResponse};

use levada_kafka_wire::offsets::{BY_ID, ById, read_fetch, write_fetch};

use super::group_fields::{text, topic_name, topic_of_id};
use super::repeated::once;
use crate::broker::Broker;
use crate::group::record::CommittedOffset;
use crate::group::state::Group;
use crate::net::{Api, Call, CloseReason, Outcome, Reply, decode};

pub(crate) const API: Api = Api::new(ApiKey::OffsetFetch, 1..=BY_ID);

const SEVERAL_GROUPS: i16 = 8;

/// A topic's partitions that are asked for.
type Wanted = (String, Vec<i32>);

/// A partition, and what is committed there.
type Place = (i32, Result<Option<CommittedOffset>, ResponseError>);

/// One topic's places.
struct Found {
    topic: String,
    partitions: Vec<Place>,
}

pub(crate) async fn run(
    broker: Arc<Broker>,
    call: Call,
    body: Bytes,
) -> Result<Outcome, CloseReason> {
    if call.api_version < BY_ID {
        let response = handle(&broker, &call, decode(&call, &body)?).await?;
        broker.metrics.answered(call.api_key, &response);
        return Ok(Outcome::Reply(Reply::encode(&call, &response)?));
    }
    let answer = fetch_by_id(&broker, read_fetch(&body)?).await?;
    broker.metrics.answered(call.api_key, &answer.message);
    let mut frame = Reply::head(&call, call.api_version);
    write_fetch(&answer, &mut frame);
    Ok(Outcome::Reply(Reply::of_parts(frame, Vec::new()).ok_or(CloseReason::ReplyTooLarge)?))
}

async fn fetch_by_id(
    broker: &Broker,
    asked: ById<OffsetFetchRequest>,
) -> Result<ById<OffsetFetchResponse>, CloseReason> {
    let ById { message: request, topic_ids } = asked;
    let mut asked_ids = topic_ids.into_iter();
    let (mut groups, mut topic_ids) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for mut group in request.groups {
        let mut ids = Vec::new();
        for topic in group.topics.iter_mut().flatten() {
            let id = asked_ids.next().unwrap_or_default();
            topic.name = topic_of_id(broker, id);
            ids.push(id);
        }
        if !seen.insert(group.group_id.clone()) {
            continue;
        }
        let is_for_all = group.topics.is_none();
        let mut found = fetch_group(broker, &group, request.require_stable).await?;
        if is_for_all {
            // What was committed for a topic that is gone has no id to be named by.
            found.topics.retain(|topic| {
                let id = broker.topics.get(&topic.name).map(|topic| topic.id.into_bytes());
                ids.extend(id);
                id.is_some()
            });
        }
        for topic in found.topics.iter_mut().filter(|topic| topic.name.is_empty()) {
            for partition in &mut topic.partitions {
                partition.error_code = ResponseError::UnknownTopicId.code();
            }
        }
        // An error of the group stands for all of its topics.
        ids.truncate(found.topics.len());
        topic_ids.append(&mut ids);
        groups.push(found);
    }
    Ok(ById { message: OffsetFetchResponse::default().with_groups(groups), topic_ids })
}

pub(super) async fn handle(
    broker: &Broker,
    call: &Call,
    request: OffsetFetchRequest,
) -> Result<OffsetFetchResponse, CloseReason> {
    if call.api_version >= SEVERAL_GROUPS {
        let mut groups = Vec::new();
        for group in once(&request.groups, |group| group.group_id.clone()) {
            groups.push(fetch_group(broker, group, request.require_stable).await?);
        }
        return Ok(OffsetFetchResponse::default().with_groups(groups));
    }
    let one =
        |topic: &OffsetFetchRequestTopic| (topic.name.to_string(), topic.partition_indexes.clone());
    let wanted = request.topics.as_ref().map(|topics| topics.iter().map(one).collect());
    let read = Read { wanted, require_stable: request.require_stable };
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
    asked: &OffsetFetchRequestGroup,
    require_stable: bool,
) -> Result<OffsetFetchResponseGroup, CloseReason> {
    let one = |topic: &OffsetFetchRequestTopics| {
        (topic.name.to_string(), topic.partition_indexes.clone())
    };
    let wanted = asked.topics.as_ref().map(|topics| topics.iter().map(one).collect());
    let read = Read { wanted, require_stable };
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
    let topics = found.into_iter().map(|one| {
        let partitions = one.partitions.into_iter().map(partition_of_group).collect();
        OffsetFetchResponseTopics::default()
            .with_name(topic_name(&one.topic))
            .with_partitions(partitions)
    });
    Ok(response.with_topics(topics.collect()))
}

/// What is to be read of a group: the places asked for, or everything.
struct Read {
    wanted: Option<Vec<Wanted>>,
    require_stable: bool,
}

impl Read {
    fn of(self, group: Option<&Group>) -> Vec<Found> {
        let Self { wanted, require_stable } = self;
        let wanted = wanted.unwrap_or_else(|| group.map(everything).unwrap_or_default());
        let mut seen = HashSet::new();
        let look_up = |(topic, mut indexes): Wanted| {
            indexes.retain(|index| seen.insert((topic.clone(), *index)));
            let place = |index| (index, committed(group, &topic, index, require_stable));
            let partitions = indexes.into_iter().map(place).collect();
            Found { topic, partitions }
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

fn everything(group: &Group) -> Vec<Wanted> {
    let topics = group.offsets.topics();
    topics.map(|(topic, all)| (topic.to_owned(), all.keys().copied().collect())).collect()
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
