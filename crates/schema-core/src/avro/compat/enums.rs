//! `MISSING_ENUM_SYMBOLS`: a reader must know every symbol that the writer may send.
//!
//! Compatible: reader `[A, B]`, writer `[A]`; or any writer, if the reader's enum has a default.
//! Incompatible: reader `[A]`, writer `[A, B]`, even if the field or the writer's enum has one.

use std::collections::BTreeSet;

use foldhash::HashSet;

use super::Difference;
use crate::Rule;
use crate::avro::types::{Enum, Type, Types};
use crate::json_text::utf16_order;

pub(super) fn missing_symbols(
    (reader_types, reader_type, reader): (&Types, &Type, &Enum),
    (writer_types, writer_type, writer): (&Types, &Type, &Enum),
) -> Option<Difference> {
    let (known, written) = (reader_types.symbols(reader), writer_types.symbols(writer));
    if reader.default.is_some() || has_prefix(known, written) {
        return None;
    }
    let known: HashSet<&str> = reader_types.symbols(reader).collect();
    let missing: BTreeSet<&str> =
        writer_types.symbols(writer).filter(|symbol| !known.contains(symbol)).collect();
    if missing.is_empty() {
        return None;
    }
    let mut sorted: Vec<&str> = missing.into_iter().collect();
    sorted.sort_by(|a, b| utf16_order(a, b));
    Some(Difference {
        rule: Rule::AvroMissingEnumSymbols,
        below: "symbols".to_owned(),
        detail: format!("[{}]", sorted.join(", ")),
        reader_node: reader_type.node,
        writer_node: writer_type.node,
    })
}

/// Most enums stay as they are, or gain symbols at their end.
fn has_prefix<'s>(
    mut known: impl Iterator<Item = &'s str>,
    mut prefix: impl Iterator<Item = &'s str>,
) -> bool {
    prefix.all(|symbol| known.next() == Some(symbol))
}
