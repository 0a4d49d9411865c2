//! Replies as runs of bytes, and what may become of a request.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::protocol::Encodable;
use levada_kafka_wire::WireError;
use levada_kafka_wire::frame::{LENGTH_BYTES, has_tagged_response_header};

use super::Call;
use crate::log::{FileRange, LogError};

/// Boxed, because the table of handlers holds futures of many types.
pub(crate) type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

/// A whole response frame, in parts that are written one after the other.
#[derive(Debug)]
pub(crate) struct Reply(pub(crate) Vec<Part>);

/// A part of a reply.
#[derive(Debug)]
pub(crate) enum Part {
    Bytes(Bytes),
    /// Sent by the operating system.
    File(FileRange),
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::File(range) => range.len,
        }
    }
}

/// What a request came to.
pub(crate) enum Outcome {
    Reply(Reply),
    /// Executed in its turn; the answer waits for the disk while later requests are executed.
    Later(BoxFuture<Result<Outcome, CloseReason>>),
    /// acks=0: not one byte.
    Silent,
}

/// Why a connection is closed without an answer to the request at hand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CloseReason {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("api key {key} is not served")]
    UnknownKey { key: i16 },
    #[error("version {version} of api key {key} is not served")]
    UnknownVersion { key: i16, version: i16 },
    #[error("the answer to api key {key} version {version} cannot be encoded: {reason}")]
    Encode { key: i16, version: i16, reason: String },
    #[error("the answer is longer than a frame may be")]
    ReplyTooLarge,
    #[error("acks=0, and the records were refused: {0}")]
    Unacknowledged(ResponseError),
    #[error("whether the records were written is unknown: {0}")]
    Storage(#[from] LogError),
}

impl Reply {
    /// Bytes of the whole frame.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(Part::len).sum()
    }

    /// What of it is held in memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        let in_memory = |part: &&Part| matches!(part, Part::Bytes(_));
        self.0.iter().filter(in_memory).map(Part::len).sum()
    }

    /// A frame around `response` in the version that was asked for.
    pub(crate) fn encode<R: Encodable>(call: &Call, response: &R) -> Result<Self, CloseReason> {
        Self::encode_version(call, call.api_version, response)
    }

    /// A frame in another version than the request's; `ApiVersions` alone needs it.
    pub(crate) fn encode_version<R: Encodable>(
        call: &Call,
        version: i16,
        response: &R,
    ) -> Result<Self, CloseReason> {
        let failed = |reason: String| CloseReason::Encode { key: call.api_key, version, reason };
        let mut frame = Self::head(call, version);
        let body_bytes = response.compute_size(version).map_err(|e| failed(e.to_string()))?;
        frame.reserve(body_bytes);
        response.encode(&mut frame, version).map_err(|e| failed(e.to_string()))?;
        Self::of_parts(frame, Vec::new()).ok_or(CloseReason::ReplyTooLarge)
    }

    /// Room for the length and a response header; the body is to be appended.
    pub(crate) fn head(call: &Call, version: i16) -> BytesMut {
        let mut frame = BytesMut::with_capacity(64);
        frame.put_bytes(0, LENGTH_BYTES);
        frame.put_i32(call.correlation_id);
        if has_tagged_response_header(call.api_key, version) {
            frame.put_u8(0);
        }
        frame
    }

    /// Writes the length of everything into `head`, which began as [`Self::head`]. `None` when
    /// the frame would be longer than its length field can say.
    pub(crate) fn of_parts(mut head: BytesMut, rest: Vec<Part>) -> Option<Self> {
        let total = head.len() + rest.iter().map(Part::len).sum::<usize>();
        let length = i32::try_from(total.checked_sub(LENGTH_BYTES)?).ok()?;
        head.get_mut(..LENGTH_BYTES)?.copy_from_slice(&length.to_be_bytes());
        let mut parts = Vec::with_capacity(rest.len() + 1);
        parts.push(Part::Bytes(head.freeze()));
        parts.extend(rest.into_iter().filter(|part| part.len() > 0));
        Some(Self(parts))
    }
}
