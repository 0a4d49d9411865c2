//! JSON Schema: serializers and deserializers for whatever `serde` writes and reads.
//!
//! The body is plain JSON, so the schema only says what is valid; both directions check that
//! unless they are told not to.

mod check;
mod checked_read;
mod checked_write;
mod deserializer;
mod fields;
mod message;
mod places;
mod serializer;
mod shape;
#[cfg(test)]
mod tests;

pub use deserializer::{JsonDeserializer, JsonDeserializerBuilder, JsonReadFormat};
pub(crate) use message::JsonMessage;
pub use serializer::{JsonFormat, JsonSerializer, JsonSerializerBuilder};
