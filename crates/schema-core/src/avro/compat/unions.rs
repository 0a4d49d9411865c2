//! `MISSING_UNION_BRANCH`: whatever branch the writer sends, some branch of the reader's union
//! must read it.
//!
//! Compatible: reader `["null","long"]`, writer `int`. Incompatible: reader `["null","int"]`,
//! writer `["null","string"]`. Why a branch cannot read is not reported.

use super::Difference;
use super::promotion::kind;
use crate::Rule;
use crate::avro::types::Type;

/// No branch of `reader` reads `writer`, which is the branch `index` of a union or no branch.
pub(super) fn missing_branch(reader: &Type, writer: &Type, index: Option<usize>) -> Difference {
    Difference {
        rule: Rule::AvroMissingUnionBranch,
        below: index.map_or_else(String::new, |index| index.to_string()),
        detail: format!("reader union lacking writer type: {}", kind(&writer.shape)),
        reader_node: reader.node,
        writer_node: writer.node,
    }
}
