//! `ENUM_ADDED`, `ENUM_REMOVED`, `ENUM_CONST_ADDED`, `ENUM_CONST_CHANGED`, `ENUM_CONST_REMOVED`:
//! none of them breaks a reader.
//!
//! Enums are matched by name within their scope, constants by number.

use std::collections::BTreeMap;

use super::Sides;
use super::graph::{Builder, Step};
use super::place::Place;
use crate::Rule;
use crate::protobuf::ast::Enum;

type Named<'a> = Vec<(&'a str, &'a Enum)>;

pub(super) fn compare(
    builder: &mut Builder<'_>,
    steps: &mut Vec<Step>,
    place: &Place<'_>,
    enums: &Sides<Named<'_>>,
) {
    let readers: BTreeMap<&str, &Enum> = enums.reader.iter().copied().collect();
    let writers: BTreeMap<&str, &Enum> = enums.writer.iter().copied().collect();
    for (name, writer) in &enums.writer {
        let inner = place.named(name);
        match readers.get(name) {
            None => {
                let place = inner.at(Some(writer.at), None);
                builder.add(steps, Rule::ProtobufEnumRemoved, &place);
            }
            Some(reader) => constants(builder, steps, &inner, Sides { writer, reader }),
        }
    }
    for (name, reader) in enums.reader.iter().filter(|(name, _)| !writers.contains_key(name)) {
        let inner = place.named(name);
        let place = inner.at(None, Some(reader.at));
        builder.add(steps, Rule::ProtobufEnumAdded, &place);
    }
}

fn constants(
    builder: &mut Builder<'_>,
    steps: &mut Vec<Step>,
    place: &Place<'_>,
    enums: Sides<&Enum>,
) {
    let (writers, readers) = (by_number(enums.writer), by_number(enums.reader));
    let here = place.at(Some(enums.writer.at), Some(enums.reader.at));
    for (number, writer) in &writers {
        let place = here.numbered(*number);
        match readers.get(number) {
            None => builder.add(steps, Rule::ProtobufEnumConstRemoved, &place),
            Some(reader) if reader != writer => {
                builder.add(steps, Rule::ProtobufEnumConstChanged, &place);
            }
            Some(_) => {}
        }
    }
    for number in readers.keys().filter(|number| !writers.contains_key(number)) {
        builder.add(steps, Rule::ProtobufEnumConstAdded, &here.numbered(*number));
    }
}

/// Of constants with the same number the last counts.
fn by_number(decl: &Enum) -> BTreeMap<i32, &str> {
    decl.constants.iter().map(|constant| (constant.number, constant.name.as_str())).collect()
}
