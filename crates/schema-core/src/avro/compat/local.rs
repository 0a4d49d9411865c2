//! What the rules say about one pair of types, whatever stands inside it.

use super::records::{self, Ambiguous, Match};
use super::{Difference, enums, fixed, names, promotion, unions};
use crate::avro::types::{Field, Record, Shape, Type, TypeId, Types};
use crate::{Incompatibility, Rule};

/// What the rules say about the two types themselves; fields and branches are the walk's part.
pub(super) fn own_differences(
    (reader_types, reader): (&Types, &Type),
    (writer_types, writer): (&Types, &Type),
) -> Vec<Difference> {
    let mut found = Vec::new();
    if let (Some(r), Some(w)) = (reader.shape.named(), writer.shape.named())
        && reader.shape.kind() == writer.shape.kind()
    {
        found.extend(names::mismatch((reader, r), (writer, w)));
    }
    match (&reader.shape, &writer.shape) {
        (Shape::Fixed(r), Shape::Fixed(w)) => {
            found.extend(fixed::size_mismatch((reader, r), (writer, w)));
        }
        (Shape::Enum(r), Shape::Enum(w)) => {
            found.extend(enums::missing_symbols(
                (reader_types, reader, r),
                (writer_types, writer, w),
            ));
        }
        (Shape::Record(_), Shape::Record(_))
        | (Shape::Array(_), Shape::Array(_))
        | (Shape::Map(_), Shape::Map(_))
        | (Shape::Union(_), _)
        | (_, Shape::Union(_)) => {}
        _ => found.extend(promotion::mismatch(reader, writer)),
    }
    found
}

/// What a finding is about where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::avro) enum Subject {
    /// The two types.
    Types,
    /// A field of the reader's record, by position.
    Field(usize),
}

/// What `found` is about if it stands at the pair itself.
///
/// Its path begins where the reference's walk did, and that walk takes a union at once where this
/// takes one branch, so its last step alone is compared.
pub(in crate::avro) fn subject(
    found: &Incompatibility,
    (reader_types, reader): (&Types, TypeId),
    (writer_types, writer): (&Types, TypeId),
) -> Option<Subject> {
    let (r, w) = (reader_types.get(reader), writer_types.get(writer));
    let is_found =
        |difference: &Difference| is_same(difference, (reader_types, writer_types), found);
    let is_own = match (&r.shape, &w.shape) {
        (_, Shape::Union(_)) => false,
        (Shape::Union(_), _) => is_found(&unions::missing_branch(r, w, None)),
        _ => own_differences((reader_types, r), (writer_types, w)).iter().any(is_found),
    };
    if is_own {
        return Some(Subject::Types);
    }
    let (Shape::Record(reader_record), Shape::Record(writer_record)) = (&r.shape, &w.shape) else {
        return None;
    };
    let field = reader_record.fields.iter().enumerate().position(|(index, field)| {
        let writer = (writer_types, writer, &**writer_record);
        field_difference(found.rule, (field, index), reader_types, writer)
            .is_some_and(|difference| is_found(&difference))
    });
    field.map(Subject::Field)
}

/// What the rules say about a field of the reader, the types of it and of the writer's field aside.
fn field_difference(
    rule: Rule,
    (field, index): (&Field, usize),
    reader_types: &Types,
    (writer_types, writer, record): (&Types, TypeId, &Record),
) -> Option<Difference> {
    let writer_type = writer_types.get(writer);
    match records::find((field, index), reader_types, (writer_types, writer_type, record)) {
        Ok(Match::Missing(difference)) => Some(difference),
        Ok(Match::EnumAgainstRecord) => {
            promotion::mismatch(reader_types.get(field.type_id), writer_type)
        }
        // Its words quote the whole record.
        Err(Ambiguous) if rule == Rule::AvroAmbiguousAlias => {
            Some(Ambiguous::difference((field, index), reader_types, (writer_types, writer)))
        }
        Ok(Match::Written(_) | Match::Filled) | Err(Ambiguous) => None,
    }
}

fn is_same(
    difference: &Difference,
    (reader, writer): (&Types, &Types),
    found: &Incompatibility,
) -> bool {
    let path = found.path.strip_suffix(&difference.below);
    difference.rule == found.rule
        && path.is_some_and(|before| difference.below.is_empty() || before.ends_with('/'))
        && reader.location(difference.reader_node) == found.reader_location
        && writer.location(difference.writer_node) == found.writer_location
        && difference.detail == found.detail
}
