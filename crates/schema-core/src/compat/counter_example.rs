//! Counter-examples: a value that shows a finding, because the reader was given it and failed.

use super::{Incompatibility, Side};
use crate::{Limits, Schema, avro, json, protobuf};

/// A value that the writer schema allows and the reader schema cannot take, as really tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterExample {
    /// The value as JSON text: Avro's JSON encoding, `ProtoJSON`, or the JSON instance itself.
    pub value: String,
    /// What the writer puts on the wire (without framing); for JSON Schema the instance's text.
    pub encoded: Vec<u8>,
    /// What the reader says to it or makes of it, in one plain sentence.
    pub refusal: String,
}

/// A small value that shows `found`, one of the findings between the two schemas.
///
/// `None` if no value does: some rules of the reference are stricter than any reader, some types
/// have no values, and the search stops at `limits`.
pub fn counter_example(
    candidate: &Schema,
    previous: &Schema,
    found: &Incompatibility,
    limits: &Limits,
) -> Option<CounterExample> {
    let (reader, writer) = match found.reader {
        Side::New => (candidate, previous),
        Side::Old => (previous, candidate),
    };
    match (reader, writer) {
        (Schema::Avro(reader), Schema::Avro(writer)) => {
            avro::counter_example(reader, writer, found, limits)
        }
        (Schema::Protobuf(reader), Schema::Protobuf(writer)) => {
            protobuf::counter_example(reader, writer, found, limits)
        }
        (Schema::Json(reader), Schema::Json(writer)) => {
            json::counter_example(reader, writer, found, limits)
        }
        _ => None,
    }
}
