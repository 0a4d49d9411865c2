//! Types that write and read themselves: what `#[derive(AvroRecord)]` makes, and what it builds on.
//!
//! A derived type knows its schema when it is compiled, so its fields are written and read one
//! after another without asking any schema. That is right wherever a message has exactly the
//! derived schema; see [`AvroSerializer::record`](crate::AvroSerializer::record) and
//! [`AvroDeserializer::record`](crate::AvroDeserializer::record) for all other messages.

mod decimal;
mod logical;
mod reader;
mod schema;
mod types;

pub use decimal::AvroDecimal;
pub use reader::AvroReader;
pub use schema::{Defined, RecordSchema, decimal, enumeration, fixed, logical, nullable, union};
pub use serde_json::Value as Json;

use crate::error::{DecodeError, EncodeError};

/// A type with an Avro schema of its own.
pub trait AvroType {
    /// The schema, or the name of a type that `defined` has met before.
    fn schema(defined: &mut Defined) -> Json;
}

/// A type that writes itself as its schema has it.
pub trait AvroWrite: AvroType {
    /// Appends the value; an error is one of a value that its logical type cannot hold.
    fn write(&self, out: &mut Vec<u8>) -> Result<(), Box<EncodeError>>;
}

/// A type that reads itself as its schema has it, and may borrow what lives as long as `'b`.
pub trait AvroRead<'b>: AvroType + Sized {
    /// Reads the next value.
    fn read(reader: &mut AvroReader<'b>) -> Result<Self, Box<DecodeError>>;
}

/// Appends an `int` or `long`.
#[inline]
pub fn write_long(value: i64, out: &mut Vec<u8>) {
    crate::wire_format::write_zigzag(value, out);
}

/// The schema of a type as text.
pub fn schema_text<T: AvroType + ?Sized>() -> String {
    T::schema(&mut Defined::default()).to_string()
}
