//! Fields matched by number across the whole message: `FIELD_ADDED`, `FIELD_REMOVED`, both also of
//! required fields and of oneof members, `FIELD_NAME_CHANGED`, `ONEOF_FIELD_MOVED_TO_TOP_LEVEL`.
//!
//! Breaking: a required field that came or went; a member that left a oneof for good while the
//! oneof or another member of it stayed.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Builder, Step};
use super::place::Place;
use super::{Sides, oneofs, types};
use crate::Rule;
use crate::protobuf::ast::{Field, Label, Message, Oneof};

/// The fields of a message by number, those of oneofs too; the last of equal numbers counts.
pub(super) struct Members<'a> {
    pub(super) by_number: BTreeMap<i32, &'a Field>,
    pub(super) oneof_of: BTreeMap<i32, &'a str>,
    pub(super) oneofs: BTreeMap<&'a str, &'a Oneof>,
}

impl<'a> Members<'a> {
    pub(super) fn of(message: &'a Message) -> Self {
        let mut members = Self {
            by_number: message.fields.iter().map(|field| (field.number, field)).collect(),
            oneof_of: BTreeMap::new(),
            oneofs: BTreeMap::new(),
        };
        for oneof in &message.oneofs.items {
            members.oneofs.insert(&oneof.name, oneof);
            for field in &oneof.fields {
                members.by_number.insert(field.number, field);
                members.oneof_of.insert(field.number, &oneof.name);
            }
        }
        members
    }
}

pub(super) fn compare(
    builder: &mut Builder<'_>,
    steps: &mut Vec<Step>,
    place: &Place<'_>,
    members: &Sides<Members<'_>>,
) {
    let dissolved = oneofs::dissolved(members);
    let (writers, readers) = (&members.writer, &members.reader);
    let numbers: BTreeSet<i32> =
        writers.by_number.keys().chain(readers.by_number.keys()).copied().collect();
    for number in numbers {
        let oneofs = Sides {
            writer: writers.oneof_of.get(&number).copied(),
            reader: readers.oneof_of.get(&number).copied(),
        };
        match (writers.by_number.get(&number), readers.by_number.get(&number)) {
            (Some(_), None) if oneofs.writer.is_some_and(|name| dissolved.contains(name)) => {}
            (Some(field), None) => {
                let rule = removed(field, oneofs.writer);
                within(place, oneofs.writer, |place| {
                    let here = place.numbered(number);
                    builder.add(steps, rule, &here.at(Some(field.at), None));
                });
            }
            (None, Some(field)) => {
                let rule = added(field, oneofs.reader);
                within(place, oneofs.reader, |place| {
                    let here = place.numbered(number);
                    builder.add(steps, rule, &here.at(None, Some(field.at)));
                });
            }
            (Some(writer), Some(reader)) => {
                within(place, oneofs.reader, |place| {
                    let here = place.numbered(number);
                    let here = here.at(Some(writer.at), Some(reader.at));
                    if oneofs.writer.is_some() && oneofs.reader.is_none() {
                        builder.add(steps, Rule::ProtobufOneofFieldMovedToTopLevel, &here);
                    }
                    if writer.name != reader.name {
                        builder.add(steps, Rule::ProtobufFieldNameChanged, &here);
                    }
                    types::field(builder, steps, &here, Sides { writer: *writer, reader });
                });
            }
            (None, None) => {}
        }
    }
}

/// Runs `compare` at the place of the oneof, if there is one.
fn within(place: &Place<'_>, oneof: Option<&str>, compare: impl FnOnce(&Place<'_>)) {
    match oneof {
        Some(name) => compare(&place.named(name)),
        None => compare(place),
    }
}

fn removed(field: &Field, oneof: Option<&str>) -> Rule {
    match (oneof, field.label) {
        (Some(_), _) => Rule::ProtobufOneofFieldRemoved,
        (None, Some(Label::Required)) => Rule::ProtobufRequiredFieldRemoved,
        (None, _) => Rule::ProtobufFieldRemoved,
    }
}

/// A default does not help a required field.
fn added(field: &Field, oneof: Option<&str>) -> Rule {
    match (oneof, field.label) {
        (Some(_), _) => Rule::ProtobufOneofFieldAdded,
        (None, Some(Label::Required)) => Rule::ProtobufRequiredFieldAdded,
        (None, _) => Rule::ProtobufFieldAdded,
    }
}
