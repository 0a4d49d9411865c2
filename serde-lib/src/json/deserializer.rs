//! [`JsonDeserializer`]: from the bytes of a Kafka message to a value.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::error::Category;

use super::check::{Checker, check, registered};
use super::fields::Fields;
use super::message::JsonMessage;
use super::serializer::title_of;
use crate::Error;
use crate::client::RegistryClient;
use crate::error::{DecodeError, DecodeKind};
use crate::origin::DeserializerBuilder;
use crate::plans::Plans;
use crate::rules::{Form, Message, ReadRules, Reading};
use crate::serializer::{Deserializer, ReadFraming, deserialize_or_load};
use crate::wire_format::{Frame, SchemaRef};

/// Bodies from this size on are measured before they are read: what a body takes in memory is a
/// multiple of its size, so smaller ones cannot take much.
const MEASURED_FROM: usize = 1 << 20;
/// What one JSON value, with the key before it, is taken to need in memory, in bytes.
const VALUE_SIZE: usize = 128;

/// What is done with the messages of one schema.
struct Plan {
    /// None if values are not checked.
    validator: Option<Checker>,
    /// What bodies pass before they are read, if there is anything.
    rules: Option<Box<(ReadRules, Fields)>>,
}

/// Reads JSON messages as values of type `T`.
///
/// A value that breaks its schema is refused with [`Error::Invalid`]. So the first message of
/// each schema needs the registry: [`Self::decode_async`] asks by itself, [`Self::decode`] says
/// [`Error::SchemaNotLoaded`]. After that, decoding is synchronous and may run on any thread.
/// Without validation, and without a word about rules, the registry is never asked.
///
/// ```no_run
/// # use levada_serde::{Error, JsonDeserializer, RegistryClient};
/// #[derive(serde::Deserialize)]
/// struct Order { id: i64 }
///
/// # async fn example(payload: &[u8]) -> Result<(), Error> {
/// let registry = RegistryClient::new("http://127.0.0.1:8081")?;
/// let orders = JsonDeserializer::<Order>::builder(&registry).build();
/// let order: Order = orders.decode_async(payload, None).await?;
/// # Ok(())
/// # }
/// ```
pub struct JsonDeserializer<T> {
    client: RegistryClient,
    plans: Plans<Plan>,
    framing: ReadFraming,
    is_validating: bool,
    /// None if rules are of no interest.
    reading: Option<Reading>,
    allocation_bytes_max: usize,
    value: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for JsonDeserializer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonDeserializer")
            .field("is_validating", &self.is_validating)
            .finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned> JsonDeserializer<T> {
    /// Settings for a deserializer; `serde_json::Value` as `T` takes any value.
    pub fn builder(client: &RegistryClient) -> JsonDeserializerBuilder<T> {
        let (is_validating, allocation_bytes_max) = (true, 256 << 20);
        let format = JsonReadFormat { is_validating, allocation_bytes_max, value: PhantomData };
        DeserializerBuilder::new(client, format)
    }

    /// Reads a message. `header` is the last schema id header of this side, if there is one.
    ///
    /// A null payload is a tombstone and no message: do not pass it as an empty one.
    pub fn decode(&self, payload: &[u8], header: Option<&[u8]>) -> Result<T, Error> {
        let Frame { schema, body } = self.framing.split(payload, header)?;
        let read = if self.is_validating || self.reading.is_some() {
            self.plans.with(schema, |plan| match &plan.rules {
                None => self.read(body, plan, schema),
                Some(rules) => self.read(&self.filtered(body, rules)?, plan, schema),
            })
        } else {
            self.unchecked(body)
        };
        read.map_err(|error| error.of_schema(schema))
    }

    fn read(&self, body: &[u8], plan: &Plan, schema: SchemaRef) -> Result<T, Error> {
        match &plan.validator {
            Some(validator) => self.validated(body, validator, schema),
            None => self.unchecked(body),
        }
    }

    /// The body that is left when the rules have passed it.
    #[cold]
    fn filtered<'b>(
        &self,
        body: &'b [u8],
        (rules, fields): &(ReadRules, Fields),
    ) -> Result<Cow<'b, [u8]>, Error> {
        let body = rules.decoded(body)?;
        if !rules.changes_value() {
            return Ok(body);
        }
        self.measure(&body)?;
        let tree: Json =
            serde_json::from_slice(&body).map_err(|error| unreadable(&body, &error))?;
        let mut message = Message(Form::Json(JsonMessage::new(fields, tree)));
        if rules.is_migrating() {
            let of_json = |json| Ok(Form::Json(JsonMessage::new(fields, json)));
            message = rules.migrated(&message, of_json)?;
        }
        rules.apply(&mut message)?;
        let passed = message.to_json().map_err(|error| Error::Config(error.to_string()))?;
        Ok(Cow::Owned(passed.to_string().into_bytes()))
    }

    fn validated(&self, body: &[u8], checker: &Checker, schema: SchemaRef) -> Result<T, Error> {
        self.measure(body)?;
        if let Some(value) = checker.read(body) {
            return Ok(value);
        }
        let tree: Json = serde_json::from_slice(body).map_err(|error| unreadable(body, &error))?;
        check(checker, &tree, schema)?;
        serde_json::from_value(tree).map_err(|error| misfit::<T>(body, &error))
    }

    fn unchecked(&self, body: &[u8]) -> Result<T, Error> {
        self.measure(body)?;
        serde_json::from_slice(body).map_err(|error| match error.classify() {
            Category::Data => misfit::<T>(body, &error),
            _ => unreadable(body, &error),
        })
    }

    /// Refuses a body that would take too much memory: every value but the first stands behind a
    /// comma, a colon or a bracket.
    fn measure(&self, body: &[u8]) -> Result<(), Error> {
        if body.len() < MEASURED_FROM {
            return Ok(());
        }
        let marks = body.iter().filter(|byte| matches!(byte, b',' | b':' | b'[' | b'{')).count();
        let size = marks.saturating_mul(VALUE_SIZE).saturating_add(body.len());
        if size <= self.allocation_bytes_max {
            return Ok(());
        }
        let kind = DecodeKind::AllocationLimitExceeded(self.allocation_bytes_max);
        Err(Box::new(DecodeError::new("JSON", 0, kind)).into())
    }
}

