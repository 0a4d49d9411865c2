//! Counter-examples: a message of the writer that the reader, having decoded it, does not have.
//!
//! A finding names a message and mostly a field or a oneof of it (`place`). Values of the writer's
//! message are made up around it (`sample`), encoded, decoded as the reader's message of the same
//! place and held against what was written (`judge`).

mod judge;
mod place;
mod sample;
mod schema;

use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use self::place::{Member, Place};
use self::sample::Sampler;
use self::schema::Linked;
use super::ProtobufSchema;
use crate::{CounterExample, Incompatibility, Limits, Rule};

/// Of [`Limits::nodes_max`], how many message values one search may build: one for as many.
const NODES_PER_VALUE: usize = 50;

/// A message that `writer` can write and that shows `found` when `reader` decodes it.
///
/// `None` if none was found within `limits`, or if no descriptors can be made of the schemas: the
/// reference takes some that no compiler takes.
pub(crate) fn counter_example(
    reader: &ProtobufSchema,
    writer: &ProtobufSchema,
    found: &Incompatibility,
    limits: &Limits,
) -> Option<CounterExample> {
    let mut search = Search {
        reader: Linked::of(reader),
        writer: Linked::of(writer),
        sampler: Sampler::new(limits.nodes_max / NODES_PER_VALUE),
    };
    let places = match found.rule {
        Rule::ProtobufPackageChanged => Place::messages(search.writer.own_messages()),
        Rule::ProtobufMessageRemoved => Place::messages([place::names(&found.path)]),
        Rule::ProtobufMultipleFieldsMovedToOneof | Rule::ProtobufFieldMovedToExistingOneof => {
            place::oneof(&found.path)
        }
        _ => place::field(&found.path),
    };
    let may_rename = found.rule == Rule::ProtobufFieldNamedTypeChanged;
    places.iter().find_map(|place| search.at(place, may_rename))
}

struct Search<'s> {
    reader: Linked<'s>,
    writer: Linked<'s>,
    sampler: Sampler,
}

impl Search<'_> {
    fn at(&mut self, place: &Place, may_rename: bool) -> Option<CounterExample> {
        for name in self.writer.named(&place.message) {
            let Some(message) = self.writer.message(&name) else { continue };
            let readers = match place.member {
                Member::Whole if !self.reader.has(&name) => {
                    let value = self.sampler.filled(&message)?;
                    return shown(&value, format!("the reader has no message '{name}'"));
                }
                Member::Whole => vec![name],
                _ => self.reader.named(&place.message),
            };
            for name in readers {
                let Some(reader) = self.reader.message(&name) else { continue };
                let found = self.between(&message, &reader, place, may_rename);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    fn between(
        &mut self,
        writer: &MessageDescriptor,
        reader: &MessageDescriptor,
        place: &Place,
        may_rename: bool,
    ) -> Option<CounterExample> {
        let values = self.sampler.values_at(writer, reader, &place.member);
        let refused = values
            .iter()
            .find_map(|value| shown(value, judge::refusal(value, reader, &place.member)?));
        refused.or_else(|| {
            let mut values = values.iter().filter(|_| may_rename);
            values.find_map(|value| shown(value, judge::renamed(value, reader)?))
        })
    }
}

/// The example, unless the value has no JSON form.
fn shown(value: &DynamicMessage, refusal: String) -> Option<CounterExample> {
    let text = serde_json::to_string(value).ok()?;
    Some(CounterExample { value: text, encoded: value.encode_to_vec(), refusal })
}

#[cfg(test)]
mod tests;
