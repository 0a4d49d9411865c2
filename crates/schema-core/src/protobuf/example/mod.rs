//! Counter-examples: a message of the writer that the reader, having decoded it, does not have.
//!
//! A finding names a message and mostly a field or a oneof of it (`place`). Values of the writer's
//! message are made up around it (`sample`), encoded, decoded as the reader's message of the same
//! place and held against what was written (`judge`).

mod judge;
mod place;
mod proof;
mod sample;
mod schema;

use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use self::place::Member;
use self::sample::Sampler;
use self::schema::Linked;
use super::ProtobufSchema;
use super::compat::sources;
use crate::{CounterExample, ExampleValue, Incompatibility, Limits, NoneExists, Rule};

/// Of [`Limits::nodes_max`], how many messages and fields one search may write: one for as many.
const NODES_PER_VALUE: usize = 10;

/// A message that `writer` can write and that shows `found` when `reader` decodes it, or the proof
/// that there is none.
///
/// Nothing is found if no descriptors can be made of the schemas: the reference takes some that no
/// compiler takes.
pub(crate) fn counter_example(
    reader: &ProtobufSchema,
    writer: &ProtobufSchema,
    found: &Incompatibility,
    limits: &Limits,
) -> CounterExample {
    let (rule, path) = (found.rule, found.path.as_str());
    if rule == Rule::ProtobufPackageChanged {
        return CounterExample::NoneExists(NoneExists::NotOnTheWire);
    }
    let steps = limits.nodes_max / NODES_PER_VALUE;
    let mut search = Search {
        reader: Linked::of(reader),
        writer: Linked::of(writer),
        sampler: Sampler::new(steps),
        steps,
    };
    let tried = sources(reader, writer, (rule, path), limits).into_iter().map(|source| {
        if rule == Rule::ProtobufMessageRemoved {
            search.removed(&source, path)
        } else {
            search.member(&source, (rule, path))
        }
    });
    best(tried)
}

/// The first value, else what is known of all.
fn best(tried: impl Iterator<Item = CounterExample>) -> CounterExample {
    let mut best = None;
    for next in tried {
        best = match (best, next) {
            (_, CounterExample::Value(value)) => return CounterExample::Value(value),
            (None, first) => Some(first),
            (Some(known @ CounterExample::NoneExists(_)), CounterExample::NoneExists(_)) => {
                Some(known)
            }
            _ => Some(CounterExample::NotFound),
        };
    }
    best.unwrap_or(CounterExample::NotFound)
}

struct Search<'s> {
    reader: Linked<'s>,
    writer: Linked<'s>,
    sampler: Sampler,
    /// How many steps a proof may take.
    steps: usize,
}

impl Search<'_> {
    /// A message that the reader does not have, or has elsewhere.
    fn removed(&mut self, (scope, _): &(String, String), path: &str) -> CounterExample {
        let Some(name) = place::last_name(path) else { return CounterExample::NotFound };
        let name = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
        let Some(message) = self.writer.message(&name) else { return CounterExample::NotFound };
        if self.reader.has(&name) {
            let Some(reader) = self.reader.message(&name) else { return CounterExample::NotFound };
            return self.between(&message, &reader, (Rule::ProtobufMessageRemoved, &Member::Whole));
        }
        if !proof::can_be_written(&message) {
            return CounterExample::NoneExists(NoneExists::WriterAllowsNothing);
        }
        let value = self.sampler.filled(&message);
        let refusal = || format!("the reader has no message '{name}'");
        let shown = value.and_then(|value| shown(&value, refusal()));
        shown.map_or(CounterExample::NotFound, CounterExample::Value)
    }

    /// A message whose field or oneof the reader does not keep.
    fn member(
        &mut self,
        (writer, reader): &(String, String),
        found: (Rule, &str),
    ) -> CounterExample {
        let Some(member) = Member::of(found.0, found.1) else { return CounterExample::NotFound };
        match (self.writer.message(writer), self.reader.message(reader)) {
            (Some(writer), Some(reader)) => self.between(&writer, &reader, (found.0, &member)),
            _ => CounterExample::NotFound,
        }
    }

    fn between(
        &mut self,
        writer: &MessageDescriptor,
        reader: &MessageDescriptor,
        (rule, member): (Rule, &Member),
    ) -> CounterExample {
        let values = self.sampler.values_at(writer, reader, member);
        let refused = |value| shown(value, judge::refusal(value, reader, member)?);
        let renamed = |value| shown(value, judge::renamed(value, reader, rule, member)?);
        let value = values.iter().find_map(refused).or_else(|| values.iter().find_map(renamed));
        if let Some(value) = value {
            return CounterExample::Value(value);
        }
        let proven = proof::none_exists(writer, reader, (rule, member), self.steps);
        proven.map_or(CounterExample::NotFound, CounterExample::NoneExists)
    }
}

/// The example, unless the value has no JSON form.
fn shown(value: &DynamicMessage, refusal: String) -> Option<ExampleValue> {
    let text = serde_json::to_string(value).ok()?;
    Some(ExampleValue { value: text, encoded: value.encode_to_vec(), refusal })
}

#[cfg(test)]
mod tests;
