//! [`AvroSerializer`]: from a value to the bytes of a Kafka message.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

use apache_avro::types::Value;
use apache_avro::{AvroSchema, Schema};
use bytes::Bytes;
use levada_schema_core::SchemaType;
use serde::Serialize;

use super::encode::{Encoded, encode_generic, encode_typed};
use super::plan::ReadPlan;
use super::schema::ParsedSchema;
use crate::Error;
use crate::client::{Registered, RegisteredSchema, RegistryClient, SchemaDefinition, Version};
use crate::serializer::{Framing, SchemaSource, Serializer};
use crate::subject_name::SubjectNameStrategy;
use crate::wire_format::{Side, guid_header, id_prefix};

type Encode<T> = fn(&ParsedSchema, &T, &mut Vec<u8>) -> Encoded<()>;

/// Writes values of type `T` as Avro, each with the id of its schema.
///
/// Everything that needs the registry happens in [`AvroSerializerBuilder::build`]; encoding is
/// synchronous, shares nothing mutable and may run on any thread.
pub struct AvroSerializer<T> {
    schema: ParsedSchema,
    id: u32,
    frame: FrameHead,
    binding: Binding,
    encode: Encode<T>,
    /// Longest message so far; the next one gets that much room at once.
    capacity: AtomicUsize,
}

/// The part of a message that names its schema, ready to be copied.
enum FrameHead {
    Prefix([u8; 5]),
    Header(Bytes),
}

/// What the serializer was built for.
#[derive(Debug)]
struct Binding {
    subject: String,
    /// The topic that the subject depends on, if it does.
    topic: Option<String>,
    side: Side,
}

impl<T> fmt::Debug for AvroSerializer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AvroSerializer")
            .field("id", &self.id)
            .field("binding", &self.binding)
            .finish_non_exhaustive()
    }
}

impl<T: Serialize + AvroSchema> AvroSerializer<T> {
    /// Settings for a serializer of a type with a derived schema.
    pub fn builder(client: &RegistryClient) -> AvroSerializerBuilder<T> {
        let local = LocalSchema::Derived(Box::new(T::get_schema()));
        AvroSerializerBuilder::new(client, local, encode_typed)
    }
}

impl<T: Serialize> AvroSerializer<T> {
    /// Settings for a serializer of a type whose schema is given as text.
    pub fn with_schema(
        client: &RegistryClient,
        schema: SchemaDefinition,
    ) -> AvroSerializerBuilder<T> {
        AvroSerializerBuilder::new(client, LocalSchema::Text(schema), encode_typed)
    }

    /// Settings for a serializer of a type that is written as whatever the registry holds: the
    /// latest version of the subject unless [`AvroSerializerBuilder::source`] names an id.
    pub fn from_registry(client: &RegistryClient) -> AvroSerializerBuilder<T> {
        AvroSerializerBuilder::new(client, LocalSchema::None, encode_typed)
    }
}

impl AvroSerializer<Value> {
    /// Settings for a serializer of generic values with the schema given as text.
    pub fn generic(
        client: &RegistryClient,
        schema: SchemaDefinition,
    ) -> AvroSerializerBuilder<Value> {
        AvroSerializerBuilder::new(client, LocalSchema::Text(schema), encode_generic)
    }

    /// Settings for a serializer of generic values with the schema that the registry holds.
    pub fn generic_from_registry(client: &RegistryClient) -> AvroSerializerBuilder<Value> {
        AvroSerializerBuilder::new(client, LocalSchema::None, encode_generic)
    }
}

impl<T> AvroSerializer<T> {
    /// Appends the message for `value` to `out`: the schema id prefix, then the body. With
    /// [`Framing::Header`] the body alone. On an error `out` is as before.
    pub fn encode_into(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        if let FrameHead::Prefix(prefix) = &self.frame {
            out.extend_from_slice(prefix);
        }
        (self.encode)(&self.schema, value, out).map_err(|error| {
            out.truncate(start);
            Error::Encode(error)
        })
    }

