//! [`AvroSerializer`]: from a value to the bytes of a Kafka message.

use std::fmt;
use std::marker::PhantomData;

use apache_avro::types::Value;
use apache_avro::{AvroSchema, Schema};
use levada_schema_core::SchemaType;
use serde::Serialize;
use serde_json::Value as Json;

use super::encode::{Encoded, encode_generic, encode_typed};
use super::json::value_of;
use super::message::RuleCodec;
use super::plan::{DecodeLimits, ReadPlan};
use super::record::{AvroWrite, schema_text};
use super::resolve::Typed;
use super::schema::ParsedSchema;
use crate::Error;
use crate::binding::Binding;
use crate::client::{RegisteredSchema, RegistryClient, SchemaDefinition};
use crate::error::{EncodeError, EncodeKind};
use crate::rules::WriteRules;
use crate::serializer::{Serializer, encode_or_load};
use crate::target::{Chosen, SerializerBuilder};

type Encode<T> = fn(&Writer, &T, &mut Vec<u8>) -> Encoded<()>;

/// What values are written with.
struct Writer {
    schema: ParsedSchema,
    /// How a record's own bytes become those of the schema, where that is another than its own.
    from_own: Option<ReadPlan>,
}

/// Writes values of type `T` as Avro, each with the id of its schema.
///
/// Everything that needs the registry happens in [`SerializerBuilder::build`]; encoding is
/// synchronous, shares nothing mutable and may run on any thread.
///
/// ```no_run
/// # use levada_serde::{AvroSchema, AvroSerializer, Error, RegistryClient};
/// #[derive(AvroSchema, serde::Serialize)]
/// struct Order { id: i64, customer: String }
///
/// # async fn example() -> Result<(), Error> {
/// let registry = RegistryClient::new("http://127.0.0.1:8081")?;
/// let orders = AvroSerializer::<Order>::builder(&registry).topic("orders").build().await?;
/// let payload = orders.encode(&Order { id: 1, customer: "Ada".into() })?;
/// # Ok(())
/// # }
/// ```
pub struct AvroSerializer<T> {
    writer: Writer,
    binding: Binding,
    encode: Encode<T>,
    /// What values pass, if there is anything.
    rules: Option<Box<(WriteRules, RuleCodec)>>,
}

impl<T> fmt::Debug for AvroSerializer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AvroSerializer").field("binding", &self.binding).finish_non_exhaustive()
    }
}

/// What a serializer of Avro is told besides; see [`AvroSerializer`] for the ways to say it.
pub struct AvroFormat<T> {
    local: LocalSchema,
    encode: Encode<T>,
    /// Whether values are written without what logical types make of them.
    is_plain: bool,
    /// Whether values write themselves with their own schema.
    is_record: bool,
    value: PhantomData<fn(&T)>,
}

/// Settings of an [`AvroSerializer`].
pub type AvroSerializerBuilder<T> = SerializerBuilder<AvroFormat<T>>;

impl<T> fmt::Debug for AvroFormat<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AvroFormat")
    }
}

impl<T: Serialize + AvroSchema> AvroSerializer<T> {
    /// Settings for a serializer of a type with a derived schema.
    pub fn builder(client: &RegistryClient) -> AvroSerializerBuilder<T> {
        let local = LocalSchema::Derived(Box::new(T::get_schema()));
        builder(client, local, write_typed)
    }
}

impl<T: Serialize> AvroSerializer<T> {
    /// Settings for a serializer of a type whose schema is given as text.
    pub fn with_schema(
        client: &RegistryClient,
        schema: SchemaDefinition,
    ) -> AvroSerializerBuilder<T> {
        builder(client, LocalSchema::Text(schema), write_typed)
    }

    /// Settings for a serializer of a type that is written as whatever the registry holds: the
    /// latest version of the subject unless [`SerializerBuilder::source`] names another.
    pub fn from_registry(client: &RegistryClient) -> AvroSerializerBuilder<T> {
        builder(client, LocalSchema::None, write_typed)
    }
}

