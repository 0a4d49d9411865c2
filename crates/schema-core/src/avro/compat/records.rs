//! `READER_FIELD_MISSING_DEFAULT_VALUE` and the aliases of fields: every field of the reader must
//! be written, or have a default.
//!
//! Compatible: a new field with a default; a renamed one with an alias to the old name.
//! Incompatible: a new field without a default, even if its type is nullable.

use super::Difference;
use crate::Rule;
use crate::avro::print::{Form, print};
use crate::avro::types::{Field, Record, Shape, Type, TypeId, Types};

/// What the writer has for a field of the reader.
pub(super) enum Match {
    /// The writer's field, whose type is to be compared.
    Written(TypeId),
    /// The default fills it in.
    Filled,
    /// Nothing has it, but its enum has a default: the reference then compares the enum with the
    /// writer's whole record, which never fits.
    EnumAgainstRecord,
    Missing(Difference),
}

pub(super) fn find(
    (reader, index): (&Field, usize),
    reader_types: &Types,
    (writer_type, writer): (&Type, &Record),
) -> Result<Match, Ambiguous> {
    let names = std::iter::once(&reader.name).chain(&reader.aliases);
    let mut written = names.filter_map(|name| writer.position(name));
    if let Some(position) = written.next() {
        if written.next().is_some() {
            return Err(Ambiguous);
        }
        if let Some(field) = writer.fields.get(position) {
            return Ok(Match::Written(field.type_id));
        }
    }
    if reader.default.is_some() {
        return Ok(Match::Filled);
    }
    if let Shape::Enum(symbols) = reader_types.shape(reader.type_id)
        && symbols.default.is_some()
    {
        return Ok(Match::EnumAgainstRecord);
    }
    Ok(Match::Missing(Difference {
        rule: Rule::AvroReaderFieldMissingDefault,
        below: format!("fields/{index}"),
        detail: reader.name.to_string(),
        reader_place: reader.place,
        writer_place: writer_type.place,
    }))
}

/// Several fields of the writer answer to one of the reader; the check cannot go on.
pub(super) struct Ambiguous;

impl Ambiguous {
    pub(super) fn difference(
        (reader, index): (&Field, usize),
        reader_types: &Types,
        (writer_types, writer): (&Types, TypeId),
    ) -> Difference {
        let kind = reader_types.shape(reader.type_id).kind().to_ascii_uppercase();
        let record = print(writer_types, writer, &[], Form::Canonical);
        Difference {
            rule: Rule::AvroAmbiguousAlias,
            below: format!("fields/{index}"),
            detail: format!(
                "Reader record field {} type:{kind} pos:{index} matches multiple fields in writer record schema {record}",
                reader.name
            ),
            reader_place: reader.place,
            writer_place: writer_types.get(writer).place,
        }
    }
}
