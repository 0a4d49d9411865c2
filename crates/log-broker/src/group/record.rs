//! The records of `__consumer_offsets`, in Kafka's own schemas so that its tools can read them.
//!
//! ```text
//! key   v1  group string · topic string · partition i32                     an offset
//! key   v2  group string                                                    a group
//! value v1  offset i64 · metadata string · commit i64 · expire i64          with an expiry of its own
//! value v3  offset i64 · leader epoch i32 · metadata string · commit i64
//! value v3  type string · generation i32 · protocol string? · leader string? · state since i64
//!           · members [ id string · instance string? · client id string · client host string
//!                       · rebalance timeout i32 · session timeout i32
//!                       · subscription bytes · assignment bytes ]
//! ```
//! Each key and value starts with its version as i16; strings have an i16 length, bytes and arrays
//! an i32 length, −1 stands for null, times are Unix milliseconds. A null value is a tombstone.

use bytes::{Buf, Bytes};

use super::classic::{GroupMetadata, MemberMetadata};
use super::consumer::record::{
    CURRENT_KEY, ConsumerRecord, EPOCH_KEY, MEMBER_KEY, TARGET_EPOCH_KEY, TARGET_KEY,
};
use crate::record_log::EncodedRecord;

const OFFSET_KEY: i16 = 1;
const GROUP_KEY: i16 = 2;
const OFFSET_VALUE_WITH_EXPIRY: i16 = 1;
const OFFSET_VALUE: i16 = 3;
const GROUP_VALUE: i16 = 3;

/// A group's position in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommittedOffset {
    pub(crate) offset: i64,
    /// −1 when the client does not know it.
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: String,
    pub(crate) commit_timestamp_ms: i64,
    /// Set by clients that ask for a retention of their own (`OffsetCommit` 2 to 4).
    pub(crate) expire_timestamp_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GroupRecord {
    /// `None` forgets the offset.
    Offset { group: String, topic: String, partition: i32, committed: Option<CommittedOffset> },
    /// `None` forgets the group.
    Group { group: String, metadata: Option<GroupMetadata> },
    /// Of a group that follows KIP-848.
    Consumer { group: String, record: ConsumerRecord },
}

