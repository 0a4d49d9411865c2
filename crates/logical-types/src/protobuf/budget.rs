//! How much a definition may come to that writes messages out where they are used.

use levada_schema_core::Limits;
use levada_schema_core::protobuf::{DeclaredField, DeclaredMeta, DeclaredType};

use crate::error::{Mismatch, breach};

/// A short file can name one long message very many times.
pub(super) struct Budget {
    types_left: usize,
    bytes_left: usize,
    limits: Limits,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        // As much as schema-core allows for names that it writes out in full.
        let bytes_left = limits.text_bytes_max.saturating_mul(16);
        Self { types_left: limits.nodes_max, bytes_left, limits: *limits }
    }

    /// Takes what one more use of a field comes to.
    pub(super) fn take_field(&mut self, field: &DeclaredField) -> Result<(), Mismatch> {
        let Some(left) = self.types_left.checked_sub(1) else {
            let what = "too many types, those of messages written out where they are used";
            return Err(Mismatch::new(breach(what, self.limits.nodes_max, "nodes-max")));
        };
        self.types_left = left;
        let ty = match &field.ty {
            DeclaredType::Message(name) | DeclaredType::Enum(name) => name.len(),
            DeclaredType::Scalar(_) | DeclaredType::Group => 0,
        };
        let default = field.default.as_ref().map_or(0, String::len);
        self.take_bytes(field.name.len() + ty + default + field.meta.as_ref().map_or(0, size))
    }

    pub(super) fn take_bytes(&mut self, bytes: usize) -> Result<(), Mismatch> {
        let left = self.bytes_left.checked_sub(bytes).ok_or_else(|| {
            let what = "messages, written out where they are used, take more than 16 times the longest text";
            Mismatch::new(breach(what, self.limits.text_bytes_max, "text-bytes-max"))
        })?;
        self.bytes_left = left;
        Ok(())
    }
}

/// Bytes of all texts in it.
fn size(meta: &DeclaredMeta) -> usize {
    let params = meta.params.iter().map(|(key, value)| key.len() + value.len());
    let rules = meta.rules.iter();
    let rules =
        rules.map(|rule| rule.name.len() + rule.doc.len() + rule.expr.len() + rule.sql.len());
    let tags = meta.tags.iter().map(String::len);
    meta.doc.len() + params.chain(rules).chain(tags).sum::<usize>()
}
