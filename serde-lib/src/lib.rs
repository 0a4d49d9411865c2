//! Schema registry client and serializers for programs that produce to and consume from Kafka.
//!
//! A message carries the id of the schema that wrote it; this crate registers schemas, writes
//! and reads such messages, and reads what older and newer versions of a program wrote. It works
//! with every registry and broker that speaks the Confluent REST API and the Kafka protocol.
//!
//! ```no_run
//! use levada_serde::consumer::Message;
//! use levada_serde::{
//!     AvroDeserializer, AvroSchema, AvroSerializer, DeserializingConsumer, PlainText, Record,
//!     RegistryClient, SerializingProducer,
//! };
//!
//! #[derive(AvroSchema, serde::Serialize, serde::Deserialize)]
//! struct Order { id: i64, customer: String, coupon: Option<String> }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = RegistryClient::new("http://127.0.0.1:8081")?;
//! let values = AvroSerializer::<Order>::builder(&registry).topic("orders").build().await?;
//! let producer =
//!     SerializingProducer::builder("127.0.0.1:9092").key(PlainText).value(values).build()?;
//! let order = Order { id: 1, customer: "Ada".into(), coupon: None };
//! let delivery = producer.send(Record::to("orders").key(&order.customer).value(&order)).await?;
//! println!("order 1 is at offset {}", delivery.offset);
//!
//! let values = AvroDeserializer::<Order>::builder(&registry).build().await?;
//! let consumer = DeserializingConsumer::builder("127.0.0.1:9092", "billing")
//!     .set("auto.offset.reset", "earliest")
//!     .key(PlainText)
//!     .value(values)
//!     .subscribe(&["orders"])?;
//! let message: Message<String, Order> = consumer.recv().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Parts
//!
//! * [`RegistryClient`] asks the registry, repeats what failed in passing, and remembers what
//!   cannot change.
//! * [`AvroSerializer`] and [`AvroDeserializer`], [`ProtobufSerializer`] and
//!   [`ProtobufDeserializer`], [`JsonSerializer`] and [`JsonDeserializer`] turn values into
//!   messages and back. Only building them, and the first message of each schema, needs the
//!   registry; encoding and decoding are synchronous.
//! * [`AnyDeserializer`] and [`AnySerializer`] do the same for JSON text of any format's messages,
//!   for tools that know no types.
//! * With the feature `rdkafka`, `SerializingProducer` and `DeserializingConsumer` put them
//!   around librdkafka. Any other Kafka client can use the serializers through their byte slices.
//! * [`rules`] has what values must pass before they are written and after they were read, where
//!   their schema comes with rules.
//! * With the feature `encryption`, rules encrypt fields and bodies (module `encryption`), with data
//!   keys that a local secret wraps, or with the features `kms-aws` and `kms-vault` a KMS. With
//!   `metrics`, rules are counted.
//! * [`wire_format`] has the frames alone.
//!
//! # Deriving schemas
//!
//! `#[derive(AvroRecord)]` gives a type its Avro schema and code that writes and reads it, faster
//! than anything that follows a schema; [`AvroSerializer::record`] and
//! [`AvroDeserializer::record`] take such types. Dates, times and decimals of `chrono`, `jiff` and
//! `rust_decimal` have features of those names.
//!
//! Types that derive serde's traits go through [`AvroSerializer::builder`] with
//! `#[derive(AvroSchema)]`, or through [`AvroSerializer::with_schema`].
//! The code that `#[derive(AvroSchema)]` makes names the crate `apache_avro`. A program that does
//! not depend on it lets this crate stand for it, once, in its root:
//! `extern crate levada_serde as apache_avro;`
//!
//! JSON schemas of draft 07 come from `#[derive(schemars::JsonSchema)]` with the feature
//! `schemars`. Protobuf types are those of `prost`; their descriptors come from
//! [`prost_reflect::ReflectMessage`] or are given, and become `.proto` text for the registry.
//!
//! # Messages from strangers
//!
//! Whatever bytes a message holds, reading it ends in a value or an [`Error`]: lengths, counts
//! and nesting are bounded before memory or stack is spent on them ([`avro::DecodeLimits`], and
//! `allocation_bytes_max` of the other deserializers).
//! [`Error::is_poison`] tells a bad record, to be set aside, from a failure that may pass
//! ([`Error::is_retriable`]).

mod any;
pub mod avro;
mod binding;
pub mod client;
#[cfg(feature = "rdkafka")]
pub mod consumer;
#[cfg(feature = "encryption")]
pub mod encryption;
mod error;
#[cfg(doc)]
pub mod guide;
#[cfg(feature = "rdkafka")]
mod handed_out;
pub mod json;
#[cfg(feature = "rdkafka")]
mod kafka;
mod origin;
mod plans;
#[cfg(feature = "rdkafka")]
pub mod producer;
pub mod protobuf;
pub mod rules;
mod serializer;
mod span;
mod subject_name;
mod target;
#[cfg(feature = "rdkafka")]
mod transaction;
pub mod wire_format;

pub use any::{
    AnyDeserializer, AnyFormat, AnySerializer, AnySerializerBuilder, AnyValue, Explained,
};
pub use apache_avro::{self, AvroSchema};
// What the derive macro names; see "Deriving schemas" above.
#[doc(hidden)]
pub use apache_avro::{AvroSchemaComponent, Schema, schema, serde};
pub use avro::{AvroDeserializer, AvroSerializer};
pub use binding::Binding;
pub use client::{RegistryClient, SchemaDefinition};
#[cfg(feature = "rdkafka")]
pub use consumer::{DeserializingConsumer, ErrorPolicy};
pub use error::{
    DecodeError, DecodeKind, EncodeError, EncodeKind, Error, ValidationError, Violation,
};
pub use json::{JsonDeserializer, JsonSerializer};
#[cfg(feature = "rdkafka")]
pub use kafka::Unset;
pub use levada_serde_derive::AvroRecord;
pub use origin::DeserializerBuilder;
#[cfg(feature = "rdkafka")]
pub use producer::{Record, SerializingProducer};
pub use prost_reflect;
pub use protobuf::{ProtobufDeserializer, ProtobufSerializer};
#[cfg(feature = "rdkafka")]
pub use rdkafka;
pub use rules::Rules;
pub use serializer::{Deserializer, Framing, PlainText, ReadFraming, SchemaSource, Serializer};
pub use span::Span;
pub use subject_name::{SubjectNameStrategy, SubjectOf, SubjectParts};
pub use target::SerializerBuilder;
#[cfg(feature = "rdkafka")]
pub use transaction::Transaction;
