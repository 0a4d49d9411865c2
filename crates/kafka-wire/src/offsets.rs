//! Committed offsets in version 10 of `OffsetCommit` and `OffsetFetch`, which names topics by id:
//! the protocol crate's requests end at version 9, and its responses know no ids.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    GroupId, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::budget::Budget;
use crate::reader::{Reader, WireError};
use crate::varint::put_uvarint;

/// The first version that names topics by id; the last there is.
pub const BY_ID: i16 = 10;

/// A message whose topics have ids in the place of names.
#[derive(Debug, Clone, PartialEq)]
pub struct ById<M> {
    /// The names in it are empty.
    pub message: M,
    /// Of its topics, in their order; of those of all groups one after the other.
    pub topic_ids: Vec<[u8; 16]>,
}

/// Reads a body of version 10. Bytes after it are left alone.
pub fn read_commit(body: &Bytes) -> Result<ById<OffsetCommitRequest>, WireError> {
    let (mut reader, mut budget) = (Reader::new(body), Budget::of_frame(body.len()));
    let mut topic_ids = Vec::new();
    let message = OffsetCommitRequest::default()
        .with_group_id(GroupId(required_text(&mut reader)?))
        .with_generation_id_or_member_epoch(reader.i32()?)
        .with_member_id(required_text(&mut reader)?)
        .with_group_instance_id(text(&mut reader)?);
    let topics = reader.structs(true, |reader| {
        budget.element()?;
        topic_ids.push(reader.array()?);
        let partitions = reader.structs(true, |reader| {
            budget.element()?;
            Ok(OffsetCommitRequestPartition::default()
                .with_partition_index(reader.i32()?)
                .with_committed_offset(reader.i64()?)
                .with_committed_leader_epoch(reader.i32()?)
                .with_committed_metadata(text(reader)?))
        })?;
        Ok(OffsetCommitRequestTopic::default().with_partitions(partitions))
    })?;
    reader.skip_tagged_fields()?;
    Ok(ById { message: message.with_topics(topics), topic_ids })
}

/// Reads a body of version 10. Bytes after it are left alone.
pub fn read_fetch(body: &Bytes) -> Result<ById<OffsetFetchRequest>, WireError> {
    let (mut reader, mut budget) = (Reader::new(body), Budget::of_frame(body.len()));
    let mut topic_ids = Vec::new();
    let groups = reader.structs(true, |reader| {
        budget.element()?;
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(GroupId(required_text(reader)?))
            .with_member_id(text(reader)?)
            .with_member_epoch(reader.i32()?);
        let topics = reader.nullable_structs(true, |reader| {
            budget.element()?;
            topic_ids.push(reader.array()?);
            let count = reader.count(true, size_of::<i32>())?;
            budget.elements(count)?;
            let indexes = (0..count).map(|_| reader.i32()).collect::<Result<_, _>>()?;
            Ok(OffsetFetchRequestTopics::default().with_partition_indexes(indexes))
        })?;
        Ok(group.with_topics(topics))
    })?;
    let require_stable = reader.i8()? != 0;
    reader.skip_tagged_fields()?;
    let message = OffsetFetchRequest::default().with_groups(groups);
    Ok(ById { message: message.with_require_stable(require_stable), topic_ids })
}

/// Appends a body of version 10.
pub fn write_commit(answer: &ById<OffsetCommitResponse>, out: &mut BytesMut) {
    let ById { message, topic_ids } = answer;
    out.put_i32(message.throttle_time_ms);
    put_count(message.topics.len(), out);
    for (topic, id) in message.topics.iter().zip(topic_ids) {
        out.put_slice(id);
        put_count(topic.partitions.len(), out);
        for partition in &topic.partitions {
            out.put_i32(partition.partition_index);
            out.put_i16(partition.error_code);
            no_tagged_fields(out);
        }
        no_tagged_fields(out);
    }
    no_tagged_fields(out);
}

/// Appends a body of version 10.
pub fn write_fetch(answer: &ById<OffsetFetchResponse>, out: &mut BytesMut) {
    let ById { message, topic_ids } = answer;
    let mut topic_ids = topic_ids.iter();
    out.put_i32(message.throttle_time_ms);
    put_count(message.groups.len(), out);
    for group in &message.groups {
        put_text(&group.group_id, out);
        put_count(group.topics.len(), out);
        for (topic, id) in group.topics.iter().zip(topic_ids.by_ref()) {
            out.put_slice(id);
            put_count(topic.partitions.len(), out);
            for partition in &topic.partitions {
                out.put_i32(partition.partition_index);
                out.put_i64(partition.committed_offset);
                out.put_i32(partition.committed_leader_epoch);
                match &partition.metadata {
                    Some(metadata) => put_text(metadata, out),
                    None => put_uvarint(out, 0),
                }
                out.put_i16(partition.error_code);
                no_tagged_fields(out);
            }
            no_tagged_fields(out);
        }
        out.put_i16(group.error_code);
        no_tagged_fields(out);
    }
    no_tagged_fields(out);
}

fn text(reader: &mut Reader<'_>) -> Result<Option<StrBytes>, WireError> {
    let at = reader.position();
    let text = reader.text(true)?.map(StrBytes::from_utf8).transpose();
    text.map_err(|_| WireError::Utf8 { at })
}

fn required_text(reader: &mut Reader<'_>) -> Result<StrBytes, WireError> {
    let at = reader.position();
    text(reader)?.ok_or(WireError::Null { at })
}

