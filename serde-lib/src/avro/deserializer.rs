//! [`AvroDeserializer`]: from the bytes of a Kafka message to a value.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::{AvroSchema, Schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::encode::encode_datum;
use super::json::json_of;
use super::message::RuleCodec;
use super::plan::{DecodeLimits, ReadPlan};
use super::record::{AvroRead, AvroReader, schema_text};
use super::resolve::Typed;
use super::schema::ParsedSchema;
use super::serializer::parse_registered;
use crate::Error;
use crate::client::{RegistryClient, SchemaDefinition};
use crate::error::{DecodeError, DecodeKind};
use crate::plans::Plans;
use crate::rules::{Message, ReadRules, ReadSubject, ReaderVersion, Reading, Rules};
use crate::serializer::{Deserializer, ReadFraming, deserialize_or_load};
use crate::span::Spans;
use crate::subject_name::SubjectNameStrategy;
use crate::wire_format::{Frame, SchemaRef, Side};

/// Makes a `T` of the body that `value` was read from.
type Convert<T> = fn(value: Value, body: &[u8], plan: &Plan) -> Result<T, Error>;
/// Makes a `T` of a body without values in between; `None` leaves it to [`Convert`].
type Straight<T> = fn(plan: &Plan, &[u8], &DecodeLimits, allow_trailing: bool) -> Option<T>;

/// How bodies of one writer schema are read.
struct Plan {
    read: ReadPlan,
    reader: Arc<ParsedSchema>,
    /// The body is what the reader schema itself would have written.
    is_identity: bool,
    /// What bodies pass before they are read, if there is anything.
    rules: Option<Box<Filter>>,
}

impl Plan {
    /// What rules pass is made anew, and nothing in it lies in the message.
    fn check_borrowable(&self) -> Result<(), Error> {
        if self.rules.is_none() {
            return Ok(());
        }
        let reason = "its schema has rules for readers, and what they pass is not borrowed";
        Err(Error::Config(reason.to_owned()))
    }
}

/// What bodies of a writer schema pass, and what reads and writes them for that.
struct Filter {
    rules: ReadRules,
    /// Reads what the writer wrote; without migrations already as the version that is asked for.
    codec: RuleCodec,
    /// What the migrations lead to, if there are any.
    migrated: Option<RuleCodec>,
}

impl Filter {
    fn new(
        rules: ReadRules,
        writer: &ParsedSchema,
        version: &ParsedSchema,
        limits: DecodeLimits,
    ) -> Result<Self, Error> {
        let is_migrating = rules.is_migrating();
        let first = if is_migrating { writer } else { version };
        let codec = RuleCodec::new(writer, first, limits)?;
        let migrated =
            is_migrating.then(|| RuleCodec::new(version, version, limits)).transpose()?;
        Ok(Self { rules, codec, migrated })
    }

    /// The body that is left when the rules have passed it.
    #[cold]
    fn pass<'b>(&self, body: &'b [u8], allows_trailing: bool) -> Result<Cow<'b, [u8]>, Error> {
        let body = self.rules.decoded(body)?;
        if !self.rules.changes_value() {
            return Ok(body);
        }
        let mut message = Message(self.codec.read(&body, allows_trailing)?);
        let mut last = &self.codec;
        if let Some(migrated) = &self.migrated {
            message = self.rules.migrated(&message, |json| migrated.of_json(json))?;
            last = migrated;
        }
        self.rules.apply(&mut message)?;
        let mut passed = Vec::with_capacity(body.len());
        last.write(&message.0, &mut passed)?;
        Ok(Cow::Owned(passed))
    }
}

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
    limits: DecodeLimits,
    allows_trailing: bool,
    convert: Convert<T>,
    reading: Reading,
    straight: Straight<T>,
}

impl<T> fmt::Debug for AvroDeserializer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AvroDeserializer")
            .field("limits", &self.limits)
            .field("allows_trailing", &self.allows_trailing)
            .finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + AvroSchema> AvroDeserializer<T> {
    /// Settings for a deserializer whose reader schema is the derived one.
    pub fn builder(client: &RegistryClient) -> AvroDeserializerBuilder<T> {
        let reader = ReaderSchema::Derived(Box::new(T::get_schema()));
        AvroDeserializerBuilder::new(client, reader, typed).straight(straight)
    }
}

impl<T: DeserializeOwned> AvroDeserializer<T> {
    /// Settings for a deserializer whose reader schema is given as text.
    pub fn with_schema(
        client: &RegistryClient,
        reader: SchemaDefinition,
    ) -> AvroDeserializerBuilder<T> {
        AvroDeserializerBuilder::new(client, ReaderSchema::Text(reader), typed).straight(straight)
    }
}

