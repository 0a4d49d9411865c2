//! Definitions stored and shown under the default limits.

use levada_logical_types::{LogicalError, Target, from_native, to_native};
use levada_schema_core::{
    Limits, RawSchema, Reference, ResolvedReference, Schema, SchemaType, Validation,
};

pub(crate) fn stored(
    schema_type: SchemaType,
    ddl: &str,
    references: &[ResolvedReference],
) -> Result<String, LogicalError> {
    let target = Target { schema_type, row_name: "orders_value", references };
    to_native(ddl, target, &Limits::default())
}

pub(crate) fn shown(
    schema_type: SchemaType,
    text: &str,
    references: &[ResolvedReference],
) -> Result<String, LogicalError> {
    let raw = RawSchema { schema_type, text, references };
    let schema = Schema::parse(raw, Validation::Stored, &Limits::default()).unwrap();
    from_native(&schema, references, &Limits::default())
}

pub(crate) fn reference(name: &str, text: &str) -> ResolvedReference {
    let reference = Reference { name: name.to_owned(), subject: name.to_owned(), version: 1 };
    ResolvedReference { reference, text: text.to_owned() }
}
