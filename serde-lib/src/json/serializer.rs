//! [`JsonSerializer`]: from a value to the bytes of a Kafka message.

use std::fmt;
use std::marker::PhantomData;

use levada_schema_core::RawSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::check::{Checker, check, compile, registered};
use super::fields::Fields;
use super::message::JsonMessage;
use crate::Error;
use crate::binding::Binding;
use crate::client::{RegistryClient, SchemaDefinition};
use crate::error::{EncodeError, EncodeKind};
use crate::rules::{Form, Message, WriteRules};
use crate::serializer::{Serializer, encode_or_load};
use crate::target::{Chosen, SerializerBuilder, check_strictly};
use crate::wire_format::SchemaRef;

/// Writes values of type `T` as JSON, each with the id of its schema.
///
/// Everything that needs the registry happens in [`SerializerBuilder::build`]; encoding is
/// synchronous, shares nothing mutable and may run on any thread. A value that breaks the schema
/// is refused with [`Error::Invalid`].
///
/// ```no_run
/// # use levada_serde::{Error, JsonSerializer, RegistryClient, SchemaDefinition};
/// #[derive(serde::Serialize)]
/// struct Order { id: i64 }
///
/// # async fn example() -> Result<(), Error> {
/// let registry = RegistryClient::new("http://127.0.0.1:8081")?;
/// let schema = SchemaDefinition::json(
///     r#"{"title": "Order", "type": "object", "properties": {"id": {"type": "integer"}}}"#,
/// );
/// let orders = JsonSerializer::<Order>::with_schema(&registry, schema).topic("orders");
/// let orders = orders.build().await?;
/// let payload = orders.encode(&Order { id: 1 })?;
/// # Ok(())
/// # }
/// ```
pub struct JsonSerializer<T: ?Sized> {
    /// None if values are not checked.
    validator: Option<Checker>,
    /// Whether values are checked before rules pass them, and not after.
    checks_first: bool,
    binding: Binding,
    /// What values pass, if there is anything.
    rules: Option<Box<(WriteRules, Fields)>>,
    value: PhantomData<fn(&T)>,
}

impl<T: ?Sized> fmt::Debug for JsonSerializer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonSerializer")
            .field("is_validating", &self.validator.is_some())
            .field("binding", &self.binding)
            .finish_non_exhaustive()
    }
}

/// What a serializer of JSON is told besides; see [`JsonSerializer`] for the ways to say it.
#[derive(Debug)]
pub struct JsonFormat<T: ?Sized> {
    own: Option<SchemaDefinition>,
    is_validating: bool,
    checks_first: bool,
    value: PhantomData<fn(&T)>,
}

/// Settings of a [`JsonSerializer`].
pub type JsonSerializerBuilder<T> = SerializerBuilder<JsonFormat<T>>;

fn builder<T: ?Sized>(
    client: &RegistryClient,
    own: Option<SchemaDefinition>,
) -> JsonSerializerBuilder<T> {
    SerializerBuilder::new(
        client,
        JsonFormat { own, is_validating: true, checks_first: false, value: PhantomData },
    )
}

#[cfg(feature = "schemars")]
impl<T: Serialize + schemars::JsonSchema> JsonSerializer<T> {
    /// Settings for a serializer of a type with a derived schema, which is of draft 07.
    pub fn builder(client: &RegistryClient) -> JsonSerializerBuilder<T> {
        let settings = schemars::generate::SchemaSettings::draft07();
        let schema = settings.into_generator().into_root_schema_for::<T>();
        let text = schema.as_value().to_string();
        builder(client, Some(SchemaDefinition::json(text)))
    }
}

impl<T: Serialize + ?Sized> JsonSerializer<T> {
    /// Settings for a serializer with the schema given as text.
    pub fn with_schema(
        client: &RegistryClient,
        schema: SchemaDefinition,
    ) -> JsonSerializerBuilder<T> {
        builder(client, Some(schema))
    }

    /// Settings for a serializer of whatever schema the registry holds: the latest version of the
    /// subject unless [`SerializerBuilder::source`] names another.
    pub fn from_registry(client: &RegistryClient) -> JsonSerializerBuilder<T> {
        builder(client, None)
    }

    /// Appends the message for `value` to `out`: the schema id prefix, then the JSON. With
    /// [`crate::Framing::Header`] the JSON alone. On an error `out` is as before.
    pub fn encode_into(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        self.binding.write(out, |out| {
            if let Some(rules) = &self.rules {
                return self.write_filtered(rules, value, out);
            }
            if let Some(validator) = &self.validator {
                if validator.write(value, out) {
                    return Ok(());
                }
                let tree = serde_json::to_value(value).map_err(unwritable)?;
                check(validator, &tree, SchemaRef::Id(self.binding.schema_id()))?;
            }
            serde_json::to_writer(out, value).map_err(unwritable)
        })
    }

