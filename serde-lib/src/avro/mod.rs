//! Avro: serializers and deserializers for Rust types and for generic values.
//!
//! Three layers. The registry is asked once, when a serializer is built or a writer schema is
//! first met. What it answers becomes a plan: a parsed schema to write with, or the compiled pair
//! of writer and reader schema to read with. Messages then only follow the plan.

mod base;
mod constraints;
mod cursor;
mod decode;
mod default;
mod deserializer;
mod encode;
mod json;
mod leaf;
mod lenient;
mod message;
mod plan;
mod reading;
pub mod record;
mod resolve;
mod schema;
mod serializer;
#[cfg(test)]
mod tests;
mod typed_decode;
mod typed_default;
mod typed_encode;
mod typed_parts;
#[cfg(test)]
mod typed_tests;
mod watch;
mod write_plan;

pub use apache_avro::types::Value;
pub use deserializer::{AvroDeserializer, AvroDeserializerBuilder, AvroReadFormat};
pub(crate) use message::AvroMessage;
pub use plan::DecodeLimits;
pub use serializer::{AvroFormat, AvroSerializer, AvroSerializerBuilder};
