//! Counter-examples to Avro findings.

use super::AvroSchema;
use crate::{CounterExample, Incompatibility, Limits};

/// A value of `writer` that `reader` refuses at the place where `found` stands.
pub(crate) fn counter_example(
    _reader: &AvroSchema,
    _writer: &AvroSchema,
    _found: &Incompatibility,
    _limits: &Limits,
) -> Option<CounterExample> {
    None
}
