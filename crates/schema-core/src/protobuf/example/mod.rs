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

use self::place::Member;
use self::sample::Sampler;
use self::schema::Linked;
use super::ProtobufSchema;
use super::compat::sources;
use crate::{CounterExample, Incompatibility, Limits, Rule};

/// Of [`Limits::nodes_max`], how many messages and fields one search may write: one for as many.
const NODES_PER_VALUE: usize = 10;

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
    let (rule, path) = (found.rule, found.path.as_str());
    if rule == Rule::ProtobufPackageChanged {
        return search.writer.own_messages().iter().find_map(|name| search.whole(name));
    }
    let mut sources = sources(reader, writer, (rule, path), limits).into_iter();
    if rule == Rule::ProtobufMessageRemoved {
        let name = place::last_name(path)?;
        return sources.find_map(|(scope, _)| {
            search.whole(&if scope.is_empty() {
                name.to_owned()
            } else {
                format!("{scope}.{name}")
            })
        });
    }
    let member = Member::of(rule, path)?;
    sources.find_map(|(writer, reader)| {
        let (writer, reader) = (search.writer.message(&writer)?, search.reader.message(&reader)?);
        search.between(&writer, &reader, (rule, &member))
    })
}

struct Search<'s> {
    reader: Linked<'s>,
    writer: Linked<'s>,
    sampler: Sampler,
}

impl Search<'_> {
    /// A message of the name, which the reader may not have or may have elsewhere.
    fn whole(&mut self, name: &str) -> Option<CounterExample> {
        let message = self.writer.message(name)?;
        if self.reader.has(name) {
            let reader = self.reader.message(name)?;
            return self.between(&message, &reader, (Rule::ProtobufMessageRemoved, &Member::Whole));
        }
        let value = self.sampler.filled(&message)?;
        shown(&value, format!("the reader has no message '{name}'"))
    }

    fn between(
        &mut self,
        writer: &MessageDescriptor,
        reader: &MessageDescriptor,
        (rule, member): (Rule, &Member),
    ) -> Option<CounterExample> {
        let values = self.sampler.values_at(writer, reader, member);
        let refused = |value| shown(value, judge::refusal(value, reader, member)?);
        let turned = |value| shown(value, judge::turned(value, reader, rule, member)?);
        values.iter().find_map(refused).or_else(|| values.iter().find_map(turned))
    }
}

/// The example, unless the value has no JSON form.
fn shown(value: &DynamicMessage, refusal: String) -> Option<CounterExample> {
    let text = serde_json::to_string(value).ok()?;
    Some(CounterExample { value: text, encoded: value.encode_to_vec(), refusal })
}

#[cfg(test)]
mod tests;
