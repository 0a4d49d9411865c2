//! [`AnySerializer`]: from JSON to the bytes of a Kafka message, in the format of its schema.

use levada_schema_core::SchemaType;
use prost_reflect::DynamicMessage;
use serde_json::Value as Json;

use crate::avro::AvroSerializer;
use crate::client::RegistryClient;
use crate::error::{EncodeError, EncodeKind, Error};
use crate::json::JsonSerializer;
use crate::protobuf::ProtobufSerializer;
use crate::rules::Rules;
use crate::target::SerializerBuilder;

/// Writes JSON as messages of whatever schema the registry holds: Avro from its JSON encoding,
/// where a union's value need not stand under the name of its branch, Protobuf from its JSON
/// mapping, JSON as it is. Rules of the schema run only if [`SerializerBuilder::rules`] says who
/// runs them.
#[derive(Debug)]
pub struct AnySerializer(Inner);

#[derive(Debug)]
enum Inner {
    Avro(Box<AvroSerializer<Json>>),
    Protobuf(ProtobufSerializer<DynamicMessage>),
    Json(JsonSerializer<Json>),
}

/// What a serializer of any format is told besides.
#[derive(Debug)]
pub struct AnyFormat {
    message: Option<String>,
}

/// Settings of an [`AnySerializer`].
pub type AnySerializerBuilder = SerializerBuilder<AnyFormat>;

impl AnySerializer {
    /// Settings for a serializer that takes its schema from this registry: the latest version of
    /// the subject unless [`SerializerBuilder::source`] names another.
    pub fn builder(client: &RegistryClient) -> AnySerializerBuilder {
        SerializerBuilder::new(client, AnyFormat { message: None }).rules(Rules::none())
    }

    /// The message for `value`.
    pub fn encode(&self, value: &Json) -> Result<Vec<u8>, Error> {
        match &self.0 {
            Inner::Avro(serializer) => serializer.encode(value),
            Inner::Json(serializer) => serializer.encode(value),
            Inner::Protobuf(serializer) => {
                let message = serializer.descriptor().clone();
                let message = DynamicMessage::deserialize(message, value).map_err(|error| {
                    let kind = EncodeKind::Other(error.to_string());
                    Box::new(EncodeError::new("PROTOBUF", kind))
                })?;
                serializer.encode(&message)
            }
        }
    }

    /// The id of the schema that messages are written with.
    pub fn schema_id(&self) -> u32 {
        match &self.0 {
            Inner::Avro(serializer) => serializer.schema_id(),
            Inner::Json(serializer) => serializer.schema_id(),
            Inner::Protobuf(serializer) => serializer.schema_id(),
        }
    }
}

impl AnySerializerBuilder {
    /// The full name of the Protobuf message to write; without it the first of the file.
    #[must_use]
    pub fn message(mut self, full_name: impl Into<String>) -> Self {
        self.format.message = Some(full_name.into());
        self
    }

    /// Asks the registry for everything that encoding needs.
    pub async fn build(self) -> Result<AnySerializer, Error> {
        let Self { client, target, format } = self;
        let subject = target.subject_for(&client, None).await?;
        let id = target.choose(&client, &subject, None).await?.registered().id;
        let target = target.exactly(subject, id);
        let inner = match client.schema_by_id(id).await?.schema_type {
            SchemaType::Avro => {
                let builder = AvroSerializer::json_from_registry(&client);
                Inner::Avro(Box::new(SerializerBuilder { target, ..builder }.build().await?))
            }
            SchemaType::Json => {
                let builder = JsonSerializer::from_registry(&client);
                Inner::Json(SerializerBuilder { target, ..builder }.build().await?)
            }
            SchemaType::Protobuf => {
                let mut builder = ProtobufSerializer::dynamic_from_registry(&client);
                if let Some(message) = format.message {
                    builder = builder.message(message);
                }
                Inner::Protobuf(SerializerBuilder { target, ..builder }.build().await?)
            }
        };
        Ok(AnySerializer(inner))
    }
}
