//! `MISSING_ENUM_SYMBOLS`: a reader must know every symbol that the writer may send.
//!
//! Compatible: reader `[A, B]`, writer `[A]`; or any writer, if the reader's enum has a default.
//! Incompatible: reader `[A]`, writer `[A, B]`, even if the field or the writer's enum has one.

use std::collections::BTreeSet;

use foldhash::HashSet;
use smol_str::SmolStr;

use super::Difference;
use crate::Rule;
use crate::avro::types::{Enum, Type};
use crate::json_text::utf16_order;

pub(super) fn missing_symbols(
    (reader_type, reader): (&Type, &Enum),
    (writer_type, writer): (&Type, &Enum),
) -> Option<Difference> {
    if reader.default.is_some() {
        return None;
    }
    let known: HashSet<&str> = reader.symbols.iter().map(SmolStr::as_str).collect();
    let missing: BTreeSet<&str> = writer
        .symbols
        .iter()
        .map(SmolStr::as_str)
        .filter(|symbol| !known.contains(symbol))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let mut sorted: Vec<&str> = missing.into_iter().collect();
    sorted.sort_by(|a, b| utf16_order(a, b));
    Some(Difference {
        rule: Rule::AvroMissingEnumSymbols,
        below: "symbols".to_owned(),
        detail: format!("[{}]", sorted.join(", ")),
        reader_place: reader_type.place,
        writer_place: writer_type.place,
    })
}
