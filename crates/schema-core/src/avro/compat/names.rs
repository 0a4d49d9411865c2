//! `NAME_MISMATCH`: a named type must keep its name, or answer to the writer's.
//!
//! Compatible: reader `b.Order`, writer `a.Order` (namespaces do not count), or reader `Purchase`
//! with the alias `a.Order`. Incompatible: reader `Purchase` without it.

use super::Difference;
use crate::Rule;
use crate::avro::types::{Named, Type};

pub(super) fn mismatch(
    (reader_type, reader): (&Type, &Named),
    (writer_type, writer): (&Type, &Named),
) -> Option<Difference> {
    if reader.name.simple == writer.name.simple || has_alias(reader, &writer.name.full) {
        return None;
    }
    Some(Difference {
        rule: Rule::AvroNameMismatch,
        below: "name".to_owned(),
        detail: format!("expected: {}", writer.name.full),
        reader_node: reader_type.node,
        writer_node: writer_type.node,
    })
}

/// Whether the reader's aliases contain the full name.
///
/// The reference writes an alias of the null namespace with a leading dot where its type has a
/// namespace, and then compares with names that have none: such an alias never matches.
fn has_alias(reader: &Named, full: &str) -> bool {
    reader.aliases.iter().any(|alias| {
        let is_dotted = alias.space.is_none() && reader.name.space.is_some();
        !is_dotted && alias.full == full
    })
}
