//! What every serializer and deserializer can do, and the settings they share.

use std::collections::BTreeMap;
use std::future::Future;

use bytes::Bytes;
use uuid::Uuid;

use crate::Error;
use crate::binding::Binding;
use crate::rules::{LOADS_MAX, Loads};
use crate::wire_format::{
    Frame, FrameError, MessageIndex, SchemaRef, split, split_id, split_indexed,
};

/// Which schema a serializer writes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaSource {
    /// The program's own, registered when the serializer is built. `normalize` lets the registry
    /// find an equal schema that is only written differently.
    AutoRegister { normalize: bool },
    /// The program's own, which must be registered already.
    Lookup { normalize: bool },
    /// The latest version of the subject. `strict` first checks that every value of the
    /// program's own schema can be written with it.
    Latest { strict: bool },
    /// The newest version whose metadata has all these properties; `strict` as for
    /// [`Self::Latest`].
    LatestWithMetadata { properties: BTreeMap<String, String>, strict: bool },
    /// The schema with this id; `strict` as for [`Self::Latest`].
    Id { id: u32, strict: bool },
    /// The schema with this guid; `strict` as for [`Self::Latest`]. Messages framed by id carry the
    /// id that the registry has for it in the client's context.
    Guid { guid: Uuid, strict: bool },
}

/// Where a message names its schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// In the first five bytes of the payload, by id. Every client reads this.
    #[default]
    Prefix,
    /// In a record header, by guid; the payload is the body alone.
    Header,
    /// Nowhere: the payload is the body alone, and who reads it must know the schema
    /// ([`ReadFraming::Bare`]).
    None,
}

/// Where a deserializer finds out which schema a message has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReadFraming {
    /// In the schema id header if the record has one, else in front of the payload.
    #[default]
    Dual,
    /// From here: every payload is the body alone, as programs without a registry write it.
    Bare {
        schema: SchemaRef,
        /// The message of a Protobuf file; without it the one that the program asks for, else
        /// the first of the file.
        index: Option<MessageIndex>,
    },
}

impl ReadFraming {
    /// Takes a message apart that is as nearly all are: it begins with the id of its schema. Whatever
    /// else it is, or whatever is wrong with it, is `None`.
    #[inline]
    pub(crate) fn split_common<'a>(
        &self,
        payload: &'a [u8],
        header: Option<&[u8]>,
    ) -> Option<(SchemaRef, &'a [u8])> {
        match (self, header) {
            (Self::Dual, None) => split_id(payload),
            _ => None,
        }
    }

    /// Takes a message apart that needs no message index.
    #[inline]
    pub(crate) fn split<'a>(
        &self,
        payload: &'a [u8],
        header: Option<&[u8]>,
    ) -> Result<Frame<'a>, FrameError> {
        match self {
            Self::Dual => split(payload, header),
            Self::Bare { schema, .. } => Ok(Frame { schema: *schema, body: payload }),
        }
    }

    /// Takes a Protobuf message apart.
    #[inline]
    pub(crate) fn split_indexed<'a>(
        &self,
        payload: &'a [u8],
        header: Option<&[u8]>,
    ) -> Result<(Frame<'a>, Option<MessageIndex>), FrameError> {
        match self {
            Self::Dual => {
                let (frame, index) = split_indexed(payload, header)?;
                Ok((frame, Some(index)))
            }
            Self::Bare { schema, index } => {
                Ok((Frame { schema: *schema, body: payload }, index.clone()))
            }
        }
    }
}

/// Makes the payload of one side of a record.
pub trait Serializer<T: ?Sized>: Send + Sync {
    /// Appends the payload to `out`. On an error `out` is as before.
    fn serialize_into(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error>;

    /// What the payloads were made for; none where they have no schema.
    fn binding(&self) -> Option<&Binding> {
        None
    }

    /// The header that must travel with every payload, if there is one.
    fn schema_id_header(&self) -> Option<(&'static str, &Bytes)> {
        self.binding()?.schema_id_header()
    }
}

/// Reads the payload of one side of a record.
pub trait Deserializer<T>: Send + Sync {
    /// Reads a payload; [`Error::SchemaNotLoaded`] asks for [`Self::load`] and another try.
    /// `header` is the last schema id header of this side.
    fn deserialize(&self, payload: &[u8], header: Option<&[u8]>) -> Result<T, Error>;

    /// Fetches what messages of this schema need.
    fn load(&self, schema: SchemaRef) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Reads a payload, after it fetched what messages of its schema need if that is not there yet.
pub(crate) async fn deserialize_or_load<T>(
    deserializer: &impl Deserializer<T>,
    payload: &[u8],
    header: Option<&[u8]>,
) -> Result<T, Error> {
    let mut loads = Loads::default();
    for _ in 0..LOADS_MAX {
        match deserializer.deserialize(payload, header) {
            Err(Error::SchemaNotLoaded { schema }) => deserializer.load(schema).await?,
            Err(error) => loads.load(error).await?,
            read => return read,
        }
    }
    deserializer.deserialize(payload, header)
}

/// Does `encode`, and fetches what rules lack for it.
pub(crate) async fn encode_or_load<R>(encode: impl Fn() -> Result<R, Error>) -> Result<R, Error> {
    let mut loads = Loads::default();
    loop {
        match encode() {
            Err(error) => loads.load(error).await?,
            written => return written,
        }
    }
}

/// Text without a schema, as the plain string serializers of other languages write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlainText;

impl Serializer<String> for PlainText {
    fn serialize_into(&self, value: &String, out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(value.as_bytes());
        Ok(())
    }
}

impl Deserializer<String> for PlainText {
    fn deserialize(&self, payload: &[u8], _header: Option<&[u8]>) -> Result<String, Error> {
        use crate::error::{DecodeError, DecodeKind};
        String::from_utf8(payload.to_vec()).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            Error::from(Box::new(DecodeError::new("text", offset, DecodeKind::InvalidUtf8)))
        })
    }

    async fn load(&self, schema: SchemaRef) -> Result<(), Error> {
        Err(Error::Config(format!("plain text has no schema, so {schema} cannot be loaded")))
    }
}