impl<T: for<'b> AvroRead<'b>> AvroDeserializer<T> {
    /// Settings for a deserializer of a type that derives [`AvroRecord`](crate::AvroRecord). It
    /// reads itself what was written with its own schema; other messages take a longer way.
    pub fn record(client: &RegistryClient) -> AvroDeserializerBuilder<T> {
        let reader = ReaderSchema::Text(SchemaDefinition::avro(schema_text::<T>()));
        AvroDeserializerBuilder::new(client, reader, resolved_record).straight(record)
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
                let value = plan.read.decode(body, &self.limits, self.allows_trailing)?;
                let resolved = scratch; // moved, so that it may be borrowed for as long as it lives
                resolved.clear();
                encode_datum(&plan.reader, &value, resolved)?;
                body = resolved;
            }
            read_record(body, &self.limits, self.allows_trailing)
        };
        self.plans.with(schema, read).map_err(|error| error.of_schema(schema))
    }
}

fn read_record<'b, T: AvroRead<'b>>(
    body: &'b [u8],
    limits: &DecodeLimits,
    allow_trailing: bool,
) -> Result<T, Error> {
    let mut reader = AvroReader::new(body, limits);
    let value = T::read(&mut reader)?;
    match reader.remaining() {
        extra if extra > 0 && !allow_trailing => Err(Error::TrailingBytes { extra }),
        _ => Ok(value),
    }
}

/// Reads a derived type, if the message was written with its schema.
fn record<T: for<'b> AvroRead<'b>>(
    plan: &Plan,
    body: &[u8],
    limits: &DecodeLimits,
    allow_trailing: bool,
) -> Option<T> {
    if plan.is_identity { read_record(body, limits, allow_trailing).ok() } else { None }
}

/// Reads a derived type out of what its schema makes of the message.
#[expect(clippy::needless_pass_by_value, reason = "one shape for typed and generic values")]
fn resolved_record<T: for<'b> AvroRead<'b>>(
    value: Value,
    _body: &[u8],
    plan: &Plan,
) -> Result<T, Error> {
    let mut resolved = Vec::new();
    encode_datum(&plan.reader, &value, &mut resolved)?;
    // The limits held for the value, whose parts all stand for one of the type.
    let limits = DecodeLimits {
        items_max: usize::MAX,
        allocation_bytes_max: usize::MAX,
        ..DecodeLimits::default()
    };
    read_record(&resolved, &limits, false)
}

impl AvroDeserializer<Value> {
    /// Settings for a deserializer that gives generic values as they were written.
    pub fn generic(client: &RegistryClient) -> AvroDeserializerBuilder<Value> {
        AvroDeserializerBuilder::new(client, ReaderSchema::Writers, as_is)
    }

    /// Settings for a deserializer that gives generic values of one reader schema.
    pub fn generic_with_schema(
        client: &RegistryClient,
        reader: SchemaDefinition,
    ) -> AvroDeserializerBuilder<Value> {
        AvroDeserializerBuilder::new(client, ReaderSchema::Text(reader), as_is)
    }
}

impl AvroDeserializer<Json> {
    /// Settings for a deserializer that gives messages as they were written, in Avro's own JSON
    /// encoding: bytes as one character a byte, a union's value under the name of its branch. What
    /// a logical type makes of a value does not count.
    pub fn json(client: &RegistryClient) -> AvroDeserializerBuilder<Json> {
        AvroDeserializerBuilder::new(client, ReaderSchema::PlainWriters, as_json)
    }
}

/// Reads a Rust type as serde asks for its parts.
fn straight<T: DeserializeOwned>(
    plan: &Plan,
    body: &[u8],
    limits: &DecodeLimits,
    allow_trailing: bool,
) -> Option<T> {
    plan.read.read(body, limits, allow_trailing).ok()
}

#[expect(clippy::unnecessary_wraps, reason = "one shape for typed and generic values")]
#[expect(clippy::needless_pass_by_value, reason = "one shape for typed and generic values")]
fn as_json(value: Value, _body: &[u8], plan: &Plan) -> Result<Json, Error> {
    Ok(json_of(&value, Typed::root(&plan.reader, &plan.reader.names())))
}

#[expect(clippy::unnecessary_wraps, reason = "one shape for typed and generic values")]
fn as_is(value: Value, _body: &[u8], _plan: &Plan) -> Result<Value, Error> {
    Ok(value)
}

/// Reads what [`straight`] declines with the library's own reader, which knows every shape that its writer
/// makes of one but can neither resolve schemas nor bound what it reads. So the plan has read the
/// body before, and what the plan changed is written out again in the reader's schema.
#[expect(clippy::needless_pass_by_value, reason = "one shape for typed and generic values")]
fn typed<T: DeserializeOwned>(value: Value, body: &[u8], plan: &Plan) -> Result<T, Error> {
    let mut resolved = Vec::new();
    let mut body = body;
    if !plan.is_identity {
        encode_datum(&plan.reader, &value, &mut resolved)?;
        body = &resolved;
    }
    GenericDatumReader::builder(plan.reader.root())
        .build()
        .and_then(|reader| reader.read_deser(&mut body))
        .map_err(|error| {
            let kind = DecodeKind::Type(error.to_string());
            Box::new(DecodeError::new("AVRO", 0, kind)).into()
        })
}

