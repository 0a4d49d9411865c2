//! What every serializer and deserializer can do, and the settings they share.

use std::future::Future;

use bytes::Bytes;

use crate::Error;
use crate::wire_format::{SchemaRef, Side};

/// Which schema a serializer writes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaSource {
    /// The program's own, registered when the serializer is built. `normalize` lets the registry
    /// find an equal schema that is only written differently.
    AutoRegister { normalize: bool },
    /// The program's own, which must be registered already.
    Lookup { normalize: bool },
    /// The latest version of the subject. `strict` first checks that every value of the
    /// program's own schema can be written with it.
    Latest { strict: bool },
    /// The schema with this id; `strict` as for [`Self::Latest`].
    Id { id: u32, strict: bool },
}

/// Where a message names its schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// In the first five bytes of the payload, by id. Every client reads this.
    #[default]
    Prefix,
    /// In a record header, by guid; the payload is the body alone.
    Header,
}

/// Makes the payload of one side of a record.
pub trait Serializer<T: ?Sized>: Send + Sync {
    /// Appends the payload to `out`. On an error `out` is as before.
    fn serialize_into(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error>;

    /// The header that must travel with every payload, if there is one.
    fn schema_id_header(&self) -> Option<(&'static str, &Bytes)> {
        None
    }

    /// The only topic that payloads may go to, if the schema was chosen for one.
    fn topic(&self) -> Option<&str> {
        None
    }

    /// The side of the record that payloads are made for, if that matters.
    fn side(&self) -> Option<Side> {
        None
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
    match deserializer.deserialize(payload, header) {
        Err(Error::SchemaNotLoaded { schema }) => {
            deserializer.load(schema).await?;
            deserializer.deserialize(payload, header)
        }
        result => result,
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
