//! Counter-examples to Avro findings: a value of the writer that goes through the place where a
//! rule is broken, encoded, and then refused by the reader.
//!
//! `places.rs` walks the pair as a value does, which is not always as the reference's verdict
//! does. The place of a finding is looked for by what the finding says, because its path may
//! begin anywhere. What is beside the way is as small as can be, and the nearest place comes
//! first.

mod places;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::AvroSchema;
use super::compat::{Subject, is_promoted, subject};
use super::types::{Enum, Record, Shape, TypeId, Types};
use super::value::{Broken, DecodeError, Pair, PlainValues, Value};
use super::value::{is_same_name, reader_branch, written_fields};
use crate::{CounterExample, ExampleValue, Incompatibility, Limits, NoneExists};
use places::Places;

/// A value of `writer` that `reader` refuses because of what `found` says, or the proof that there
/// is none.
pub(crate) fn counter_example(
    reader: &AvroSchema,
    writer: &AvroSchema,
    found: &Incompatibility,
    limits: &Limits,
) -> CounterExample {
    let plain = PlainValues::new(&writer.types, limits);
    let (pairs_left, bytes_left) = (limits.pairs_max, limits.pairs_max);
    if plain.is_without_values(writer.root) {
        return CounterExample::NoneExists(NoneExists::WriterAllowsNothing);
    }
    Search { reader, writer, plain, limits, pairs_left, bytes_left }.find(found)
}

struct Search<'a> {
    reader: &'a AvroSchema,
    writer: &'a AvroSchema,
    plain: PlainValues<'a>,
    limits: &'a Limits,
    /// Pairs that may still be walked.
    pairs_left: usize,
    /// Encoded bytes that may still be tried.
    bytes_left: usize,
}

impl Search<'_> {
    fn find(&mut self, found: &Incompatibility) -> CounterExample {
        let (reader, writer) = (&*self.reader.types, &*self.writer.types);
        let (mut is_met, mut is_reached) = (false, false);
        let ways = self.places((self.reader.root, self.writer.root));
        for (place, (r, w)) in ways.iter() {
            let Some(subject) = subject(found, (reader, r), (writer, w)) else { continue };
            is_met = true;
            is_reached |= !self.plain.is_without_values(w)
                && !ways.is_out_of_reach(place, (writer, &self.plain));
            // A union may take the type and still fail further inside, for whatever reason.
            let is_union = matches!(reader.shape(r), Shape::Union(_));
            let inside = if is_union { self.places((r, w)) } else { Places::first((r, w)) };
            for (inner, pair) in inside.iter() {
                let shows = |broken: &Broken| {
                    let is_subject = match subject {
                        Subject::Types => broken.rule == found.rule,
                        Subject::Field(field) => broken.field == Some(field),
                    };
                    broken.pair == pair && (is_subject || is_union)
                };
                let example = broken_value((reader, pair.0), (writer, pair.1), &self.plain)
                    .and_then(|value| self.whole(&inside, inner, value))
                    .and_then(|value| self.whole(&ways, place, value))
                    .and_then(|value| self.tried(&value, shows));
                if let Some(example) = example {
                    return CounterExample::Value(example);
                }
            }
        }
        if is_met && !is_reached && self.pairs_left > 0 {
            return CounterExample::NoneExists(NoneExists::WriterAllowsNothing);
        }
        CounterExample::NotFound
    }

    fn places(&mut self, root: Pair) -> Places {
        let (reader, writer) = (&self.reader.types, &self.writer.types);
        Places::all(root, reader, writer, self.limits, &mut self.pairs_left)
    }

    fn whole(&self, places: &Places, place: usize, value: Value) -> Option<Value> {
        places.whole(place, value, (&self.writer.types, &self.plain), self.limits.text_bytes_max)
    }

    /// Writes the value and has it read; the refusal must be the one that is to be shown.
    fn tried(&mut self, value: &Value, shows: impl Fn(&Broken) -> bool) -> Option<ExampleValue> {
        let encoded = value.encode();
        self.bytes_left = self.bytes_left.checked_sub(encoded.len().max(1))?;
        match self.reader.decode(self.writer, &encoded, self.limits) {
            Err(DecodeError::Refused(refusals)) => {
                let refusal = refusals.iter().find(|refusal| shows(&refusal.broken))?.to_string();
                Some(ExampleValue { value: self.writer.value_json(value), encoded, refusal })
            }
            Ok(_) | Err(DecodeError::Malformed(_) | DecodeError::TooComplex) => None,
        }
    }
}

/// A value of the pair's writer at which the reader must stop, whatever stands inside it.
fn broken_value(
    (reader_types, reader): (&Types, TypeId),
    (writer_types, writer): (&Types, TypeId),
    plain: &PlainValues<'_>,
) -> Option<Value> {
    let is_broken = match (reader_types.shape(reader), writer_types.shape(writer)) {
        (_, Shape::Union(_))
        | (Shape::Array(_), Shape::Array(_))
        | (Shape::Map(_), Shape::Map(_)) => false,
        (Shape::Union(branches), _) => {
            reader_branch((reader_types, branches), (writer_types, writer)).is_none()
        }
        (Shape::Enum(r), Shape::Enum(w)) => {
            match unknown_symbol((reader_types, r), (writer_types, w)) {
                Some(symbol) => return Some(Value::Enum(symbol)),
                None => !is_same_name(&r.named, &w.named),
            }
        }
        (Shape::Record(r), Shape::Record(w)) => {
            !is_same_name(&r.named, &w.named) || lacks_fields((reader_types, r), (writer_types, w))
        }
        (Shape::Fixed(r), Shape::Fixed(w)) => !is_same_name(&r.named, &w.named) || r.size != w.size,
        (Shape::Primitive(r), Shape::Primitive(w)) => r != w && !is_promoted(*w, *r),
        _ => true,
    };
    if is_broken { plain.value(writer) } else { None }
}

fn unknown_symbol(
    (reader_types, reader): (&Types, &Enum),
    (writer_types, writer): (&Types, &Enum),
) -> Option<usize> {
    if reader.default.is_some() {
        return None;
    }
    let known: HashSet<&str> = reader_types.symbols(reader).collect();
    writer_types.symbols(writer).position(|symbol| !known.contains(symbol))
}

/// Whether some field of the reader gets no value at all, or two.
fn lacks_fields(reader: (&Types, &Record), writer: (&Types, &Record)) -> bool {
    written_fields(reader, writer).map_or(true, |written| {
        reader
            .1
            .fields
            .iter()
            .zip(written)
            .any(|(field, at)| at.is_none() && field.default.is_none())
    })
}
