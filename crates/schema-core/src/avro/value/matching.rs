//! Which types, fields and branches of a reader answer to those of a writer.
//!
//! By the specification the reader's aliases rename the writer's types and fields, and then names
//! decide. That is simpler than the reference's verdict, and now and then another outcome.

use std::collections::HashMap;

use crate::avro::compat::is_promoted;
use crate::avro::types::{Named, Record, Shape, TypeId, Types};

/// Whether the two names are one: by their last part, or by an alias of the reader.
pub(in crate::avro) fn is_same_name(reader: &Named, writer: &Named) -> bool {
    reader.name.simple == writer.name.simple || is_exact_name(reader, writer)
}

fn is_exact_name(reader: &Named, writer: &Named) -> bool {
    let names = std::iter::once(&reader.name).chain(&reader.aliases);
    names.into_iter().any(|name| name.full == writer.name.full)
}

/// Two fields of the writer, by position, that one field of the reader answers to.
pub(in crate::avro) struct Clash {
    pub(in crate::avro) reader: usize,
    pub(in crate::avro) writer: [usize; 2],
}

/// The position of the writer's field for every field of the reader.
pub(in crate::avro) fn written_fields(
    (reader_types, reader): (&Types, &Record),
    (writer_types, writer): (&Types, &Record),
) -> Result<Vec<Option<usize>>, Clash> {
    let mut renamed = HashMap::new();
    for (position, field) in reader.fields.iter().enumerate() {
        for alias in &field.aliases {
            renamed.insert(alias.as_str(), position); // the last field that claims a name gets it
        }
    }
    let mut written = vec![None; reader.fields.len()];
    for (position, field) in writer.fields.iter().enumerate() {
        let name = writer_types.text(field.name);
        let target =
            renamed.get(name).copied().or_else(|| reader_types.field_position(reader, name));
        let Some((target, slot)) = target.and_then(|at| Some((at, written.get_mut(at)?))) else {
            continue;
        };
        if let Some(other) = slot.replace(position) {
            return Err(Clash { reader: target, writer: [other, position] });
        }
    }
    Ok(written)
}

/// The branch of the reader's union that takes a writer's type which is no union: one of the same
/// name before one of the same last part of the name before one to promote to.
///
/// The types decide alone; what stands inside records, arrays and maps has no say.
pub(in crate::avro) fn reader_branch(
    (reader, branches): (&Types, &[TypeId]),
    (writer, id): (&Types, TypeId),
) -> Option<usize> {
    let written = writer.shape(id);
    let is_exact = |branch: &Shape| match (branch.named(), written.named()) {
        (Some(r), Some(w)) => branch.kind() == written.kind() && is_exact_name(r, w),
        _ => branch.kind() == written.kind(),
    };
    let is_same = |branch: &Shape| match (branch.named(), written.named()) {
        (Some(r), Some(w)) => branch.kind() == written.kind() && is_same_name(r, w),
        _ => false,
    };
    let is_wider = |branch: &Shape| match (branch, written) {
        (Shape::Primitive(r), Shape::Primitive(w)) => is_promoted(*w, *r),
        _ => false,
    };
    let first = |fits: &dyn Fn(&Shape) -> bool| {
        branches.iter().position(|&branch| fits(reader.shape(branch)))
    };
    first(&is_exact).or_else(|| first(&is_same)).or_else(|| first(&is_wider))
}
