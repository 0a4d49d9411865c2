//! Compatibility of two Avro schemas: every difference that keeps the reader from reading.
//!
//! `walker.rs` walks pairs of types in the reference's order; each rule family has a file that
//! looks at one pair and at nothing below it, and `local.rs` asks them all; `message.rs` has the
//! reference's words.

mod enums;
mod fixed;
mod local;
mod message;
mod names;
mod promotion;
mod records;
mod unions;
mod walker;

use super::AvroSchema;
use super::types::Types;
use crate::json_text::NodeId;
use crate::{CheckError, Incompatibility, Limits, Rule, Side};
use walker::{Stop, Walker};

pub(super) use local::{Subject, subject};
pub(super) use promotion::is_promoted;

/// What a rule found at one pair of types.
#[derive(Clone, Debug)]
struct Difference {
    rule: Rule,
    /// Below the path of the pair: `name`, `fields/3`, or nothing.
    below: String,
    detail: String,
    reader_node: NodeId,
    writer_node: NodeId,
}

/// A difference with its whole path.
#[derive(Clone, Debug)]
struct Finding {
    difference: Difference,
    path: String,
}

/// Every difference that keeps `reader` from reading what `writer` wrote, in the reference's order.
pub(crate) fn compare(
    reader: &AvroSchema,
    writer: &AvroSchema,
    reader_side: Side,
    limits: &Limits,
) -> Result<Vec<Incompatibility>, CheckError> {
    let walker = Walker::new(&reader.types, &writer.types, limits.pairs_max);
    let found = match walker.walk(reader.root, writer.root) {
        Ok(found) => found,
        // The reference's check ends in an exception; what it had found by then is lost.
        Err(Stop::Ambiguous(finding)) => vec![*finding],
        Err(Stop::TooComplex) => return Err(CheckError::TooComplex(limits.pairs_max)),
    };
    let types = (&*reader.types, &*writer.types);
    Ok(found.iter().map(|finding| incompatibility(finding, types, reader_side)).collect())
}

fn incompatibility(
    finding: &Finding,
    (reader_types, writer_types): (&Types, &Types),
    reader: Side,
) -> Incompatibility {
    let Difference { rule, detail, reader_node, writer_node, .. } = &finding.difference;
    Incompatibility {
        rule: *rule,
        path: finding.path.clone(),
        reader,
        detail: detail.clone(),
        message: message::message(*rule, &finding.path, detail, reader),
        reader_location: reader_types.location(*reader_node),
        writer_location: writer_types.location(*writer_node),
    }
}
