//! Messages of any format as JSON, for tools that know no types.

mod deserializer;
mod serializer;

pub use deserializer::{AnyDeserializer, AnyValue, Explained};
pub use serializer::{AnyFormat, AnySerializer, AnySerializerBuilder};