/// The body is no JSON text.
#[cold]
fn unreadable(body: &[u8], error: &serde_json::Error) -> Error {
    let kind = DecodeKind::InvalidJson(error.to_string());
    Box::new(DecodeError::new("JSON", offset_of(body, error), kind)).into()
}

/// The body is JSON text that `T` cannot hold; read again to say where.
#[cold]
fn misfit<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> Error {
    let mut again = serde_json::Deserializer::from_slice(body);
    let (path, offset, reason) = match serde_path_to_error::deserialize::<_, T>(&mut again) {
        Err(found) => {
            let offset = offset_of(body, found.inner());
            (found.path().to_string(), offset, found.inner().to_string())
        }
        // Such as a key that stands there twice: only the tree, where the last one counts, shows
        // the misfit.
        Ok(_) => (String::new(), 0, error.to_string()),
    };
    let path = if path == "." { String::new() } else { path };
    let kind = DecodeKind::Type(reason);
    Box::new(DecodeError { path, ..DecodeError::new("JSON", offset, kind) }).into()
}

/// The byte at which an error was found; the library tells line and column.
fn offset_of(body: &[u8], error: &serde_json::Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let before: usize =
        body.split_inclusive(|&byte| byte == b'\n').take(lines_before).map(<[u8]>::len).sum();
    (before + error.column().saturating_sub(1)).min(body.len())
}

impl<T> JsonDeserializer<T> {
    /// Fetches a schema and compiles it, so that [`Self::decode`] knows it.
    pub async fn load(&self, schema: SchemaRef) -> Result<(), Error> {
        if self.plans.has(schema) {
            return Ok(());
        }
        let writer = self.client.schema(schema).await?;
        let title = title_of(&writer.text)?;
        let (client, title) = (&self.client, title.as_deref());
        let rules = match &self.reading {
            Some(reading) => reading.compile(client, schema, &writer, title).await?,
            None => Reading::default().compile(client, schema, &writer, title).await?,
        };
        // What the bodies are of when the rules have passed them.
        let version = rules.as_ref().and_then(ReadRules::version).unwrap_or(&writer);
        let validator = self.is_validating.then(|| registered(version)).transpose()?;
        let fields = rules.is_some().then(|| Fields::of(version)).transpose()?;
        let rules = rules.zip(fields).map(Box::new);
        self.plans.insert(schema, Plan { validator, rules });
        Ok(())
    }
}

impl<T: DeserializeOwned + Send> JsonDeserializer<T> {
    /// Reads a message and asks the registry for its schema first, if need be.
    pub async fn decode_async(&self, payload: &[u8], header: Option<&[u8]>) -> Result<T, Error> {
        deserialize_or_load(self, payload, header).await
    }
}

impl<T: DeserializeOwned + Send> Deserializer<T> for JsonDeserializer<T> {
    fn deserialize(&self, payload: &[u8], header: Option<&[u8]>) -> Result<T, Error> {
        self.decode(payload, header)
    }

    async fn load(&self, schema: SchemaRef) -> Result<(), Error> {
        Self::load(self, schema).await
    }
}

/// What a deserializer of JSON is told besides.
#[derive(Debug)]
pub struct JsonReadFormat<T> {
    is_validating: bool,
    allocation_bytes_max: usize,
    value: PhantomData<fn() -> T>,
}

/// Settings of a [`JsonDeserializer`].
pub type JsonDeserializerBuilder<T> = DeserializerBuilder<JsonReadFormat<T>>;

impl<T> JsonDeserializerBuilder<T> {
    /// Whether values are checked against the schema that their message names; they are by
    /// default.
    #[must_use]
    pub fn validation(mut self, is_on: bool) -> Self {
        self.format.is_validating = is_on;
        self
    }

    /// Most bytes of memory that one message may take, by an estimate from its parts; the default
    /// is 256 MiB.
    #[must_use]
    pub fn allocation_bytes_max(mut self, bytes: usize) -> Self {
        self.format.allocation_bytes_max = bytes;
        self
    }

    /// Makes the deserializer. The registry is asked when the first message comes.
    pub fn build(self) -> JsonDeserializer<T> {
        let JsonReadFormat { is_validating, allocation_bytes_max, value } = self.format;
        JsonDeserializer {
            client: self.client,
            plans: Plans::default(),
            framing: self.framing,
            is_validating,
            reading: self.reading,
            allocation_bytes_max,
            value,
        }
    }
}