    /// The message for `value` in a vector of its own.
    pub fn encode(&self, value: &T) -> Result<Vec<u8>, Error> {
        self.binding.message(|out| self.encode_into(value, out))
    }

    /// What the rules make of a value is what is checked, as in the reference, unless it is wanted
    /// otherwise.
    #[cold]
    fn write_filtered(
        &self,
        (rules, fields): &(WriteRules, Fields),
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let tree = serde_json::to_value(value).map_err(unwritable)?;
        let check = |tree: &Json| match &self.validator {
            Some(validator) => check(validator, tree, SchemaRef::Id(self.binding.schema_id())),
            None => Ok(()),
        };
        if self.checks_first {
            check(&tree)?;
        }
        let mut message = Message(Form::Json(JsonMessage::new(fields, tree)));
        rules.apply_to_value(&mut message)?;
        if let (false, Form::Json(message)) = (self.checks_first, &message.0) {
            check(&message.value)?;
        }
        let start = out.len();
        if let Form::Json(message) = &message.0 {
            serde_json::to_writer(&mut *out, &message.value).map_err(unwritable)?;
        }
        rules.apply_to_body(out, start)
    }
}

impl<T: Serialize + Sync + ?Sized> JsonSerializer<T> {
    /// The message for `value`; fetches what a rule needs for it first, such as a key.
    pub async fn encode_async(&self, value: &T) -> Result<Vec<u8>, Error> {
        encode_or_load(|| self.encode(value)).await
    }
}

#[cold]
#[expect(clippy::needless_pass_by_value, reason = "stands where errors are mapped")]
fn unwritable(error: serde_json::Error) -> Error {
    Box::new(EncodeError::new("JSON", EncodeKind::Other(error.to_string()))).into()
}

impl<T: ?Sized> JsonSerializer<T> {
    /// The id of the schema that messages are written with.
    pub fn schema_id(&self) -> u32 {
        self.binding.schema_id()
    }

    /// The subject that the schema was registered under or found in.
    pub fn subject(&self) -> &str {
        self.binding.subject()
    }
}

impl<T: Serialize + ?Sized> Serializer<T> for JsonSerializer<T> {
    fn serialize_into(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        self.encode_into(value, out)
    }

    fn binding(&self) -> Option<&Binding> {
        Some(&self.binding)
    }
}

impl<T: ?Sized> JsonSerializerBuilder<T> {
    /// Whether values are checked against the schema before they are written; they are by
    /// default.
    #[must_use]
    pub fn validation(mut self, is_on: bool) -> Self {
        self.format.is_validating = is_on;
        self
    }

    /// Whether values are checked against the schema before the domain rules pass them, instead of
    /// after that.
    #[must_use]
    pub fn validate_before_rules(mut self, is_first: bool) -> Self {
        self.format.checks_first = is_first;
        self
    }

    /// Asks the registry for everything that encoding needs.
    pub async fn build(self) -> Result<JsonSerializer<T>, Error> {
        let Self { client, target, format } = self;
        let JsonFormat { own, is_validating, checks_first, .. } = format;
        let references = match &own {
            Some(own) => client.resolve_references(&own.references).await?,
            None => Vec::new(),
        };
        let title = own.as_ref().map(|own| title_of(&own.text)).transpose()?.flatten();
        let subject = target.subject_for(&client, title.as_deref()).await?;
        let chosen = target.choose(&client, &subject, own.as_ref()).await?;
        let id = chosen.registered();
        let rules = target.write_rules(&client, &subject, &chosen, own.as_ref()).await?;
        let validator = match (&chosen, &own) {
            (Chosen::Adopted { schema, is_strict, .. }, own) => {
                if let Some(SchemaDefinition { schema_type, text, .. }) =
                    own.as_ref().filter(|_| *is_strict)
                {
                    let (schema_type, references) = (*schema_type, &references[..]);
                    let own = RawSchema { schema_type, text, references };
                    check_strictly(&subject, own, schema.raw())?;
                }
                is_validating.then(|| registered(schema)).transpose()?
            }
            (Chosen::Own(_), Some(own)) => {
                is_validating.then(|| compile(&own.text, &references)).transpose()?
            }
            (Chosen::Own(_), None) => None,
        };
        let rules = match rules {
            Some((rules, schema)) => Some(Box::new((rules, Fields::of(&schema)?))),
            None => None,
        };
        let binding = target.bind(&client, subject, id, None).await?;
        Ok(JsonSerializer { validator, checks_first, binding, rules, value: PhantomData })
    }
}

/// What a JSON schema has for a name.
pub(super) fn title_of(text: &str) -> Result<Option<String>, Error> {
    let schema: Json = serde_json::from_str(text)
        .map_err(|error| Error::InvalidSchema { reason: error.to_string() })?;
    Ok(schema.get("title").and_then(Json::as_str).map(str::to_owned))
}
