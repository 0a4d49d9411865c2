//! [`AvroDeserializer`]: from the bytes of a Kafka message to a value.

use std::fmt;
use std::sync::Arc;

use apache_avro::types::Value;
use apache_avro::{AvroSchema, Schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::encode::encode_datum;
use super::plan::{DecodeLimits, ReadPlan};
use super::reading::{
    Bounds, Filter, Plan, Way, by_json, by_record, by_serde, by_value, read_record,
};
use super::record::{AvroRead, schema_text};
use super::schema::ParsedSchema;
use super::serializer::parse_registered;
use super::typed_encode::Declined;
use crate::Error;
use crate::client::{RegistryClient, SchemaDefinition};
use crate::error::{DecodeError, DecodeKind};
use crate::origin::DeserializerBuilder;
use crate::plans::Plans;
use crate::rules::{ReadRules, Reading};
use crate::serializer::{Deserializer, ReadFraming, deserialize_or_load};
use crate::span::Spans;
use crate::wire_format::{Frame, SchemaRef};

/// The schema that messages are read as.
enum Reader {
    Given(Arc<ParsedSchema>),
    /// Each message's own.
    Writers,
    /// Each message's own without its logical types.
    PlainWriters,
}

/// Reads Avro messages as values of type `T`, whatever version of the schema wrote them.
///
/// The first message of each writer schema needs the registry: [`Self::decode_async`] asks by
/// itself, [`Self::decode`] says [`Error::SchemaNotLoaded`]. After that, decoding is synchronous
/// and may run on any thread.
pub struct AvroDeserializer<T> {
    client: RegistryClient,
    reader: Reader,
    plans: Plans<Plan>,
    framing: ReadFraming,
    bounds: Bounds,
    way: Way<T>,
    reading: Reading,
}

impl<T> fmt::Debug for AvroDeserializer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AvroDeserializer").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + AvroSchema> AvroDeserializer<T> {
    /// Settings for a deserializer whose reader schema is the derived one.
    pub fn builder(client: &RegistryClient) -> AvroDeserializerBuilder<T> {
        let reader = ReaderSchema::Derived(Box::new(T::get_schema()));
        builder(client, reader, by_serde)
    }
}

impl<T: DeserializeOwned> AvroDeserializer<T> {
    /// Settings for a deserializer whose reader schema is given as text.
    pub fn with_schema(
        client: &RegistryClient,
        reader: SchemaDefinition,
    ) -> AvroDeserializerBuilder<T> {
        builder(client, ReaderSchema::Text(reader), by_serde)
    }
}

impl<T: for<'b> AvroRead<'b>> AvroDeserializer<T> {
    /// Settings for a deserializer of a type that derives [`AvroRecord`](crate::AvroRecord). It
    /// reads itself what was written with its own schema; other messages take a longer way.
    pub fn record(client: &RegistryClient) -> AvroDeserializerBuilder<T> {
        let reader = ReaderSchema::Text(SchemaDefinition::avro(schema_text::<T>()));
        builder(client, reader, by_record)
    }

    /// Reads a message as a derived type that borrows text and bytes from it, such as one with
    /// `&str` where `T` has `String`; its schema must be that of `T` but for names. What another
    /// schema wrote is put into `scratch` first as the reader has it, and borrowed from there.
    /// Messages whose schema has rules for readers are refused.
    pub fn record_borrowed<'b, B: AvroRead<'b>>(
        &self,
        payload: &'b [u8],
        header: Option<&[u8]>,
        scratch: &'b mut Vec<u8>,
    ) -> Result<B, Error> {
        let Frame { schema, body } = self.framing.split(payload, header)?;
        let read = move |plan: &Plan| {
            plan.check_borrowable()?;
            let mut body = body;
            if !plan.is_identity {
                let value =
                    plan.read.decode(body, &self.bounds.limits, self.bounds.allows_trailing)?;
                let resolved = scratch; // moved, so that it may be borrowed for as long as it lives
                resolved.clear();
                encode_datum(&plan.reader, &value, resolved)?;
                body = resolved;
            }
            read_record(body, &self.bounds.limits, self.bounds.allows_trailing)
        };
        self.plans.with(schema, read).map_err(|error| error.of_schema(schema))
    }
}

impl AvroDeserializer<Value> {
    /// Settings for a deserializer that gives generic values as they were written.
    pub fn generic(client: &RegistryClient) -> AvroDeserializerBuilder<Value> {
        builder(client, ReaderSchema::Writers, by_value)
    }

