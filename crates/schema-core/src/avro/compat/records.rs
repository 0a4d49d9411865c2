//! `READER_FIELD_MISSING_DEFAULT_VALUE` and the aliases of fields: every field of the reader must
//! be written, or have a default.
//!
//! Compatible: a new field with a default; a renamed one with an alias to the old name.
//! Incompatible: a new field without a default, even if its type is nullable.

use smol_str::SmolStr;

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
    (writer_types, writer_type, writer): (&Types, &Type, &Record),
) -> Result<Match, Ambiguous> {
    let own = reader_types.text(reader.name);
    let names = std::iter::once(own).chain(reader.aliases.iter().map(SmolStr::as_str));
    let position = |name: &str| {
        // Most fields stay where they are.
        let is_it = |field: &&Field| writer_types.text(field.name) == name;
        let same = writer.fields.get(index).filter(is_it).map(|_| index);
        same.or_else(|| writer_types.field_position(writer, name))
    };
    let mut written = names.filter_map(position);
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
        detail: own.to_owned(),
        reader_node: reader.node,
        writer_node: writer_type.node,
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
                reader_types.text(reader.name)
            ),
            reader_node: reader.node,
            writer_node: writer_types.get(writer).node,
        }
    }
}
