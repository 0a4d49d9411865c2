//! Counter-examples: a value that shows a finding, because the reader was given it and failed.

use super::{Incompatibility, Side};
use crate::{Limits, Schema, avro, json, protobuf};

/// What the search for a value that shows a finding came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterExample {
    /// This value shows it.
    Value(ExampleValue),
    /// No value does, and that is proven.
    NoneExists(NoneExists),
    /// None was found within the limits, and none is known not to exist.
    NotFound,
}

/// A value that the writer schema allows and the reader schema cannot take, as really tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleValue {
    /// The value as JSON text: Avro's JSON encoding, `ProtoJSON`, or the JSON instance itself.
    pub value: String,
    /// What the writer puts on the wire (without framing); for JSON Schema the instance's text.
    pub encoded: Vec<u8>,
    /// What the reader says to it or makes of it, in one plain sentence.
    pub refusal: String,
}

/// Why no value shows a finding: the reference's rules are stricter than a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoneExists {
    #[error("the writer's schema allows no value there")]
    WriterAllowsNothing,
    #[error("the reader takes every value there that the writer's schema allows")]
    ReaderTakesAll,
    #[error("names of packages are not on the wire, but for those in a google.protobuf.Any")]
    NotOnTheWire,
}

impl CounterExample {
    /// The value, if there is one.
    pub fn value(self) -> Option<ExampleValue> {
        match self {
            Self::Value(value) => Some(value),
            Self::NoneExists(_) | Self::NotFound => None,
        }
    }
}

/// A small value that shows `found`, one of the findings between the two schemas, or why none does.
pub fn counter_example(
    candidate: &Schema,
    previous: &Schema,
    found: &Incompatibility,
    limits: &Limits,
) -> CounterExample {
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
        _ => CounterExample::NotFound,
    }
}
