//! Values against the schema that the registry holds.

use levada_schema_core::json::{Dialect, Validator};
use levada_schema_core::{Limits, ResolvedReference, SchemaType};
use serde_json::Value as Json;

use crate::Error;
use crate::client::RegisteredSchema;
use crate::error::{ValidationError, Violation};
use crate::wire_format::SchemaRef;

/// Most violations that are told of one value.
const VIOLATIONS_MAX: usize = 100;

/// Compiles a schema of the registry, which must be a JSON schema.
pub(super) fn registered(schema: &RegisteredSchema) -> Result<Validator, Error> {
    if schema.schema_type != SchemaType::Json {
        let reason = format!("it is of type {}, not JSON", schema.schema_type);
        return Err(Error::InvalidSchema { reason });
    }
    compile(&schema.text, &schema.references)
}

/// Compiles a schema; what it refers to stands in `references` and is fetched from nowhere.
pub(super) fn compile(text: &str, references: &[ResolvedReference]) -> Result<Validator, Error> {
    // Without `$schema` it is draft 07, as in the reference.
    Ok(Validator::compile(text, Dialect::Draft07, references, &Limits::default())?)
}

/// Refuses a value that breaks the schema, with every place where it does.
pub(super) fn check(validator: &Validator, value: &Json, schema: SchemaRef) -> Result<(), Error> {
    if validator.is_valid(value) {
        return Ok(());
    }
    Err(invalid(validator, value, schema))
}

#[cold]
fn invalid(validator: &Validator, value: &Json, schema: SchemaRef) -> Error {
    let violations = validator.first_violations(value, VIOLATIONS_MAX).into_iter();
    let violations = violations.map(|found| {
        let levada_schema_core::json::Violation { message, instance_path, schema_path } = found;
        Violation { instance_path, schema_path, message }
    });
    Box::new(ValidationError { schema, subject: None, violations: violations.collect() }).into()
}
