//! How a message says which schema wrote it: schema id prefixes and headers, message indexes.
//!
//! Pure: byte slices in, byte slices out; nothing is allocated but message indexes of many levels.
//!
//! | place | bytes | names the schema by |
//! |---|---|---|
//! | payload, v0 | `00`, id as u32 big-endian, body | [`SchemaRef::Id`] |
//! | payload, v1 | `01`, 16 bytes of guid, body | [`SchemaRef::Guid`] |
//! | header, v0 | `00`, id as u32 big-endian | [`SchemaRef::Id`] |
//! | header, v1 | `01`, 16 bytes of guid | [`SchemaRef::Guid`] |
//!
//! A Protobuf message also says which message of its file it is: a [`MessageIndex`] stands
//! directly behind the id or guid, wherever that is.

mod message_index;

use std::fmt;

use uuid::Uuid;

pub use message_index::MessageIndex;

#[cfg(test)]
mod tests;

/// The header that names the schema of a record's key.
pub const KEY_SCHEMA_ID_HEADER: &str = "__key_schema_id";
/// The header that names the schema of a record's value.
pub const VALUE_SCHEMA_ID_HEADER: &str = "__value_schema_id";

const MAGIC_ID: u8 = 0;
const MAGIC_GUID: u8 = 1;
pub(crate) const ID_LEN: usize = 5;
const GUID_LEN: usize = 17;

/// Which half of a record is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The key.
    Key,
    /// The value.
    Value,
}

impl Side {
    /// The header that carries the schema of this side.
    pub fn schema_id_header(self) -> &'static str {
        match self {
            Self::Key => KEY_SCHEMA_ID_HEADER,
            Self::Value => VALUE_SCHEMA_ID_HEADER,
        }
    }
}

/// How a message names its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SchemaRef {
    /// Unique within a context of one registry. All 32 bits count: ids from 2³¹ are valid.
    Id(u32),
    /// Unique everywhere; derived from the schema itself.
    Guid(Uuid),
}

impl fmt::Display for SchemaRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "id {id}"),
            Self::Guid(guid) => write!(f, "guid {guid}"),
        }
    }
}

/// A message taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The schema that wrote the body.
    pub schema: SchemaRef,
    /// Everything behind the frame; the whole payload when a header names the schema.
    pub body: &'a [u8],
}

/// Why a message has no usable frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Fewer bytes than the magic byte announces.
    #[error("payload of {len} bytes is too short for a schema id frame of {needed}")]
    TooShort { needed: usize, len: usize },
    /// A first byte that no frame has: the message was not made by such a serializer.
    #[error(
        "payload starts with {magic:#04x}, not with a schema id frame (0x00 or 0x01){}",
        plain_json_hint(*magic)
    )]
    UnknownMagic { magic: u8 },
    /// A schema id header that is not one.
    #[error("schema id header is broken: {reason}")]
    InvalidHeader { reason: &'static str },
    /// A message index with fewer levels than it announces.
    #[error("the frame ends in the middle of the message index")]
    IndexTruncated,
    /// A level of more than 64 bits.
    #[error("a number of the message index has more than 64 bits")]
    IndexVarintOverflow,
    /// A number of levels below zero.
    #[error("the message index announces a negative count ({count})")]
    IndexNegativeCount { count: i64 },
    /// No level, or more than [`MessageIndex::DEPTH_MAX`].
    #[error("the message index announces {count} levels; the limit is {}", MessageIndex::DEPTH_MAX)]
    IndexTooLong { count: i64 },
    /// A position that no message can have.
    #[error("{index} is no message index")]
    IndexOutOfRange { index: i64 },
}

fn plain_json_hint(magic: u8) -> &'static str {
    if matches!(magic, b'{' | b'[' | b'"') { "; this looks like plain JSON" } else { "" }
}

/// Takes a message apart that carries nothing but the schema behind its magic byte (Avro, JSON).
///
/// With `header` (the last one of its name) the payload is all body; without it the payload
/// starts with the frame. A broken header is an error and never falls back to the payload.
#[inline]
pub fn split<'a>(payload: &'a [u8], header: Option<&[u8]>) -> Result<Frame<'a>, FrameError> {
    let Some(header) = header else {
        let (schema, body) = split_prefix(payload)?;
        return Ok(Frame { schema, body });
    };
    let (schema, rest) = split_header(header)?;
    if !rest.is_empty() {
        return Err(FrameError::InvalidHeader { reason: "bytes follow the schema id" });
    }
    Ok(Frame { schema, body: payload })
}

/// Takes a Protobuf message apart, whose frame also holds a [`MessageIndex`].
#[inline]
pub fn split_indexed<'a>(
    payload: &'a [u8],
    header: Option<&[u8]>,
) -> Result<(Frame<'a>, MessageIndex), FrameError> {
    let Some(header) = header else {
        let (schema, rest) = split_prefix(payload)?;
        let (index, body) = MessageIndex::read(rest)?;
        return Ok((Frame { schema, body }, index));
    };
    let (schema, rest) = split_header(header)?;
    let Ok((index, [])) = MessageIndex::read(rest) else {
        return Err(FrameError::InvalidHeader {
            reason: "the schema id is not followed by exactly one message index",
        });
    };
    Ok((Frame { schema, body: payload }, index))
}

/// The schema that a message names, whatever else its frame holds.
pub fn schema_of(payload: &[u8], header: Option<&[u8]>) -> Result<SchemaRef, FrameError> {
    let (schema, _) = header.map_or_else(|| split_prefix(payload), split_header)?;
    Ok(schema)
}

