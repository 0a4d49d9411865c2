//! The names of types that a definition leaves unnamed, and the budget of what they may take.

use std::cell::Cell;

use levada_schema_core::Limits;

use crate::error::{Mismatch, breach};

/// Longest name with dots, in bytes: with the namespace before it, it stands at every use.
pub(crate) const NAME_BYTES_MAX: usize = 1_024;

/// Such a name repeats all names around it, so that a short text could ask for very many bytes.
pub(crate) struct RowNames {
    bytes: Cell<usize>,
    text_bytes_max: usize,
}

impl RowNames {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { bytes: Cell::new(0), text_bytes_max: limits.text_bytes_max }
    }

    /// What stands in `row` as `part`.
    pub(crate) fn inside(&self, row: &str, part: &str) -> Result<String, Mismatch> {
        let name = format!("{row}_{part}");
        let bytes = self.bytes.get().saturating_add(name.len());
        self.bytes.set(bytes);
        // As much as schema-core allows for names that it writes out in full.
        if bytes > self.text_bytes_max.saturating_mul(16) {
            let what = "names of unnamed types take more than 16 times the longest text";
            return Err(Mismatch::new(breach(what, self.text_bytes_max, "text-bytes-max")));
        }
        Ok(name)
    }
}
