//! Consumer groups, of the classic protocol and of KIP-848: who is in them, and how far they read.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use bytes::Bytes;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::consumer_group_describe_response::{Assignment, Member};
use kafka_protocol::messages::describe_groups_response::DescribedGroupMember;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, DescribeGroupsRequest, FindCoordinatorRequest, GroupId,
    ListGroupsRequest, OffsetCommitRequest, OffsetFetchRequest,
};
use kafka_protocol::protocol::StrBytes;
use levada_kafka_wire::WireError;
use levada_kafka_wire::reader::Reader;

use crate::cluster::{Cluster, topic_name};
use crate::connection::Connection;
use crate::error::KafkaError;
use crate::offsets::TopicPartition;

/// To 3 one coordinator is asked for.
const FIND_COORDINATOR: RangeInclusive<i16> = 1..=3;
const LIST_GROUPS: RangeInclusive<i16> = 0..=5;
/// To 5 a group that is not there is dead.
const DESCRIBE_GROUPS: RangeInclusive<i16> = 0..=5;
const CONSUMER_GROUP_DESCRIBE: RangeInclusive<i16> = 0..=1;
/// From 2 on all partitions can be asked for, to 7 of one group.
const OFFSET_FETCH: RangeInclusive<i16> = 2..=7;
const OFFSET_COMMIT: RangeInclusive<i16> = 2..=8;

/// The length of a name, and a count.
const TOPIC_BYTES_MIN: usize = 6;
const PARTITION_BYTES: usize = 4;

/// A group as the list has it. Old brokers leave words empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupListing {
    pub id: String,
    pub state: String,
    /// `classic`, `consumer`, `share`.
    pub kind: String,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    pub state: String,
    /// `classic` or `consumer`.
    pub kind: &'static str,
    /// How partitions are given out.
    pub assignor: String,
    /// The node that coordinates it.
    pub coordinator: i32,
    pub members: Vec<GroupMember>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    pub id: String,
    /// Of a static member.
    pub instance_id: Option<String>,
    pub client_id: String,
    pub host: String,
    pub partitions: Vec<TopicPartition>,
}

impl Group {
    /// The member that a partition is assigned to.
    pub fn owner(&self, partition: &TopicPartition) -> Option<&GroupMember> {
        self.members.iter().find(|member| member.partitions.contains(partition))
    }
}

impl Cluster {
    /// Every group of every broker, by id.
    pub async fn groups(&mut self) -> Result<Vec<GroupListing>, KafkaError> {
        let nodes: Vec<i32> = self.brokers().iter().map(|broker| broker.node).collect();
        let mut groups = Vec::new();
        for node in nodes {
            let answer = self
                .retried(async |cluster| {
                    let connection = cluster.node(node).await?;
                    let answer =
                        connection.call(LIST_GROUPS, &ListGroupsRequest::default()).await?;
                    KafkaError::check(answer.error_code, || format!("groups of broker {node}"))?;
                    Ok(answer)
                })
                .await?;
            groups.extend(answer.groups.into_iter().map(|group| GroupListing {
                id: group.group_id.0.to_string(),
                state: group.group_state.to_string(),
                kind: group.group_type.to_lowercase(),
            }));
        }
        groups.sort();
        groups.dedup();
        Ok(groups)
    }

    /// A group with its members.
    pub async fn group(&mut self, id: &str) -> Result<Group, KafkaError> {
        self.retried(async |cluster| {
            let coordinator = cluster.coordinator(id).await?;
            let connection = cluster.node(coordinator).await?;
            match describe_consumer(connection, id, coordinator).await? {
                Some(group) => Ok(group),
                None => describe_classic(connection, id, coordinator).await,
            }
        })
        .await
    }

    /// The committed offsets of a group, by partition.
    pub async fn committed(
        &mut self,
        group: &str,
    ) -> Result<BTreeMap<TopicPartition, i64>, KafkaError> {
        self.retried(async |cluster| {
            let coordinator = cluster.coordinator(group).await?;
            let request =
                OffsetFetchRequest::default().with_group_id(group_id(group)).with_topics(None);
            let answer = cluster.node(coordinator).await?.call(OFFSET_FETCH, &request).await?;
            KafkaError::check(answer.error_code, || format!("offsets of group '{group}'"))?;
            let mut offsets = BTreeMap::new();
            for topic in answer.topics {
                let name = topic.name.0.to_string();
                for found in topic.partitions {
                    let what = || format!("offsets of group '{group}' in topic '{name}'");
                    KafkaError::check(found.error_code, what)?;
                    if found.committed_offset >= 0 {
                        let place = TopicPartition {
                            topic: name.clone(),
                            partition: found.partition_index,
                        };
                        offsets.insert(place, found.committed_offset);
                    }
                }
            }
            Ok(offsets)
        })
        .await
    }

    /// Commits offsets for a group that has no members.
    pub async fn commit(
        &mut self,
        group: &str,
        offsets: &BTreeMap<TopicPartition, i64>,
    ) -> Result<(), KafkaError> {
        let mut topics: BTreeMap<&str, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
        for (place, offset) in offsets {
            let partition = OffsetCommitRequestPartition::default()
                .with_partition_index(place.partition)
                .with_committed_offset(*offset);
            topics.entry(&place.topic).or_default().push(partition);
        }
        let topics = topics.into_iter().map(|(name, partitions)| {
            OffsetCommitRequestTopic::default()
                .with_name(topic_name(name))
                .with_partitions(partitions)
        });
        let request = OffsetCommitRequest::default()
            .with_group_id(group_id(group))
            .with_topics(topics.collect());
        self.retried(async |cluster| {
            let coordinator = cluster.coordinator(group).await?;
            let answer = cluster.node(coordinator).await?.call(OFFSET_COMMIT, &request).await?;
            for topic in answer.topics {
                for answered in topic.partitions {
                    let (name, partition) = (&topic.name.0, answered.partition_index);
                    let what = || format!("offset of group '{group}' for {name}-{partition}");
                    KafkaError::check(answered.error_code, what)?;
                }
            }
            Ok(())
        })
        .await
    }