    /// Settings for a deserializer that gives generic values of one reader schema.
    pub fn generic_with_schema(
        client: &RegistryClient,
        reader: SchemaDefinition,
    ) -> AvroDeserializerBuilder<Value> {
        builder(client, ReaderSchema::Text(reader), by_value)
    }
}

impl AvroDeserializer<Json> {
    /// Settings for a deserializer that gives messages as they were written, in Avro's own JSON
    /// encoding: bytes as one character a byte, a union's value under the name of its branch. What
    /// a logical type makes of a value does not count.
    pub fn json(client: &RegistryClient) -> AvroDeserializerBuilder<Json> {
        builder(client, ReaderSchema::PlainWriters, by_json)
    }
}

impl<T> AvroDeserializer<T> {
    /// Reads a message. `header` is the last schema id header of this side, if there is one.
    ///
    /// A null payload is a tombstone and no message: do not pass it as an empty one.
    pub fn decode(&self, payload: &[u8], header: Option<&[u8]>) -> Result<T, Error> {
        if let Some((schema, body)) = self.framing.split_common(payload, header)
            && let Some(plan) = self.plans.among_first(schema)
            && plan.rules.is_none()
        {
            return (self.way)(plan, body, &self.bounds, schema);
        }
        self.decode_any(payload, header)
    }

    #[inline(never)] // so that the commoner way stays short
    fn decode_any(&self, payload: &[u8], header: Option<&[u8]>) -> Result<T, Error> {
        let Frame { schema, body } = self.framing.split(payload, header)?;
        self.plans.with(schema, |plan| match &plan.rules {
            None => (self.way)(plan, body, &self.bounds, schema),
            Some(filter) => {
                let body = filter.pass(body, self.bounds.allows_trailing);
                let body = body.map_err(|error| error.of_schema(schema))?;
                (self.way)(plan, &body, &self.bounds, schema)
            }
        })
    }

    /// Reads a message as a type that may borrow text and bytes from it, such as one with `&str`
    /// where `T` has `String`. What was not written as it is read, such as the default of a field
    /// that the message lacks, cannot be borrowed: `Cow` takes both. Nor can what a rule has changed:
    /// messages whose schema has rules for readers are refused.
    pub fn decode_borrowed<'b, B: Deserialize<'b>>(
        &self,
        payload: &'b [u8],
        header: Option<&[u8]>,
    ) -> Result<B, Error> {
        if let Some((schema, body)) = self.framing.split_common(payload, header)
            && let Some(plan) = self.plans.among_first(schema)
            && plan.rules.is_none()
            && let Ok(value) =
                plan.read.read(body, &self.bounds.limits, self.bounds.allows_trailing)
        {
            return Ok(value);
        }
        self.borrow_any(payload, header)
    }

    #[inline(never)] // so that the commoner way stays short
    fn borrow_any<'b, B: Deserialize<'b>>(
        &self,
        payload: &'b [u8],
        header: Option<&[u8]>,
    ) -> Result<B, Error> {
        let Frame { schema, body } = self.framing.split(payload, header)?;
        let read = |plan: &Plan| {
            plan.check_borrowable()?;
            let read = plan.read.read(body, &self.bounds.limits, self.bounds.allows_trailing);
            read.map_err(|Declined| self.unborrowable(plan, body).of_schema(schema))
        };
        self.plans.with(schema, read)
    }

    /// Why a body cannot be read as a type that borrows from it.
    #[cold]
    fn unborrowable(&self, plan: &Plan, body: &[u8]) -> Error {
        let read = plan.read.decode(body, &self.bounds.limits, self.bounds.allows_trailing);
        read.err().unwrap_or_else(|| {
            let reason = "the type does not fit the reader schema or borrows what is not there";
            Box::new(DecodeError::new("AVRO", 0, DecodeKind::Type(reason.to_owned()))).into()
        })
    }