/// Why a record could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordFormatError {
    #[error("a text of {0} bytes does not fit the format, which allows 32767")]
    TextTooLong(usize),
    #[error("{0} bytes or elements do not fit the format, which allows 2147483647")]
    TooLarge(usize),
    #[error("the record ends within its {0}, or holds what no {0} can be")]
    Malformed(&'static str),
    #[error("value version {0} is not known to this program")]
    ValueVersion(i16),
    #[error(transparent)]
    Flexible(#[from] levada_kafka_wire::WireError),
}

impl GroupRecord {
    pub(crate) fn encode(&self) -> Result<EncodedRecord, RecordFormatError> {
        match self {
            Self::Offset { group, topic, partition, committed } => {
                let mut key = Writer::versioned(OFFSET_KEY);
                key.string(group)?;
                key.string(topic)?;
                key.i32(*partition);
                let value = committed.as_ref().map(encode_offset).transpose()?;
                Ok(EncodedRecord { key: key.0, value })
            }
            Self::Group { group, metadata } => {
                let mut key = Writer::versioned(GROUP_KEY);
                key.string(group)?;
                let value = metadata.as_ref().map(encode_group).transpose()?;
                Ok(EncodedRecord { key: key.0, value })
            }
            Self::Consumer { group, record } => {
                let mut key = Writer::versioned(record.key_version());
                key.string(group)?;
                if let Some(member_id) = record.member_id() {
                    key.string(member_id)?;
                }
                Ok(EncodedRecord { key: key.0, value: record.encode_value() })
            }
        }
    }

    /// `None` for a key of a version that this program does not write.
    pub(crate) fn decode(
        mut key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Option<Self>, RecordFormatError> {
        match i16_of(&mut key, "key version")? {
            OFFSET_KEY => {
                let group = string_of(&mut key, "group id")?;
                let topic = string_of(&mut key, "topic")?;
                let partition = i32_of(&mut key, "partition")?;
                let committed = value.map(decode_offset).transpose()?;
                Ok(Some(Self::Offset { group, topic, partition, committed }))
            }
            GROUP_KEY => {
                let group = string_of(&mut key, "group id")?;
                Ok(Some(Self::Group { group, metadata: value.map(decode_group).transpose()? }))
            }
            version @ (EPOCH_KEY | TARGET_EPOCH_KEY | MEMBER_KEY | TARGET_KEY | CURRENT_KEY) => {
                let group = string_of(&mut key, "group id")?;
                let has_member = !matches!(version, EPOCH_KEY | TARGET_EPOCH_KEY);
                let member_id =
                    if has_member { string_of(&mut key, "member id")? } else { String::new() };
                let record = ConsumerRecord::decode(version, member_id, value)?;
                Ok(record.map(|record| Self::Consumer { group, record }))
            }
            _ => Ok(None),
        }
    }
}

fn encode_offset(committed: &CommittedOffset) -> Result<Vec<u8>, RecordFormatError> {
    let version = match committed.expire_timestamp_ms {
        Some(_) => OFFSET_VALUE_WITH_EXPIRY,
        None => OFFSET_VALUE,
    };
    let mut value = Writer::versioned(version);
    value.i64(committed.offset);
    if committed.expire_timestamp_ms.is_none() {
        value.i32(committed.leader_epoch);
    }
    value.string(&committed.metadata)?;
    value.i64(committed.commit_timestamp_ms);
    if let Some(expire) = committed.expire_timestamp_ms {
        value.i64(expire);
    }
    Ok(value.0)
}

fn decode_offset(mut value: &[u8]) -> Result<CommittedOffset, RecordFormatError> {
    let from = &mut value;
    let version = i16_of(from, "value version")?;
    if version != OFFSET_VALUE && version != OFFSET_VALUE_WITH_EXPIRY {
        return Err(RecordFormatError::ValueVersion(version));
    }
    let has_expiry = version == OFFSET_VALUE_WITH_EXPIRY;
    Ok(CommittedOffset {
        offset: i64_of(from, "offset")?,
        leader_epoch: if has_expiry { -1 } else { i32_of(from, "leader epoch")? },
        metadata: string_of(from, "metadata")?,
        commit_timestamp_ms: i64_of(from, "commit timestamp")?,
        expire_timestamp_ms: has_expiry.then(|| i64_of(from, "expire timestamp")).transpose()?,
    })
}

fn encode_group(metadata: &GroupMetadata) -> Result<Vec<u8>, RecordFormatError> {
    let mut value = Writer::versioned(GROUP_VALUE);
    value.string(metadata.protocol_type.as_deref().unwrap_or_default())?;
    value.i32(metadata.generation_id);
    value.nullable_string(metadata.protocol.as_deref())?;
    value.nullable_string(metadata.leader.as_deref())?;
    value.i64(metadata.state_since_ms.unwrap_or(-1));
    value.length(metadata.members.len())?;
    for member in &metadata.members {
        value.string(&member.member_id)?;
        value.nullable_string(member.instance_id.as_deref())?;
        value.string(&member.client_id)?;
        value.string(&member.client_host)?;
        value.i32(i32::try_from(member.rebalance_timeout_ms).unwrap_or(i32::MAX));
        value.i32(i32::try_from(member.session_timeout_ms).unwrap_or(i32::MAX));
        value.bytes(&member.subscription)?;
        value.bytes(&member.assignment)?;
    }
    Ok(value.0)
}

fn decode_group(mut value: &[u8]) -> Result<GroupMetadata, RecordFormatError> {
    let from = &mut value;
    let version = i16_of(from, "value version")?;
    if version != GROUP_VALUE {
        return Err(RecordFormatError::ValueVersion(version));
    }
    let protocol_type = string_of(from, "protocol type")?;
    let generation_id = i32_of(from, "generation")?;
    let protocol = nullable_string_of(from, "protocol")?;
    let leader = nullable_string_of(from, "leader")?;
    let state_since_ms = i64_of(from, "state timestamp")?;
    let count = i32_of(from, "member count")?;
    // Each element is read before the next one is made: a false count allocates nothing.
    let members = (0..count).map(|_| decode_member(from)).collect::<Result<_, _>>()?;
    Ok(GroupMetadata {
        protocol_type: Some(protocol_type).filter(|name| !name.is_empty()),
        generation_id,
        protocol,
        leader,
        state_since_ms: Some(state_since_ms).filter(|at| *at >= 0),
        members,
    })
}

fn decode_member(from: &mut &[u8]) -> Result<MemberMetadata, RecordFormatError> {
    Ok(MemberMetadata {
        member_id: string_of(from, "member id")?,
        instance_id: nullable_string_of(from, "instance id")?,
        client_id: string_of(from, "client id")?,
        client_host: string_of(from, "client host")?,
        rebalance_timeout_ms: timeout_of(from, "rebalance timeout")?,
        session_timeout_ms: timeout_of(from, "session timeout")?,
        subscription: bytes_of(from, "subscription")?,
        assignment: bytes_of(from, "assignment")?,
    })
}

/// Appends big-endian fields.
struct Writer(Vec<u8>);

impl Writer {
    fn versioned(version: i16) -> Self {
        Self(version.to_be_bytes().to_vec())
    }

    fn i32(&mut self, value: i32) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn string(&mut self, text: &str) -> Result<(), RecordFormatError> {
        let length =
            i16::try_from(text.len()).map_err(|_| RecordFormatError::TextTooLong(text.len()))?;
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn nullable_string(&mut self, text: Option<&str>) -> Result<(), RecordFormatError> {
        match text {
            Some(text) => self.string(text)?,
            None => self.0.extend_from_slice(&(-1_i16).to_be_bytes()),
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), RecordFormatError> {
        self.length(bytes.len())?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn length(&mut self, length: usize) -> Result<(), RecordFormatError> {
        let length = i32::try_from(length).map_err(|_| RecordFormatError::TooLarge(length))?;
        self.i32(length);
        Ok(())
    }
}

fn i16_of(from: &mut &[u8], what: &'static str) -> Result<i16, RecordFormatError> {
    from.try_get_i16().map_err(|_| RecordFormatError::Malformed(what))
}

fn i32_of(from: &mut &[u8], what: &'static str) -> Result<i32, RecordFormatError> {
    from.try_get_i32().map_err(|_| RecordFormatError::Malformed(what))
}

fn i64_of(from: &mut &[u8], what: &'static str) -> Result<i64, RecordFormatError> {
    from.try_get_i64().map_err(|_| RecordFormatError::Malformed(what))
}

fn timeout_of(from: &mut &[u8], what: &'static str) -> Result<u64, RecordFormatError> {
    u64::try_from(i32_of(from, what)?).map_err(|_| RecordFormatError::Malformed(what))
}

fn string_of(from: &mut &[u8], what: &'static str) -> Result<String, RecordFormatError> {
    nullable_string_of(from, what)?.ok_or(RecordFormatError::Malformed(what))
}

fn nullable_string_of(
    from: &mut &[u8],
    what: &'static str,
) -> Result<Option<String>, RecordFormatError> {
    let length = i16_of(from, what)?;
    if length == -1 {
        return Ok(None);
    }
    let text = usize::try_from(length).ok().and_then(|length| take(from, length));
    let text = text.and_then(|text| std::str::from_utf8(text).ok());
    text.map(|text| Some(text.to_owned())).ok_or(RecordFormatError::Malformed(what))
}

fn bytes_of(from: &mut &[u8], what: &'static str) -> Result<Bytes, RecordFormatError> {
    let length = usize::try_from(i32_of(from, what)?).ok();
    let bytes = length.and_then(|length| take(from, length));
    bytes.map(Bytes::copy_from_slice).ok_or(RecordFormatError::Malformed(what))
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(taken)
}

#[cfg(test)]
mod tests;
