//! Which differences between two schemas keep the reader from decoding what the writer wrote.
//!
//! In two steps. `graph` compares each pair of messages once, by the rule families in the files
//! beside it, and notes which other pairs each comparison leads to. `expand` then walks that graph
//! the way the reference walks the schemas, so that a difference is told as often as there; what
//! leads to no difference is never walked, which keeps the common cases linear.

mod components;
mod enums;
mod expand;
mod fields;
mod graph;
mod messages;
mod oneofs;
mod place;
mod source;
mod types;
mod wording;

pub(in crate::protobuf) use self::source::sources;

use foldhash::{HashMap, HashMapExt};

use super::error::locations;
use super::types::Types;
use super::{Parsed, ProtobufSchema};
use crate::{CheckError, Incompatibility, Limits, Location, Rule, Side};

/// The same thing on both sides of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Sides<T> {
    writer: T,
    reader: T,
}

/// A difference of either kind; [`Rule::is_compatible`] tells which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub rule: Rule,
    /// `#/` and the names down to the place, fields and enum constants by number.
    pub path: String,
    pub reader_location: Option<Location>,
    pub writer_location: Option<Location>,
}

/// Every difference that keeps `reader` from reading what `writer` wrote.
pub(crate) fn compare(
    reader: &ProtobufSchema,
    writer: &ProtobufSchema,
    reader_side: Side,
    limits: &Limits,
) -> Result<Vec<Incompatibility>, CheckError> {
    let found = find(reader, writer, false, limits)?;
    let incompatibility = |difference: Difference| Incompatibility {
        message: wording::message(difference.rule, &difference.path, reader_side),
        rule: difference.rule,
        path: difference.path,
        reader: reader_side,
        detail: String::new(),
        reader_location: difference.reader_location,
        writer_location: difference.writer_location,
    };
    Ok(found.into_iter().map(incompatibility).collect())
}

/// Every difference between the two, compatible ones too; as often as the reference tells it.
pub fn differences(
    reader: &ProtobufSchema,
    writer: &ProtobufSchema,
    limits: &Limits,
) -> Result<Vec<Difference>, CheckError> {
    find(reader, writer, true, limits)
}

fn find(
    reader: &ProtobufSchema,
    writer: &ProtobufSchema,
    with_compatible: bool,
    limits: &Limits,
) -> Result<Vec<Difference>, CheckError> {
    let parsed = Sides { writer: &*writer.parsed, reader: &*reader.parsed };
    let types = Sides { writer: collect(parsed.writer), reader: collect(parsed.reader) };
    let files = Sides { writer: &parsed.writer.file, reader: &parsed.reader.file };
    let graph = graph::build(files, &types, with_compatible, limits)?;
    let found = expand::expand(&graph, limits);
    let places = Sides {
        writer: places(parsed.writer, found.iter().filter_map(|&id| graph.finding(id)?.at.writer)),
        reader: places(parsed.reader, found.iter().filter_map(|&id| graph.finding(id)?.at.reader)),
    };
    let difference = |id| {
        let found = graph.finding(id)?;
        Some(Difference {
            rule: found.rule,
            path: found.path.clone(),
            reader_location: found.at.reader.and_then(|at| places.reader.get(&at)).copied(),
            writer_location: found.at.writer.and_then(|at| places.writer.get(&at)).copied(),
        })
    };
    Ok(found.into_iter().filter_map(difference).collect())
}

fn collect(parsed: &Parsed) -> Types<'_> {
    Types::collect(&parsed.file, &parsed.dependencies)
}

/// None where the schema came without a text.
fn places(parsed: &Parsed, offsets: impl Iterator<Item = usize>) -> HashMap<usize, Location> {
    let Some(source) = &parsed.source else { return HashMap::new() };
    locations(source, offsets.collect())
}

#[cfg(test)]
mod tests;
