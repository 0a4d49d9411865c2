//! `MESSAGE_ADDED`, `MESSAGE_REMOVED`, `MESSAGE_MOVED`: messages matched by name within their scope.
//!
//! A message that moves to another scope is a removal and an addition. Only a removal breaks a
//! reader. The messages behind map fields do not count.

use foldhash::{HashMap, HashMapExt};

use super::graph::{Builder, Step};
use super::place::Place;
use super::{Sides, enums, fields, oneofs};
use crate::Rule;
use crate::protobuf::ast::{Enum, Message, TypeDecl};
use crate::protobuf::types::{NodeId, Types};

/// What the fields and oneofs of two messages come to.
pub(super) fn members(
    builder: &mut Builder<'_>,
    place: &Place<'_>,
    messages: Sides<&Message>,
) -> Vec<Step> {
    let members = Sides {
        writer: fields::Members::of(messages.writer),
        reader: fields::Members::of(messages.reader),
    };
    let mut steps = Vec::new();
    oneofs::moved_in(builder, &mut steps, place, messages.reader, &members);
    oneofs::containers(builder, &mut steps, place, &members);
    fields::compare(builder, &mut steps, place, &members);
    steps
}

/// What the types inside two scopes come to.
pub(super) fn nested(
    builder: &mut Builder<'_>,
    place: &Place<'_>,
    types: Sides<&[TypeDecl]>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let named = Sides { writer: Named::of(types.writer), reader: Named::of(types.reader) };
    for (name, (_, writer)) in &named.writer.messages {
        let inner = place.named(name);
        match named.reader.message(name) {
            None => {
                if counts(&builder.types.writer, place.scope.writer, name) {
                    let place = inner.at(Some(writer.at), None);
                    builder.add(&mut steps, Rule::ProtobufMessageRemoved, &place);
                }
            }
            Some((reader_index, reader)) => {
                let pair = builder.pair(Sides {
                    writer: builder.types.writer.enter(place.scope.writer, name),
                    reader: builder.types.reader.enter(place.scope.reader, name),
                });
                steps.push(Step::Nested(pair));
                if named.writer.message(name).map(|(index, _)| index) != Some(reader_index) {
                    let place = inner.at(Some(writer.at), Some(reader.at));
                    builder.add(&mut steps, Rule::ProtobufMessageMoved, &place);
                }
            }
        }
    }
    for (name, (_, reader)) in &named.reader.messages {
        if named.writer.message(name).is_none()
            && counts(&builder.types.reader, place.scope.reader, name)
        {
            let place = place.named(name);
            let place = place.at(None, Some(reader.at));
            builder.add(&mut steps, Rule::ProtobufMessageAdded, &place);
        }
    }
    let enums = Sides { writer: named.writer.enums, reader: named.reader.enums };
    enums::compare(builder, &mut steps, place, &enums);
    steps
}

/// Whether a message that is missing on the other side is reported: not if it is a map entry.
/// Observed: the name is looked up from inside the message.
fn counts(types: &Types<'_>, scope: NodeId, name: &str) -> bool {
    let found = types.resolve(types.enter(scope, name), name);
    found.is_some_and(|(_, info)| info.map_entry.is_none())
}

/// The types of a scope by name in the order of their first appearance; the last of equal names
/// counts.
struct Named<'a> {
    messages: Vec<(&'a str, (usize, &'a Message))>,
    index: HashMap<&'a str, usize>,
    enums: Vec<(&'a str, &'a Enum)>,
}

impl<'a> Named<'a> {
    fn of(types: &'a [TypeDecl]) -> Self {
        let mut named = Self { messages: Vec::new(), index: HashMap::new(), enums: Vec::new() };
        let mut enum_index = HashMap::new();
        let mut position = 0;
        for decl in types {
            match decl {
                TypeDecl::Message(message) => {
                    let entry = (message.name.as_str(), (position, message));
                    put(&mut named.messages, &mut named.index, entry);
                    position += 1;
                }
                TypeDecl::Enum(decl) => {
                    put(&mut named.enums, &mut enum_index, (decl.name.as_str(), decl));
                }
            }
        }
        named
    }

    fn message(&self, name: &str) -> Option<(usize, &'a Message)> {
        self.messages.get(*self.index.get(name)?).map(|(_, found)| *found)
    }
}

fn put<'a, T>(
    list: &mut Vec<(&'a str, T)>,
    index: &mut HashMap<&'a str, usize>,
    entry: (&'a str, T),
) {
    let at = *index.entry(entry.0).or_insert(list.len());
    match list.get_mut(at) {
        Some(known) => *known = entry,
        None => list.push(entry),
    }
}