    /// The message for `value` in a vector of its own.
    pub fn encode(&self, value: &T) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(self.capacity.load(Ordering::Relaxed));
        self.encode_into(value, &mut out)?;
        self.capacity.fetch_max(out.len(), Ordering::Relaxed);
        Ok(out)
    }

    /// The id of the schema that messages are written with.
    pub fn schema_id(&self) -> u32 {
        self.id
    }

    /// The subject that the schema was registered under or found in.
    pub fn subject(&self) -> &str {
        &self.binding.subject
    }
}

impl<T> Serializer<T> for AvroSerializer<T> {
    fn serialize_into(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        self.encode_into(value, out)
    }

    fn schema_id_header(&self) -> Option<(&'static str, &Bytes)> {
        match &self.frame {
            FrameHead::Prefix(_) => None,
            FrameHead::Header(header) => Some((self.binding.side.schema_id_header(), header)),
        }
    }

    fn topic(&self) -> Option<&str> {
        self.binding.topic.as_deref()
    }

    fn side(&self) -> Option<Side> {
        Some(self.binding.side)
    }
}

/// The schema that the program brings.
enum LocalSchema {
    Derived(Box<Schema>),
    Text(SchemaDefinition),
    None,
}

/// Settings of an [`AvroSerializer`].
pub struct AvroSerializerBuilder<T> {
    client: RegistryClient,
    local: LocalSchema,
    encode: Encode<T>,
    topic: Option<String>,
    subject: Option<String>,
    side: Side,
    strategy: SubjectNameStrategy,
    source: Option<SchemaSource>,
    framing: Framing,
    value: PhantomData<fn(&T)>,
}

