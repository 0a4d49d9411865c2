//! Protobuf: serializers and deserializers for generated types and for dynamic messages.
//!
//! A frame counts to its message within the registered file, so what a schema becomes here is a
//! table from message indexes to messages ([`file`]). Generated types are written and read by
//! `prost` itself; only a body that it refuses is walked again, to say where and why ([`wire`]).

mod deserializer;
mod file;
mod imports;
mod message;
mod plan;
mod required;
mod serializer;
#[cfg(test)]
mod tests;
mod wire;

pub use deserializer::{ProtobufDeserializer, ProtobufDeserializerBuilder, ProtobufReadFormat};
pub use imports::ReferenceSubjectStrategy;
pub(crate) use message::ProtobufMessage;
pub use prost_reflect::DynamicMessage;
pub use serializer::{ProtobufFormat, ProtobufSerializer, ProtobufSerializerBuilder};
