//! `FIXED_SIZE_MISMATCH`: a fixed type must keep its size.
//!
//! Compatible: 16 bytes on both sides. Incompatible: 16 against 8.

use super::Difference;
use crate::Rule;
use crate::avro::types::{Fixed, Type};

pub(super) fn size_mismatch(
    (reader_type, reader): (&Type, &Fixed),
    (writer_type, writer): (&Type, &Fixed),
) -> Option<Difference> {
    (reader.size != writer.size).then(|| Difference {
        rule: Rule::AvroFixedSizeMismatch,
        below: "size".to_owned(),
        detail: format!("expected: {}, found: {}", writer.size, reader.size),
        reader_node: reader_type.node,
        writer_node: writer_type.node,
    })
}