impl<T> fmt::Debug for AvroSerializerBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AvroSerializerBuilder")
            .field("topic", &self.topic)
            .field("side", &self.side)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl<T> AvroSerializerBuilder<T> {
    fn new(client: &RegistryClient, local: LocalSchema, encode: Encode<T>) -> Self {
        Self {
            client: client.clone(),
            local,
            encode,
            topic: None,
            subject: None,
            side: Side::Value,
            strategy: SubjectNameStrategy::Topic,
            source: None,
            framing: Framing::Prefix,
            value: PhantomData,
        }
    }

    /// The topic that messages go to; the default strategy makes the subject from it.
    #[must_use]
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// Serializes record keys.
    #[must_use]
    pub fn key(mut self) -> Self {
        self.side = Side::Key;
        self
    }

    /// Serializes record values; the default.
    #[must_use]
    pub fn value(mut self) -> Self {
        self.side = Side::Value;
        self
    }

    /// How the subject follows from topic and record name; the default is
    /// [`SubjectNameStrategy::Topic`].
    #[must_use]
    pub fn subject_name_strategy(mut self, strategy: SubjectNameStrategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Names the subject itself, whatever the strategy.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Which schema messages are written with; the default registers the program's own.
    #[must_use]
    pub fn source(mut self, source: SchemaSource) -> Self {
        self.source = Some(source);
        self
    }

    /// Where messages name their schema; the default is [`Framing::Prefix`].
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Asks the registry for everything that encoding needs.
    pub async fn build(self) -> Result<AvroSerializer<T>, Error> {
        let (definition, own) = match &self.local {
            LocalSchema::Derived(schema) => {
                let text = serde_json::to_string(schema.as_ref()).map_err(|error| {
                    Error::InvalidSchema { reason: format!("derived schema: {error}") }
                })?;
                let own = ParsedSchema::from_schema(schema.as_ref().clone())?;
                (Some(SchemaDefinition::avro(text)), Some(own))
            }
            LocalSchema::Text(definition) => {
                let references = self.client.resolve_references(&definition.references).await?;
                let texts: Vec<_> = references.iter().map(|found| found.text.as_str()).collect();
                (Some(definition.clone()), Some(ParsedSchema::parse(&definition.text, &texts)?))
            }
            LocalSchema::None => (None, None),
        };
        let subject = self.subject_for(own.as_ref())?;
        let (registered, schema) = self.chosen(&subject, definition, own).await?;
        let frame = self.frame_head(registered).await?;
        // A subject given by name or by record name holds for any topic.
        let is_bound = self.subject.is_none() && self.strategy != SubjectNameStrategy::Record;
        let topic = self.topic.filter(|_| is_bound);
        Ok(AvroSerializer {
            schema,
            id: registered.id,
            frame,
            binding: Binding { subject, topic, side: self.side },
            encode: self.encode,
            capacity: AtomicUsize::new(0),
        })
    }

    fn subject_for(&self, own: Option<&ParsedSchema>) -> Result<String, Error> {
        if let Some(subject) = &self.subject {
            return Ok(subject.clone());
        }
        if self.topic.is_none() && self.strategy != SubjectNameStrategy::Record {
            let hint = "a serializer needs `topic` or `subject` to know its subject";
            return Err(Error::Config(hint.to_owned()));
        }
        let record_name = own.and_then(ParsedSchema::full_name);
        let topic = self.topic.as_deref().unwrap_or_default();
        self.strategy.subject(topic, self.side, record_name.as_deref())
    }

    /// The schema to write with, and its registration.
    async fn chosen(
        &self,
        subject: &str,
        definition: Option<SchemaDefinition>,
        own: Option<ParsedSchema>,
    ) -> Result<(Registered, ParsedSchema), Error> {
        let default = match own {
            Some(_) => SchemaSource::AutoRegister { normalize: false },
            None => SchemaSource::Latest { strict: false },
        };
        let needs_own = || {
            Error::Config("a serializer without a schema of its own takes Latest or Id".to_owned())
        };
        match self.source.unwrap_or(default) {
            SchemaSource::AutoRegister { normalize } => {
                let definition = definition.ok_or_else(needs_own)?;
                let registered = self.client.register(subject, &definition, normalize).await?;
                Ok((registered, own.ok_or_else(needs_own)?))
            }
            SchemaSource::Lookup { normalize } => {
                let definition = definition.ok_or_else(needs_own)?;
                let registered = self.client.lookup(subject, &definition, normalize).await?;
                Ok((registered, own.ok_or_else(needs_own)?))
            }
            SchemaSource::Latest { strict } => {
                let latest = self.client.version(subject, Version::Latest).await?;
                let guid = latest.schema.guid;
                let registered = Registered { id: latest.id, guid, version: Some(latest.version) };
                Ok((registered, adopt(subject, &latest.schema, own.filter(|_| strict))?))
            }
            SchemaSource::Id { id, strict } => {
                let schema = self.client.schema_by_id(id).await?;
                let registered = Registered { id, guid: schema.guid, version: None };
                Ok((registered, adopt(subject, &schema, own.filter(|_| strict))?))
            }
        }
    }

    async fn frame_head(&self, registered: Registered) -> Result<FrameHead, Error> {
        if self.framing == Framing::Prefix {
            return Ok(FrameHead::Prefix(id_prefix(registered.id)));
        }
        let guid = match registered.guid {
            Some(guid) => Some(guid),
            None => self.client.schema_by_id(registered.id).await?.guid,
        };
        let guid = guid.ok_or_else(|| {
            let hint = "this registry gives schemas no guid, so Framing::Header cannot be used";
            Error::Config(hint.to_owned())
        })?;
        Ok(FrameHead::Header(Bytes::copy_from_slice(&guid_header(guid))))
    }
}

/// Takes a schema of the registry to write with, after a check that values of `own` fit it.
fn adopt(
    subject: &str,
    schema: &RegisteredSchema,
    own: Option<ParsedSchema>,
) -> Result<ParsedSchema, Error> {
    let parsed = parse_registered(schema)?;
    let Some(own) = own else { return Ok(parsed) };
    let incompatible = |details| Error::Incompatible { subject: subject.to_owned(), details };
    match ReadPlan::compile(&own, &parsed) {
        Ok(plan) if plan.is_total() => Ok(parsed),
        Ok(_) => Err(incompatible("a union branch or enum symbol has no place in it".to_owned())),
        Err(error) => Err(incompatible(error.to_string())),
    }
}

/// Parses a schema of the registry, which must be an Avro schema.
pub(super) fn parse_registered(schema: &RegisteredSchema) -> Result<ParsedSchema, Error> {
    if schema.schema_type != SchemaType::Avro {
        let reason = format!("it is of type {}, not AVRO", schema.schema_type);
        return Err(Error::InvalidSchema { reason });
    }
    let references: Vec<_> =
        schema.references.iter().map(|reference| reference.text.as_str()).collect();
    ParsedSchema::parse(&schema.text, &references)
}