/// Of elements, or of the bytes of a text.
fn put_count(count: usize, out: &mut BytesMut) {
    put_uvarint(out, u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1));
}

fn put_text(text: &StrBytes, out: &mut BytesMut) {
    put_count(text.len(), out);
    out.put_slice(text.as_bytes());
}

fn no_tagged_fields(out: &mut BytesMut) {
    out.put_u8(0);
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::TopicName;
    use kafka_protocol::messages::offset_commit_response::{
        OffsetCommitResponsePartition, OffsetCommitResponseTopic,
    };
    use kafka_protocol::messages::offset_fetch_response::{
        OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
    };
    use kafka_protocol::protocol::Encodable;

    use super::*;

    /// Names of fifteen bytes, which version 9 writes behind a byte of length: sixteen bytes, where
    /// version 10 has an id.
    const NAMES: [&str; 3] = ["fifteen-bytes-1", "fifteen-bytes-2", "fifteen-bytes-3"];

    fn name(at: usize) -> TopicName {
        TopicName(StrBytes::from_static_str(NAMES[at]))
    }

    fn ids() -> Vec<[u8; 16]> {
        let id = |name: &str| [&[16], name.as_bytes()].concat().try_into().unwrap();
        NAMES.into_iter().map(id).collect()
    }

    fn text(text: &'static str) -> StrBytes {
        StrBytes::from_static_str(text)
    }

    fn body(message: &impl Encodable) -> Bytes {
        let mut body = BytesMut::new();
        message.encode(&mut body, 9).unwrap();
        body.freeze()
    }

    fn commit(name: impl Fn(usize) -> TopicName) -> OffsetCommitRequest {
        let partition = |index: i32| {
            let metadata = (index > 0).then(|| text("why"));
            OffsetCommitRequestPartition::default()
                .with_partition_index(index)
                .with_committed_offset(i64::from(index) + (1 << 40))
                .with_committed_leader_epoch(7)
                .with_committed_metadata(metadata)
        };
        let topic = |at| {
            OffsetCommitRequestTopic::default()
                .with_name(name(at))
                .with_partitions(vec![partition(0), partition(3)])
        };
        OffsetCommitRequest::default()
            .with_group_id(GroupId(text("g")))
            .with_generation_id_or_member_epoch(4)
            .with_member_id(text("m"))
            .with_group_instance_id(Some(text("i")))
            .with_topics((0..3).map(topic).collect())
    }

    fn fetch(name: impl Fn(usize) -> TopicName) -> OffsetFetchRequest {
        let topic = |at| {
            OffsetFetchRequestTopics::default()
                .with_name(name(at))
                .with_partition_indexes(vec![0, 5])
        };
        let group = |id, topics: Option<Vec<_>>| {
            OffsetFetchRequestGroup::default()
                .with_group_id(GroupId(text(id)))
                .with_member_id(Some(text("m")))
                .with_member_epoch(2)
                .with_topics(topics)
        };
        let groups = vec![
            group("a", Some(vec![topic(0)])),
            group("b", None),
            group("c", Some(vec![topic(1), topic(2)])),
        ];
        OffsetFetchRequest::default().with_groups(groups).with_require_stable(true)
    }

    #[test]
    fn requests_read_as_those_of_version_9_with_ids_for_names() {
        let unnamed = |_| TopicName::default();
        let read = read_commit(&body(&commit(name))).unwrap();
        assert_eq!(read, ById { message: commit(unnamed), topic_ids: ids() });
        let read = read_fetch(&body(&fetch(name))).unwrap();
        assert_eq!(read, ById { message: fetch(unnamed), topic_ids: ids() });
    }

    #[test]
    fn every_prefix_of_a_request_is_an_error() {
        let (commit, fetch) = (body(&commit(name)), body(&fetch(name)));
        for end in 0..commit.len() {
            assert!(read_commit(&commit.slice(..end)).is_err(), "{end}");
        }
        for end in 0..fetch.len() {
            assert!(read_fetch(&fetch.slice(..end)).is_err(), "{end}");
        }
    }

    #[test]
    fn answers_are_written_as_those_of_version_9_with_ids_for_names() {
        let topic = |at| {
            let partition = OffsetCommitResponsePartition::default();
            OffsetCommitResponseTopic::default()
                .with_name(name(at))
                .with_partitions(vec![partition.with_partition_index(3).with_error_code(25)])
        };
        let message = OffsetCommitResponse::default().with_topics((0..3).map(topic).collect());
        let mut written = BytesMut::new();
        write_commit(&ById { message: message.clone(), topic_ids: ids() }, &mut written);
        assert_eq!(written, body(&message));

        let topic = |at| {
            let partition = OffsetFetchResponsePartitions::default()
                .with_partition_index(1)
                .with_committed_offset(1 << 40)
                .with_committed_leader_epoch(3);
            let noted = partition.clone().with_metadata(Some(text("why"))).with_error_code(88);
            OffsetFetchResponseTopics::default()
                .with_name(name(at))
                .with_partitions(vec![partition.with_metadata(None), noted])
        };
        let group = |id, topics| {
            let group = OffsetFetchResponseGroup::default().with_group_id(GroupId(text(id)));
            group.with_topics(topics).with_error_code(25)
        };
        let groups = vec![group("a", vec![topic(0)]), group("b", vec![topic(1), topic(2)])];
        let message = OffsetFetchResponse::default().with_groups(groups);
        let mut written = BytesMut::new();
        write_fetch(&ById { message: message.clone(), topic_ids: ids() }, &mut written);
        assert_eq!(written, body(&message));
    }
}
