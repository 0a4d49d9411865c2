//! Schema registry client and serializers for programs that produce to and consume from Kafka.

pub mod avro;
pub mod client;
mod error;
mod serializer;
mod subject_name;
pub mod wire_format;

pub use apache_avro::{self, AvroSchema};
pub use avro::{AvroDeserializer, AvroSerializer};
pub use client::{RegistryClient, SchemaDefinition};
pub use error::{DecodeError, DecodeKind, EncodeError, EncodeKind, Error};
pub use serializer::{Deserializer, Framing, PlainText, SchemaSource, Serializer};
pub use subject_name::SubjectNameStrategy;
