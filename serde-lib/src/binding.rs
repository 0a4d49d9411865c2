//! What a serializer was built for: the schema, where its messages may go, and what they begin with.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use crate::Error;
use crate::wire_format::{ID_LEN, SchemaRef, Side};

/// What a serializer was built for, and what its messages begin with.
#[derive(Debug)]
pub struct Binding {
    id: u32,
    subject: String,
    /// The topic that the subject depends on, if it does.
    topic: Option<String>,
    side: Side,
    head: FrameHead,
    /// Longest message so far; the next one gets that much room at once.
    longest: AtomicUsize,
}

/// The part of a message that names its schema, ready to be copied.
#[derive(Debug)]
pub(crate) enum FrameHead {
    Id([u8; ID_LEN]),
    /// The id, and an index of one byte: that of the first message of a Protobuf file.
    First([u8; ID_LEN + 1]),
    Prefix(Box<[u8]>),
    Header(Bytes),
}

impl FrameHead {
    pub(crate) fn of_prefix(prefix: &[u8]) -> Self {
        let id = prefix.try_into().map(Self::Id);
        let first = prefix.try_into().map(Self::First);
        id.or(first).unwrap_or_else(|_| Self::Prefix(prefix.into()))
    }

    /// Appends what stands before a body.
    fn begin(&self, out: &mut Vec<u8>) {
        match self {
            Self::Id(prefix) => out.extend_from_slice(prefix),
            Self::First(prefix) => out.extend_from_slice(prefix),
            Self::Prefix(prefix) => out.extend_from_slice(prefix),
            Self::Header(_) => {}
        }
    }
}

impl Binding {
    pub(crate) fn new(
        id: u32,
        subject: String,
        topic: Option<String>,
        side: Side,
        head: FrameHead,
    ) -> Self {
        Self { id, subject, topic, side, head, longest: AtomicUsize::new(0) }
    }

    /// The id of the schema that messages are written with.
    pub fn schema_id(&self) -> u32 {
        self.id
    }

    /// The subject that the schema was registered under or found in.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The only topic that messages may go to, if the schema was chosen for one.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// The side of the record that messages are made for.
    pub fn side(&self) -> Side {
        self.side
    }

    /// The header that must travel with every message, if there is one.
    pub fn schema_id_header(&self) -> Option<(&'static str, &Bytes)> {
        match &self.head {
            FrameHead::Id(_) | FrameHead::First(_) | FrameHead::Prefix(_) => None,
            FrameHead::Header(header) => Some((self.side.schema_id_header(), header)),
        }
    }

    /// Appends a message whose body `write` appends. On an error `out` is as before.
    #[inline]
    pub(crate) fn write(
        &self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let start = out.len();
        // Asked for first, because nearly all are such and a jump through a table shows in small records.
        if let FrameHead::Id(prefix) = &self.head {
            out.extend_from_slice(prefix);
        } else {
            self.head.begin(out);
        }
        write(out).map_err(|error| {
            out.truncate(start);
            self.blame(error)
        })
    }

    /// A message in a vector of its own, which `write` appends with its frame.
    #[inline]
    pub(crate) fn message(
        &self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(self.longest.load(Ordering::Relaxed));
        write(&mut out)?;
        self.longest.fetch_max(out.len(), Ordering::Relaxed);
        Ok(out)
    }

    /// Says whose schema a value does not follow.
    #[cold]
    fn blame(&self, error: Error) -> Error {
        match error {
            Error::Encode(mut error) => {
                error.subject = Some(self.subject.clone());
                error.schema = Some(SchemaRef::Id(self.id));
                error.into()
            }
            Error::Invalid(mut error) => {
                error.subject = Some(self.subject.clone());
                error.into()
            }
            other => other,
        }
    }
}
