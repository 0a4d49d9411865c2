//! `TYPE_MISMATCH`: a type can be read as itself or as one that holds all its values.
//!
//! Compatible: reader `long`, writer `int`; reader `bytes`, writer `string`. Incompatible: reader
//! `int`, writer `long`; `fixed` against `bytes`; `enum` against `string`.

use super::Difference;
use crate::Rule;
use crate::avro::types::{Primitive, Shape, Type};

/// Judges two types neither of which is a union and whose kinds differ if they are no primitives.
pub(super) fn mismatch(reader: &Type, writer: &Type) -> Option<Difference> {
    if let (Shape::Primitive(reader), Shape::Primitive(writer)) = (&reader.shape, &writer.shape)
        && (reader == writer || is_promoted(*writer, *reader))
    {
        return None;
    }
    Some(Difference {
        rule: Rule::AvroTypeMismatch,
        below: String::new(),
        detail: format!(
            "reader type: {} not compatible with writer type: {}",
            kind(&reader.shape),
            kind(&writer.shape)
        ),
        reader_node: reader.node,
        writer_node: writer.node,
    })
}

/// The kind as messages write it.
pub(super) fn kind(shape: &Shape) -> String {
    shape.kind().to_ascii_uppercase()
}

/// Whether every value of the writer's primitive is one of the reader's, which differs.
pub(in crate::avro) fn is_promoted(writer: Primitive, reader: Primitive) -> bool {
    use Primitive::{Bytes, Double, Float, Int, Long, String};
    matches!(
        (writer, reader),
        (Int, Long | Float | Double)
            | (Long, Float | Double)
            | (Float, Double)
            | (String, Bytes)
            | (Bytes, String)
    )
}
