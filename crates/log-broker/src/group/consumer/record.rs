//! The records of a consumer group in `__consumer_offsets`, in Kafka's own schemas.
//!
//! ```text
//! key   v3  group                 value v0  epoch i32 · tagged: 0 topics hash i64
//! key   v5  group · member        value v0  instance? · rack? · client id · client host
//!                                           · [topic name] · topic regex? · rebalance timeout i32
//!                                           · assignor?
//! key   v6  group                 value v0  target epoch i32
//! key   v7  group · member        value v0  target [ topic id · [i32] ]
//! key   v8  group · member        value v0  epoch i32 · previous epoch i32 · state i8
//!                                           · assigned [ … ] · revoking [ … ]
//! ```
//! Keys have classic strings; values are flexible: compact lengths, tagged fields at the end of
//! each struct. A null value is a tombstone.

use bytes::Bytes;
use levada_kafka_wire::WireError;
use levada_kafka_wire::reader::Reader;
use uuid::Uuid;

use super::assignment::Assignment;
use super::member::{Current, Progress, Subscription};

pub(crate) const EPOCH_KEY: i16 = 3;
pub(crate) const MEMBER_KEY: i16 = 5;
pub(crate) const TARGET_EPOCH_KEY: i16 = 6;
pub(crate) const TARGET_KEY: i16 = 7;
pub(crate) const CURRENT_KEY: i16 = 8;

const VALUE_VERSION: i16 = 0;
const TOPICS_HASH: u32 = 0;

/// One fact about a group; `None` forgets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConsumerRecord {
    /// The group's epoch, and the hash of the topics it is about.
    Epoch(Option<(i32, i64)>),
    Member {
        member_id: String,
        subscription: Option<Subscription>,
    },
    TargetEpoch(Option<i32>),
    Target {
        member_id: String,
        target: Option<Assignment>,
    },
    Current {
        member_id: String,
        current: Option<Current>,
    },
}

impl ConsumerRecord {
    pub(crate) fn key_version(&self) -> i16 {
        match self {
            Self::Epoch(_) => EPOCH_KEY,
            Self::Member { .. } => MEMBER_KEY,
            Self::TargetEpoch(_) => TARGET_EPOCH_KEY,
            Self::Target { .. } => TARGET_KEY,
            Self::Current { .. } => CURRENT_KEY,
        }
    }

    /// The second part of the key, where it has one.
    pub(crate) fn member_id(&self) -> Option<&str> {
        match self {
            Self::Epoch(_) | Self::TargetEpoch(_) => None,
            Self::Member { member_id, .. }
            | Self::Target { member_id, .. }
            | Self::Current { member_id, .. } => Some(member_id),
        }
    }

    pub(crate) fn encode_value(&self) -> Option<Vec<u8>> {
        let mut out = Out(VALUE_VERSION.to_be_bytes().to_vec());
        match self {
            Self::Epoch(epoch) => {
                let (epoch, topics_hash) = (*epoch)?;
                out.i32(epoch);
                out.0.extend([1, 0, 8]);
                out.0.extend(topics_hash.to_be_bytes());
                return Some(out.0);
            }
            Self::TargetEpoch(epoch) => out.i32((*epoch)?),
            Self::Member { subscription, .. } => out.subscription(subscription.as_ref()?),
            Self::Target { target, .. } => out.assignment(target.as_ref()?),
            Self::Current { current, .. } => out.current(current.as_ref()?),
        }
        out.0.push(0);
        Some(out.0)
    }

    /// The member id is empty for keys without one; `None` for keys of another kind.
    pub(crate) fn decode(
        key_version: i16,
        member_id: String,
        value: Option<&[u8]>,
    ) -> Result<Option<Self>, WireError> {
        let bytes = value.map(Bytes::copy_from_slice);
        let mut reader = bytes.as_ref().map(Reader::new);
        if let Some(reader) = &mut reader {
            reader.i16()?; // version 0 is the only one, later ones only add tagged fields
        }
        let reader = reader.as_mut();
        Ok(Some(match key_version {
            EPOCH_KEY => Self::Epoch(reader.map(epoch).transpose()?),
            TARGET_EPOCH_KEY => Self::TargetEpoch(reader.map(Reader::i32).transpose()?),
            MEMBER_KEY => {
                Self::Member { member_id, subscription: reader.map(subscription).transpose()? }
            }
            TARGET_KEY => Self::Target { member_id, target: reader.map(assignment).transpose()? },
            CURRENT_KEY => Self::Current { member_id, current: reader.map(current).transpose()? },
            _ => return Ok(None),
        }))
    }
}

