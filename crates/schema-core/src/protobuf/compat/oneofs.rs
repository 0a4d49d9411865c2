//! `MULTIPLE_FIELDS_MOVED_TO_ONEOF`, `FIELD_MOVED_TO_EXISTING_ONEOF`, `ONEOF_ADDED`, `ONEOF_REMOVED`.
//!
//! Fields that could be set together must not come to exclude each other. A reader's oneof is fine
//! if those of its members that the writer has come from one group: one oneof, or one plain field.

use std::collections::BTreeSet;

use super::Sides;
use super::fields::Members;
use super::graph::{Builder, Step};
use super::place::Place;
use crate::Rule;
use crate::protobuf::ast::Message;

pub(super) fn moved_in(
    builder: &mut Builder<'_>,
    steps: &mut Vec<Step>,
    place: &Place<'_>,
    reader: &Message,
    members: &Sides<Members<'_>>,
) {
    for oneof in &reader.oneofs.items {
        let mut oneofs = BTreeSet::new();
        let mut plain = BTreeSet::new();
        let mut plain_count = 0;
        for field in &oneof.fields {
            if let Some(from) = members.writer.oneof_of.get(&field.number) {
                oneofs.insert(*from);
            } else if members.writer.by_number.contains_key(&field.number) {
                plain.insert(field.number);
                plain_count += 1;
            }
        }
        if oneofs.len() + plain.len() > 1 {
            let rule = if plain_count > 1 {
                Rule::ProtobufMultipleFieldsMovedToOneof
            } else {
                Rule::ProtobufFieldMovedToExistingOneof
            };
            let at = oneof.fields.first().map(|field| field.at);
            let inner = place.named(&oneof.name);
            builder.add(steps, rule, &inner.at(None, at));
        }
    }
}

/// Oneofs that came or went by name.
pub(super) fn containers(
    builder: &mut Builder<'_>,
    steps: &mut Vec<Step>,
    place: &Place<'_>,
    members: &Sides<Members<'_>>,
) {
    let (writers, readers) = (&members.writer.oneofs, &members.reader.oneofs);
    for name in writers.keys().filter(|name| !readers.contains_key(*name)) {
        builder.add(steps, Rule::ProtobufOneofRemoved, &place.named(name));
    }
    for name in readers.keys().filter(|name| !writers.contains_key(*name)) {
        builder.add(steps, Rule::ProtobufOneofAdded, &place.named(name));
    }
}

/// The writer's oneofs whose name is gone and none of whose numbers the reader has: their members
/// are not reported one by one.
pub(super) fn dissolved<'a>(members: &Sides<Members<'a>>) -> BTreeSet<&'a str> {
    let is_gone = |name: &str| !members.reader.oneofs.contains_key(name);
    let survives = |number: &i32| members.reader.by_number.contains_key(number);
    members
        .writer
        .oneofs
        .iter()
        .filter(|(name, oneof)| {
            is_gone(name) && !oneof.fields.iter().any(|field| survives(&field.number))
        })
        .map(|(name, _)| *name)
        .collect()
}