    /// Fetches a writer schema and compiles it, so that [`Self::decode`] knows it.
    pub async fn load(&self, schema: SchemaRef) -> Result<(), Error> {
        if self.plans.has(schema) {
            return Ok(());
        }
        let registered = self.client.schema(schema).await?;
        let writer = Arc::new(parse_registered(&registered)?);
        let name = writer.full_name();
        let rules =
            self.reading.compile(&self.client, schema, &registered, name.as_deref()).await?;
        // What the bodies are of when the rules have passed them.
        let version = match rules.as_ref().and_then(ReadRules::version) {
            Some(version) => Arc::new(parse_registered(version)?),
            None => Arc::clone(&writer),
        };
        let reader = match &self.reader {
            Reader::Given(reader) => Arc::clone(reader),
            Reader::Writers => Arc::clone(&version),
            Reader::PlainWriters => Arc::new(version.without_logical_types()?),
        };
        let read = ReadPlan::compile(&version, &reader)?;
        let is_identity = read.is_identity();
        let rules = rules.map(|rules| Filter::new(rules, &writer, &version, self.bounds.limits));
        let rules = rules.transpose()?.map(Box::new);
        self.plans.insert(schema, Plan { read, reader, is_identity, rules });
        Ok(())
    }
}

impl AvroDeserializer<Json> {
    /// Which bytes of a body say what; the schema must be loaded.
    pub(crate) fn explain(
        &self,
        schema: SchemaRef,
        body: &[u8],
        spans: &mut Spans,
    ) -> Result<(), Error> {
        self.plans.with(schema, |plan| {
            plan.read.explain(body, &self.bounds.limits, spans);
            Ok(())
        })
    }
}

impl<T: Send> AvroDeserializer<T> {
    /// Reads a message and asks the registry for its schema first, if need be.
    pub async fn decode_async(&self, payload: &[u8], header: Option<&[u8]>) -> Result<T, Error> {
        deserialize_or_load(self, payload, header).await
    }
}

impl<T: Send> Deserializer<T> for AvroDeserializer<T> {
    fn deserialize(&self, payload: &[u8], header: Option<&[u8]>) -> Result<T, Error> {
        self.decode(payload, header)
    }

    async fn load(&self, schema: SchemaRef) -> Result<(), Error> {
        Self::load(self, schema).await
    }
}

/// A [`Reader`] to be.
enum ReaderSchema {
    Derived(Box<Schema>),
    Text(SchemaDefinition),
    Writers,
    PlainWriters,
}

/// What a deserializer of Avro is told besides; see [`AvroDeserializer`] for the ways to say it.
pub struct AvroReadFormat<T> {
    reader: ReaderSchema,
    way: Way<T>,
    bounds: Bounds,
}

/// Settings of an [`AvroDeserializer`].
pub type AvroDeserializerBuilder<T> = DeserializerBuilder<AvroReadFormat<T>>;

impl<T> fmt::Debug for AvroReadFormat<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AvroReadFormat").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

fn builder<T>(
    client: &RegistryClient,
    reader: ReaderSchema,
    way: Way<T>,
) -> AvroDeserializerBuilder<T> {
    let bounds = Bounds::default();
    DeserializerBuilder::new(client, AvroReadFormat { reader, way, bounds })
}

impl<T> AvroDeserializerBuilder<T> {
    /// Bounds on what one message may cost.
    #[must_use]
    pub fn limits(mut self, limits: DecodeLimits) -> Self {
        self.format.bounds.limits = limits;
        self
    }

    /// Whether bytes behind the value are passed over instead of an error.
    #[must_use]
    pub fn trailing_bytes(mut self, allowed: bool) -> Self {
        self.format.bounds.allows_trailing = allowed;
        self
    }

    /// Checks the reader schema. Asks the registry only for references of that schema.
    pub async fn build(self) -> Result<AvroDeserializer<T>, Error> {
        let AvroReadFormat { reader, way, bounds } = self.format;
        let reader = match reader {
            ReaderSchema::Derived(schema) => {
                Reader::Given(Arc::new(ParsedSchema::from_schema(*schema)?))
            }
            ReaderSchema::Text(definition) => {
                let references = self.client.resolve_references(&definition.references).await?;
                let texts: Vec<_> = references.iter().map(|found| found.text.as_str()).collect();
                Reader::Given(Arc::new(ParsedSchema::parse(&definition.text, &texts)?))
            }
            ReaderSchema::Writers => Reader::Writers,
            ReaderSchema::PlainWriters => Reader::PlainWriters,
        };
        Ok(AvroDeserializer {
            client: self.client,
            reader,
            plans: Plans::default(),
            framing: self.framing,
            bounds,
            way,
            reading: self.reading.unwrap_or_default(),
        })
    }
}