#[inline]
fn split_prefix(payload: &[u8]) -> Result<(SchemaRef, &[u8]), FrameError> {
    let too_short = |needed| FrameError::TooShort { needed, len: payload.len() };
    match payload.first() {
        None => Err(too_short(ID_LEN)),
        Some(&MAGIC_ID) => read_id(payload).ok_or_else(|| too_short(ID_LEN)),
        Some(&MAGIC_GUID) => read_guid(payload).ok_or_else(|| too_short(GUID_LEN)),
        Some(&magic) => Err(FrameError::UnknownMagic { magic }),
    }
}

fn split_header(header: &[u8]) -> Result<(SchemaRef, &[u8]), FrameError> {
    let invalid = |reason| FrameError::InvalidHeader { reason };
    match header.first() {
        None => Err(invalid("it is empty")),
        Some(&MAGIC_ID) => read_id(header).ok_or(invalid("the schema id needs four bytes")),
        Some(&MAGIC_GUID) => read_guid(header).ok_or(invalid("the guid needs 16 bytes")),
        Some(_) => Err(invalid("it starts with neither 0x00 nor 0x01")),
    }
}

/// Takes the id off a message that begins with one.
#[inline]
pub(crate) fn split_id(payload: &[u8]) -> Option<(SchemaRef, &[u8])> {
    if payload.first() == Some(&MAGIC_ID) { read_id(payload) } else { None }
}

#[inline]
fn read_id(frame: &[u8]) -> Option<(SchemaRef, &[u8])> {
    let (id, body) = frame.get(1..)?.split_first_chunk::<4>()?;
    Some((SchemaRef::Id(u32::from_be_bytes(*id)), body))
}

fn read_guid(frame: &[u8]) -> Option<(SchemaRef, &[u8])> {
    let (guid, body) = frame.get(1..)?.split_first_chunk::<16>()?;
    Some((SchemaRef::Guid(Uuid::from_bytes(*guid)), body))
}

/// The five bytes that stand before a body written with schema `id`.
pub fn id_prefix(id: u32) -> [u8; ID_LEN] {
    let [a, b, c, d] = id.to_be_bytes();
    [MAGIC_ID, a, b, c, d]
}

/// Puts another schema id into a message that begins with one, for who moves messages between
/// registries. The body, and the message index of Protobuf, stay as they are.
pub fn reframe(payload: &mut [u8], id: u32) -> Result<(), FrameError> {
    let (SchemaRef::Id(_), _) = split_prefix(payload)? else {
        return Err(FrameError::UnknownMagic { magic: MAGIC_GUID });
    };
    if let Some(prefix) = payload.first_chunk_mut() {
        *prefix = id_prefix(id);
    }
    Ok(())
}

/// The value of a schema id header for schema `guid`; Protobuf appends its message index.
pub fn guid_header(guid: Uuid) -> [u8; GUID_LEN] {
    let mut header = [MAGIC_GUID; GUID_LEN];
    header[1..].copy_from_slice(guid.as_bytes());
    header
}

fn read_zigzag(bytes: &[u8]) -> Result<(i64, &[u8]), FrameError> {
    match varint(bytes) {
        Varint::Value(value, used) => Ok((unzigzag(value), bytes.get(used..).unwrap_or_default())),
        Varint::Truncated => Err(FrameError::IndexTruncated),
        Varint::Overflow => Err(FrameError::IndexVarintOverflow),
    }
}

/// What the front of a slice holds when read as a base-128 varint.
pub(crate) enum Varint {
    /// The number and how many bytes it took.
    Value(u64, usize),
    Truncated,
    /// More than ten bytes, or bits beyond the 64th.
    Overflow,
}

/// Reads a base-128 varint, least significant group first.
#[inline]
pub(crate) fn varint(bytes: &[u8]) -> Varint {
    // Up to eight bytes at once: the lowest bit that says "no more" tells how many.
    if let Some(&chunk) = bytes.first_chunk() {
        let groups = u64::from_le_bytes(chunk);
        let ends = !groups & 0x8080_8080_8080_8080;
        if ends != 0 {
            let used = (ends.trailing_zeros() / 8 + 1) as usize;
            return Varint::Value(joined_groups(groups & (ends ^ (ends - 1))), used);
        }
    }
    let mut value = 0u64;
    for (position, &byte) in bytes.iter().take(10).enumerate() {
        if position == 9 && byte > 1 {
            return Varint::Overflow;
        }
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte < 0x80 {
            return Varint::Value(value, position + 1);
        }
    }
    if bytes.len() < 10 { Varint::Truncated } else { Varint::Overflow }
}

/// Eight groups of seven bits, each in a byte of its own, side by side.
#[inline]
fn joined_groups(bytes: u64) -> u64 {
    let pairs = bytes & 0x007f_007f_007f_007f | (bytes & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4
}

#[inline]
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Appends `value` as a zigzag varint.
#[inline]
pub(crate) fn write_zigzag(value: i64, out: &mut Vec<u8>) {
    let rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    if rest < 0x80 {
        out.push(low_seven_bits(rest));
    } else {
        write_long_varint(rest, out);
    }
}

/// Appends ten bytes and takes back what the number did not need: one check of the room instead
/// of one a byte.
fn write_long_varint(mut rest: u64, out: &mut Vec<u8>) {
    let mut bytes = [0; 10];
    let start = out.len();
    let mut used = 0;
    for byte in &mut bytes {
        used += 1;
        *byte = low_seven_bits(rest);
        rest >>= 7;
        if rest == 0 {
            break;
        }
        *byte |= 0x80;
    }
    out.extend_from_slice(&bytes);
    out.truncate(start + used);
}

fn low_seven_bits(value: u64) -> u8 {
    value.to_le_bytes()[0] & 0x7f
}