impl AvroSerializer<Value> {
    /// Settings for a serializer of generic values with the schema given as text.
    pub fn generic(
        client: &RegistryClient,
        schema: SchemaDefinition,
    ) -> AvroSerializerBuilder<Value> {
        builder(client, LocalSchema::Text(schema), write_generic)
    }

    /// Settings for a serializer of generic values with the schema that the registry holds.
    pub fn generic_from_registry(client: &RegistryClient) -> AvroSerializerBuilder<Value> {
        builder(client, LocalSchema::None, write_generic)
    }
}

impl AvroSerializer<Json> {
    /// Settings for a serializer that is given values in Avro's JSON encoding, and writes them with
    /// the schema that the registry holds. A union's value need not stand under the name of its
    /// branch; logical types do not count.
    pub fn json_from_registry(client: &RegistryClient) -> AvroSerializerBuilder<Json> {
        let mut builder = builder(client, LocalSchema::None, encode_json);
        builder.format.is_plain = true;
        builder
    }
}

impl<T: AvroWrite> AvroSerializer<T> {
    /// Settings for a serializer of a type that derives [`AvroRecord`](crate::AvroRecord). It
    /// writes itself wherever the schema is its own; with any other
    /// ([`SchemaSource::Latest`](crate::SchemaSource::Latest)) each value takes a longer way.
    pub fn record(client: &RegistryClient) -> AvroSerializerBuilder<T> {
        let schema = SchemaDefinition::avro(schema_text::<T>());
        let mut builder = builder(client, LocalSchema::Text(schema), write_record);
        builder.format.is_record = true;
        builder
    }
}

fn write_record<T: AvroWrite>(writer: &Writer, value: &T, out: &mut Vec<u8>) -> Encoded<()> {
    match &writer.from_own {
        None => value.write(out),
        Some(plan) => write_resolved(plan, &writer.schema, value, out),
    }
}

/// Writes a record with another schema than its own.
#[cold]
fn write_resolved<T: AvroWrite>(
    plan: &ReadPlan,
    schema: &ParsedSchema,
    value: &T,
    out: &mut Vec<u8>,
) -> Encoded<()> {
    let mut own = Vec::new();
    value.write(&mut own)?;
    let unbounded = DecodeLimits {
        items_max: usize::MAX,
        allocation_bytes_max: usize::MAX,
        ..DecodeLimits::default()
    };
    let value = plan.decode(&own, &unbounded, false).map_err(|error| {
        Box::new(EncodeError::new("AVRO", EncodeKind::Other(error.to_string())))
    })?;
    encode_generic(schema, &value, out)
}

fn write_typed<T: Serialize>(writer: &Writer, value: &T, out: &mut Vec<u8>) -> Encoded<()> {
    encode_typed(&writer.schema, value, out)
}

fn write_generic(writer: &Writer, value: &Value, out: &mut Vec<u8>) -> Encoded<()> {
    encode_generic(&writer.schema, value, out)
}

fn encode_json(writer: &Writer, json: &Json, out: &mut Vec<u8>) -> Encoded<()> {
    let schema = &writer.schema;
    let value = value_of(json, Typed::root(schema, &schema.names()))?;
    encode_generic(schema, &value, out)
}

impl<T> AvroSerializer<T> {
    /// Appends the message for `value` to `out`: the schema id prefix, then the body. With
    /// [`Framing::Header`] the body alone. On an error `out` is as before.
    pub fn encode_into(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        self.binding.write(out, |out| {
            let start = out.len();
            (self.encode)(&self.writer, value, out)?;
            match &self.rules {
                None => Ok(()),
                Some(rules) => filter(rules, out, start),
            }
        })
    }

    /// The message for `value` in a vector of its own.
    pub fn encode(&self, value: &T) -> Result<Vec<u8>, Error> {
        self.binding.message(|out| self.encode_into(value, out))
    }