/// Appends the fields of a flexible value.
struct Out(Vec<u8>);

impl Out {
    fn i32(&mut self, value: i32) {
        self.0.extend(value.to_be_bytes());
    }

    /// Compact: one more than it is, as a varint.
    fn length(&mut self, length: usize) {
        let mut value = u32::try_from(length).unwrap_or(u32::MAX).saturating_add(1);
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend(text.as_bytes());
    }

    fn nullable(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.0.push(0),
        }
    }

    fn subscription(&mut self, subscription: &Subscription) {
        self.nullable(subscription.instance_id.as_deref());
        self.nullable(subscription.rack_id.as_deref());
        self.text(&subscription.client_id);
        self.text(&subscription.client_host);
        self.length(subscription.topic_names.len());
        for name in &subscription.topic_names {
            self.text(name);
        }
        self.nullable(subscription.topic_regex.as_deref());
        self.i32(subscription.rebalance_timeout_ms);
        self.nullable(subscription.server_assignor.as_deref());
    }

    fn assignment(&mut self, assignment: &Assignment) {
        self.length(assignment.topics().count());
        for (topic, partitions) in assignment.topics() {
            self.0.extend(topic.as_bytes());
            self.length(partitions.len());
            for partition in partitions {
                self.i32(*partition);
            }
            self.0.push(0);
        }
    }

    fn current(&mut self, current: &Current) {
        self.i32(current.epoch);
        self.i32(current.previous_epoch);
        self.0.push(match current.progress {
            Progress::Stable => 0,
            Progress::Unrevoked => 1,
            Progress::Unreleased => 2,
        });
        self.assignment(&current.assigned);
        self.assignment(&current.revoking);
    }
}

fn epoch(reader: &mut Reader<'_>) -> Result<(i32, i64), WireError> {
    let epoch = reader.i32()?;
    let mut topics_hash = 0;
    for _ in 0..reader.uvarint()? {
        let (tag, size) = (reader.uvarint()?, reader.uvarint()?);
        if tag == TOPICS_HASH {
            topics_hash = reader.i64()?;
        } else {
            reader.skip(usize::try_from(size).unwrap_or(usize::MAX))?;
        }
    }
    Ok((epoch, topics_hash))
}

fn nullable(reader: &mut Reader<'_>) -> Result<Option<String>, WireError> {
    Ok(reader.text(true)?.map(|text| String::from_utf8_lossy(&text).into_owned()))
}

fn text(reader: &mut Reader<'_>) -> Result<String, WireError> {
    let at = reader.position();
    nullable(reader)?.ok_or(WireError::Null { at })
}

/// Each element is read before the next one is made: a false count allocates nothing.
fn subscription(reader: &mut Reader<'_>) -> Result<Subscription, WireError> {
    Ok(Subscription {
        instance_id: nullable(reader)?,
        rack_id: nullable(reader)?,
        client_id: text(reader)?,
        client_host: text(reader)?,
        topic_names: {
            let count = reader.count(true, 1)?;
            (0..count).map(|_| text(reader)).collect::<Result<_, _>>()?
        },
        topic_regex: nullable(reader)?,
        rebalance_timeout_ms: reader.i32()?,
        server_assignor: nullable(reader)?,
    })
}

fn assignment(reader: &mut Reader<'_>) -> Result<Assignment, WireError> {
    let mut assignment = Assignment::default();
    for _ in 0..reader.count(true, 1)? {
        let topic = Uuid::from_bytes(reader.array()?);
        for _ in 0..reader.count(true, size_of::<i32>())? {
            assignment.insert(topic, reader.i32()?);
        }
        reader.skip_tagged_fields()?;
    }
    Ok(assignment)
}

fn current(reader: &mut Reader<'_>) -> Result<Current, WireError> {
    Ok(Current {
        epoch: reader.i32()?,
        previous_epoch: reader.i32()?,
        progress: match reader.i8()? {
            1 => Progress::Unrevoked,
            2 => Progress::Unreleased,
            _ => Progress::Stable,
        },
        assigned: assignment(reader)?,
        revoking: assignment(reader)?,
    })
}
