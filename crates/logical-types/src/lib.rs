//! Schemas written as type definitions (DDL): into a native schema, and out of one.
//!
//! [`to_native`] reads `STRUCT Widget (id INT NOT NULL)` and gives the schema text that a registry
//! stores; [`from_native`] shows a stored schema as a definition. The rules and texts are those of
//! the reference registry. A type without counterpart is refused with a reason. Some things are lost
//! on the way, as in the reference: in Avro the `NAMESPACE` statement itself, declarations that the
//! root does not reach and the names of branches of unions that are no field's own type; in
//! Protobuf the name of a root that does not lead back to itself, though others in the file may use
//! it, with what is said of that root, what is said of a field that is a union, whether that, its
//! branches, the root and fields of declared types are nullable, and defaults that are NULL; in all
//! formats parameters that belong to another one (`avro.…`, `protobuf.…`).
//!
//! The crate is pure, and works under [`Limits`], because definitions come from strangers.
#![deny(clippy::indexing_slicing)]

mod annotation;
mod avro;
mod ddl;
mod error;
mod json;
mod model;
mod protobuf;
mod row_name;

use levada_schema_core::{Limits, RawSchema, ResolvedReference, Schema, SchemaType, Validation};

pub use error::LogicalError;

/// What a definition becomes.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub schema_type: SchemaType,
    /// Names the types that the definition leaves unnamed.
    pub row_name: &'a str,
    /// The closure of the references, in dependency order.
    pub references: &'a [ResolvedReference],
}

/// The normalized schema text that a type definition means.
pub fn to_native(ddl: &str, target: Target<'_>, limits: &Limits) -> Result<String, LogicalError> {
    let script = ddl::parse(ddl, limits)?;
    let Target { schema_type, row_name, references } = target;
    let text = match schema_type {
        SchemaType::Avro => avro::write(&script, row_name, references, limits),
        SchemaType::Json => json::write(&script, row_name, references, limits),
        SchemaType::Protobuf => protobuf::write(&script, row_name, references, limits),
    };
    let parsed = text.and_then(|text| {
        let raw = RawSchema { schema_type, text: &text, references };
        Ok(Schema::parse(raw, Validation::New, limits)?)
    });
    Ok(parsed.map_err(|mismatch| mismatch.storing(schema_type))?.normalized())
}

/// The type definition that shows a schema, parsed with this closure of references.
pub fn from_native(
    schema: &Schema,
    references: &[ResolvedReference],
    limits: &Limits,
) -> Result<String, LogicalError> {
    let schema_type = schema.schema_type();
    let script = match schema {
        Schema::Avro(schema) => avro::read(schema.canonical(), references, limits),
        Schema::Json(schema) => json::read(schema.canonical(), limits),
        Schema::Protobuf(schema) => protobuf::read(schema, limits),
    };
    Ok(ddl::print(&script.map_err(|mismatch| mismatch.showing(schema_type))?))
}
