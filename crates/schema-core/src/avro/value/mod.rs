//! Values of Avro schemas: written as one schema, read as another.
//!
//! `encode.rs` and `decode.rs` are the binary encoding under the writer's schema, `resolve.rs`
//! turns a value into what the reader's schema makes of it, or tells by `refusals.rs` why it
//! cannot, `json.rs` prints one. Logical types do
//! not count. Nothing here decides a verdict.
//!
//! The rules are those of the Avro 1.12 specification; where it leaves a choice, Avro Java's. Where
//! Avro Java 1.12.1 departs from it, this does not follow: it overlooks the names of records; it
//! wants full names for the enums and fixed types of a union; it applies the aliases of fields only
//! where the full names of the records agree.

mod decode;
mod default;
mod encode;
mod error;
mod json;
mod matching;
mod plain;
mod refusals;
mod resolve;
#[cfg(test)]
mod tests;

pub(super) use error::Broken;
pub use error::{DecodeError, Refusal};
pub(super) use matching::{is_same_name, reader_branch, written_fields};
pub(super) use plain::PlainValues;

use super::AvroSchema;
use super::types::TypeId;
use crate::Limits;

/// A value of some schema, which gives the positions in it their names.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Bytes(Vec<u8>),
    String(String),
    Fixed(Vec<u8>),
    /// The position of the symbol.
    Enum(usize),
    Array(Vec<Value>),
    /// In the order of the encoding; a key may occur again.
    Map(Vec<(String, Value)>),
    /// All fields in the order of the schema.
    Record(Vec<Value>),
    /// The position of the branch, and its value.
    Union(usize, Box<Value>),
}

impl Value {
    /// The binary encoding, which needs no schema: the value has the schema's shape.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        encode::encode(self, &mut out);
        out
    }
}

impl AvroSchema {
    /// Reads bytes that `writer` describes as this schema sees them.
    pub fn decode(
        &self,
        writer: &Self,
        encoded: &[u8],
        limits: &Limits,
    ) -> Result<Value, DecodeError> {
        let written = decode::decode((&writer.types, writer.root), encoded, limits)?;
        let resolver = resolve::Resolver::new(&self.types, &writer.types, limits);
        resolver.resolve(written, (self.root, writer.root))
    }

    /// The smallest value of this schema; a record that needs itself, for one, has none.
    pub fn smallest_value(&self, limits: &Limits) -> Option<Value> {
        PlainValues::new(&self.types, limits).value(self.root)
    }

    /// Avro's JSON encoding of a value of this schema; what does not fit it prints as `null`.
    pub fn value_json(&self, value: &Value) -> String {
        let mut out = String::new();
        json::print((&self.types, self.root), value, &mut out);
        out
    }
}

/// Deepest nesting of values, unions counted; they are walked by recursion on anybody's stack.
const DEPTH_MAX: usize = 128;

/// How deep values may nest under `limits`.
pub(super) fn depth_max(limits: &Limits) -> usize {
    limits.depth_max.min(DEPTH_MAX)
}

/// A type of the reader and one of the writer.
pub(super) type Pair = (TypeId, TypeId);
