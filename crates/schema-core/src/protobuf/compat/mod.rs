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

use super::error::Places;
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
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let told = found.iter().filter_map(|id| graph.finding(*id));
    let bytes = told.map(|finding| finding.path.len()).sum::<usize>();
    if bytes > graph::path_bytes_max(limits) {
        return Err(CheckError::TooComplex(limits.pairs_max));
    }
    let places = Sides {
        writer: parsed.writer.source.as_deref().map(Places::new),
        reader: parsed.reader.source.as_deref().map(Places::new),
    };
    let place = |side: &Option<Places<'_>>, at: Option<usize>| Some(side.as_ref()?.location(at?));
    let difference = |id| {
        let found = graph.finding(id)?;
        Some(Difference {
            rule: found.rule,
            path: found.path.clone(),
            reader_location: place(&places.reader, found.at.reader),
            writer_location: place(&places.writer, found.at.writer),
        })
    };
    Ok(found.into_iter().filter_map(difference).collect())
}

fn collect(parsed: &Parsed) -> Types<'_> {
    Types::collect(&parsed.file, &parsed.dependencies)
}

#[cfg(test)]
mod tests;