    /// The id of the schema that messages are written with.
    pub fn schema_id(&self) -> u32 {
        self.binding.schema_id()
    }

    /// The subject that the schema was registered under or found in.
    pub fn subject(&self) -> &str {
        self.binding.subject()
    }
}

impl<T: Sync> AvroSerializer<T> {
    /// The message for `value`; fetches what a rule needs for it first, such as a key.
    pub async fn encode_async(&self, value: &T) -> Result<Vec<u8>, Error> {
        encode_or_load(|| self.encode(value)).await
    }
}

#[cold]
fn filter(
    (rules, codec): &(WriteRules, RuleCodec),
    out: &mut Vec<u8>,
    start: usize,
) -> Result<(), Error> {
    let read = |body: &[u8]| codec.read(body, false);
    rules.apply(out, start, read, |form, out| codec.write(&form, out))
}

impl<T> Serializer<T> for AvroSerializer<T> {
    fn serialize_into(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        self.encode_into(value, out)
    }

    fn binding(&self) -> Option<&Binding> {
        Some(&self.binding)
    }
}

/// The schema that the program brings.
enum LocalSchema {
    Derived(Box<Schema>),
    Text(SchemaDefinition),
    None,
}

fn builder<T>(
    client: &RegistryClient,
    local: LocalSchema,
    encode: Encode<T>,
) -> AvroSerializerBuilder<T> {
    SerializerBuilder::new(
        client,
        AvroFormat { local, encode, is_plain: false, is_record: false, value: PhantomData },
    )
}

impl<T> AvroSerializerBuilder<T> {
    /// Asks the registry for everything that encoding needs.
    pub async fn build(self) -> Result<AvroSerializer<T>, Error> {
        let Self { client, target, format: AvroFormat { local, encode, is_plain, is_record, .. } } =
            self;
        let own = match local {
            LocalSchema::Derived(schema) => {
                let text = serde_json::to_string(schema.as_ref()).map_err(|error| {
                    Error::InvalidSchema { reason: format!("derived schema: {error}") }
                })?;
                Some((SchemaDefinition::avro(text), ParsedSchema::from_schema(*schema)?))
            }
            LocalSchema::Text(definition) => {
                let references = client.resolve_references(&definition.references).await?;
                let texts: Vec<_> = references.iter().map(|found| found.text.as_str()).collect();
                let parsed = ParsedSchema::parse(&definition.text, &texts)?;
                Some((definition, parsed))
            }
            LocalSchema::None => None,
        };
        let (definition, own) = own.unzip();
        let subject = target
            .subject_for(&client, own.as_ref().and_then(ParsedSchema::full_name).as_deref())
            .await?;
        let chosen = target.choose(&client, &subject, definition.as_ref()).await?;
        let registered = chosen.registered();
        let rules = target.write_rules(&client, &subject, &chosen, definition.as_ref()).await?;
        let mut from_own = None;
        let schema = match (chosen, own) {
            (Chosen::Own(_), Some(own)) => own,
            (Chosen::Own(_), None) => {
                return Err(Error::Config("there is no schema to write with".to_owned()));
            }
            (Chosen::Adopted { schema, is_strict, .. }, own) => {
                if let Some(own) = own.as_ref().filter(|_| is_record) {
                    let plan = ReadPlan::compile(own, &parse_registered(&schema)?)?;
                    from_own = Some(plan).filter(|plan| !plan.is_identity());
                }
                adopt(&subject, &schema, own.filter(|_| is_strict))?
            }
        };
        let schema = if is_plain { schema.without_logical_types()? } else { schema };
        let rules = match rules {
            Some((rules, _)) => {
                let codec = RuleCodec::new(&schema, &schema, DecodeLimits::default())?;
                Some(Box::new((rules, codec)))
            }
            None => None,
        };
        let binding = target.bind(&client, subject, registered, None).await?;
        Ok(AvroSerializer { writer: Writer { schema, from_own }, binding, encode, rules })
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
