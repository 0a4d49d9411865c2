//! Schema registry client and serializers for programs that produce to and consume from Kafka.

pub mod avro;
pub mod client;
#[cfg(feature = "rdkafka")]
pub mod consumer;
mod error;
#[cfg(feature = "rdkafka")]
mod kafka;
#[cfg(feature = "rdkafka")]
pub mod producer;
mod serializer;
mod subject_name;
pub mod wire_format;

pub use apache_avro::{self, AvroSchema};
pub use avro::{AvroDeserializer, AvroSerializer};
pub use client::{RegistryClient, SchemaDefinition};
#[cfg(feature = "rdkafka")]
pub use consumer::{DeserializingConsumer, ErrorPolicy};
pub use error::{DecodeError, DecodeKind, EncodeError, EncodeKind, Error};
#[cfg(feature = "rdkafka")]
pub use kafka::Unset;
#[cfg(feature = "rdkafka")]
pub use producer::{Record, SerializingProducer};
pub use serializer::{Deserializer, Framing, PlainText, SchemaSource, Serializer};
pub use subject_name::SubjectNameStrategy;