    async fn coordinator(&mut self, group: &str) -> Result<i32, KafkaError> {
        let request =
            FindCoordinatorRequest::default().with_key(StrBytes::from_string(group.to_owned()));
        let answer = self.any().call(FIND_COORDINATOR, &request).await?;
        let message = answer.error_message.as_deref();
        let what = || format!("coordinator of group '{group}'");
        KafkaError::check_with(answer.error_code, message, what)?;
        Ok(answer.node_id.0)
    }
}

/// A group of KIP-848; `None` where it is none.
async fn describe_consumer(
    connection: &mut Connection,
    id: &str,
    coordinator: i32,
) -> Result<Option<Group>, KafkaError> {
    if !connection.serves::<ConsumerGroupDescribeRequest>(&CONSUMER_GROUP_DESCRIBE) {
        return Ok(None);
    }
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![group_id(id)]);
    let answer = connection.call(CONSUMER_GROUP_DESCRIBE, &request).await?;
    let Some(group) = answer.groups.into_iter().next() else { return Ok(None) };
    let message = group.error_message.as_deref();
    match KafkaError::check_with(group.error_code, message, || format!("group '{id}'")) {
        Err(error) if error.is(ResponseError::GroupIdNotFound) => return Ok(None),
        checked => checked?,
    }
    Ok(Some(Group {
        id: id.to_owned(),
        state: group.group_state.to_string(),
        kind: "consumer",
        assignor: group.assignor_name.to_string(),
        coordinator,
        members: group.members.into_iter().map(consumer_member).collect(),
    }))
}

fn consumer_member(member: Member) -> GroupMember {
    let Assignment { topic_partitions, .. } = member.assignment;
    let assigned = topic_partitions
        .iter()
        .flat_map(|topic| places(&topic.topic_name.0, &topic.partitions))
        .collect();
    GroupMember {
        id: member.member_id.to_string(),
        instance_id: member.instance_id.map(|id| id.to_string()),
        client_id: member.client_id.to_string(),
        host: member.client_host.to_string(),
        partitions: assigned,
    }
}

async fn describe_classic(
    connection: &mut Connection,
    id: &str,
    coordinator: i32,
) -> Result<Group, KafkaError> {
    let request = DescribeGroupsRequest::default().with_groups(vec![group_id(id)]);
    let answer = connection.call(DESCRIBE_GROUPS, &request).await?;
    let no_group = || KafkaError::NoGroup(id.to_owned());
    let group = answer.groups.into_iter().next().ok_or_else(no_group)?;
    KafkaError::check(group.error_code, || format!("group '{id}'"))?;
    if &*group.group_state == "Dead" {
        return Err(no_group());
    }
    Ok(Group {
        id: id.to_owned(),
        state: group.group_state.to_string(),
        kind: "classic",
        assignor: group.protocol_data.to_string(),
        coordinator,
        members: group.members.into_iter().map(classic_member).collect(),
    })
}

fn classic_member(member: DescribedGroupMember) -> GroupMember {
    GroupMember {
        id: member.member_id.to_string(),
        instance_id: member.group_instance_id.map(|id| id.to_string()),
        client_id: member.client_id.to_string(),
        host: member.client_host.to_string(),
        partitions: assigned(&member.member_assignment),
    }
}

/// What the leader of a group gave a member. Groups that are none of consumers put something else
/// there, and then nothing is known of it.
fn assigned(bytes: &Bytes) -> Vec<TopicPartition> {
    read_assignment(&mut Reader::new(bytes)).unwrap_or_default()
}

/// Version, topics with their partitions, and what the program added. The bytes come from other
/// clients, so their counts are not believed.
fn read_assignment(reader: &mut Reader<'_>) -> Result<Vec<TopicPartition>, WireError> {
    let mut assigned = Vec::new();
    reader.i16()?;
    for _ in 0..reader.count(false, TOPIC_BYTES_MIN)? {
        let topic = reader.text(false)?.unwrap_or_default();
        let topic = String::from_utf8_lossy(&topic).into_owned();
        for _ in 0..reader.count(false, PARTITION_BYTES)? {
            assigned.push(TopicPartition { topic: topic.clone(), partition: reader.i32()? });
        }
    }
    Ok(assigned)
}

fn places(topic: &StrBytes, partitions: &[i32]) -> Vec<TopicPartition> {
    let place = |&partition: &i32| TopicPartition { topic: topic.to_string(), partition };
    partitions.iter().map(place).collect()
}

fn group_id(id: &str) -> GroupId {
    GroupId(StrBytes::from_string(id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignment_is_read_and_one_that_is_cut_or_boasts_is_none() {
        let whole = Bytes::from_static(
            b"\0\x03\0\0\0\x01\0\x02ab\0\0\0\x02\0\0\0\0\0\0\0\x07\xff\xff\xff\xff",
        );
        let place = |partition| TopicPartition { topic: "ab".to_owned(), partition };
        assert_eq!(assigned(&whole), [place(0), place(7)]);
        assert_eq!(assigned(&whole.slice(..20)), []);
        assert_eq!(assigned(&Bytes::from_static(b"\0\0\x7f\xff\xff\xff")), []);
        assert_eq!(assigned(&Bytes::new()), []);
    }
}