impl<T> AvroDeserializer<T> {
    /// Reads a message. `header` is the last schema id header of this side, if there is one.
    ///
    /// A null payload is a tombstone and no message: do not pass it as an empty one.
    pub fn decode(&self, payload: &[u8], header: Option<&[u8]>) -> Result<T, Error> {
        let Frame { schema, body } = self.framing.split(payload, header)?;
        let read = |plan: &Plan| match &plan.rules {
            None => self.read(body, plan),
            Some(filter) => self.read(&filter.pass(body, self.allows_trailing)?, plan),
        };
        self.plans.with(schema, read).map_err(|error| error.of_schema(schema))
    }

    fn read(&self, body: &[u8], plan: &Plan) -> Result<T, Error> {
        let straight = self.straight;
        if let Some(value) = straight(plan, body, &self.limits, self.allows_trailing) {
            return Ok(value);
        }
        let value = plan.read.decode(body, &self.limits, self.allows_trailing)?;
        (self.convert)(value, body, plan)
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
        let Frame { schema, body } = self.framing.split(payload, header)?;
        let read = |plan: &Plan| {
            plan.check_borrowable()?;
            let read = plan.read.read(body, &self.limits, self.allows_trailing);
            read.map_err(|_| self.unborrowable(plan, body))
        };
        self.plans.with(schema, read).map_err(|error| error.of_schema(schema))
    }

    /// Why a body cannot be read as a type that borrows from it.
    #[cold]
    fn unborrowable(&self, plan: &Plan, body: &[u8]) -> Error {
        let read = plan.read.decode(body, &self.limits, self.allows_trailing);
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
        let rules = rules.map(|rules| Filter::new(rules, &writer, &version, self.limits));
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
            plan.read.explain(body, &self.limits, spans);
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

/// Settings of an [`AvroDeserializer`].
pub struct AvroDeserializerBuilder<T> {
    client: RegistryClient,
    reader: ReaderSchema,
    convert: Convert<T>,
    straight: Straight<T>,
    framing: ReadFraming,
    limits: DecodeLimits,
    allows_trailing: bool,
    reading: Reading,
}

impl<T> fmt::Debug for AvroDeserializerBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AvroDeserializerBuilder")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl<T> AvroDeserializerBuilder<T> {
    fn new(client: &RegistryClient, reader: ReaderSchema, convert: Convert<T>) -> Self {
        Self {
            client: client.clone(),
            reader,
            convert,
            straight: |_, _, _, _| None,
            framing: ReadFraming::Dual,
            limits: DecodeLimits::default(),
            allows_trailing: false,
            reading: Reading::default(),
        }
    }

    fn straight(self, straight: Straight<T>) -> Self {
        Self { straight, ..self }
    }

    /// Where the schema of a message is found; the default is [`ReadFraming::Dual`].
    #[must_use]
    pub fn framing(mut self, framing: ReadFraming) -> Self {
        self.framing = framing;
        self
    }

    /// Bounds on what one message may cost.
    #[must_use]
    pub fn limits(mut self, limits: DecodeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether bytes behind the value are passed over instead of an error.
    #[must_use]
    pub fn trailing_bytes(mut self, allowed: bool) -> Self {
        self.allows_trailing = allowed;
        self
    }

    /// Who runs the rules of the schemas that messages have; see [`crate::rules`].
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.reading.rules = rules;
        self
    }

    /// The subject of the messages, which rules may ask for. Without it the registry is asked,
    /// whose answer must be a single one.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.reading.subject = ReadSubject::Named(subject.into());
        self
    }

    /// Makes the subject, which rules may ask for, as the serializer did: by the strategy from
    /// topic, side and what the writer's schema calls its root. The registry is not asked then which
    /// subject has the schema, and a schema that several have is no error.
    #[must_use]
    pub fn subject_of(
        mut self,
        strategy: SubjectNameStrategy,
        topic: impl Into<String>,
        side: Side,
    ) -> Self {
        self.reading.subject = ReadSubject::Strategy { strategy, topic: topic.into(), side };
        self
    }

    /// The version of the subject that messages are brought to before they are read, by its
    /// migration rules and those of the versions between; for Avro by schema resolution where
    /// there are none.
    #[must_use]
    pub fn reader_version(mut self, version: ReaderVersion) -> Self {
        self.reading.version = Some(version);
        self
    }

    /// Checks the reader schema. Asks the registry only for references of that schema.
    pub async fn build(self) -> Result<AvroDeserializer<T>, Error> {
        let reader = match self.reader {
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
            limits: self.limits,
            allows_trailing: self.allows_trailing,
            convert: self.convert,
            reading: self.reading,
            straight: self.straight,
        })
    }
}
