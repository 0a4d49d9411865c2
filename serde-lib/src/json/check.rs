//! Values against the schema that the registry holds.

use std::marker::PhantomData;

use levada_schema_core::json::{Dialect, Validator};
use levada_schema_core::{Limits, ResolvedReference, SchemaType};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::Value as Json;

use super::shape::Shape;
use super::{checked_read, checked_write};
use crate::Error;
use crate::client::RegisteredSchema;
use crate::error::{ValidationError, Violation};
use crate::wire_format::SchemaRef;

/// Most violations that are told of one value.
const VIOLATIONS_MAX: usize = 100;

/// A compiled schema: all of it, and the simple part if that is all.
pub(super) struct Checker {
    validator: Validator,
    shape: Option<Shape>,
}

impl Checker {
    /// Appends a value that is checked as it is written; `false`, and `out` as before, leaves it
    /// to the validator.
    #[inline]
    pub(super) fn write<T: Serialize + ?Sized>(&self, value: &T, out: &mut Vec<u8>) -> bool {
        let Some(shape) = &self.shape else { return false };
        let start = out.len();
        let value = checked_write::Checked { shape, place: shape.root, value };
        let is_written = serde_json::to_writer(&mut *out, &value).is_ok();
        if !is_written {
            out.truncate(start);
        }
        is_written
    }

    /// Reads a value that is checked as it is read; `None` leaves it to the validator.
    #[inline]
    pub(super) fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Option<T> {
        let shape = self.shape.as_ref()?;
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let value = checked_read::Checked { shape, place: shape.root, inner: PhantomData::<T> };
        let value = value.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(value)
    }
}

/// Compiles a schema of the registry, which must be a JSON schema.
pub(super) fn registered(schema: &RegisteredSchema) -> Result<Checker, Error> {
    if schema.schema_type != SchemaType::Json {
        let reason = format!("it is of type {}, not JSON", schema.schema_type);
        return Err(Error::InvalidSchema { reason });
    }
    compile(&schema.text, &schema.references)
}

/// Compiles a schema; what it refers to stands in `references` and is fetched from nowhere.
pub(super) fn compile(text: &str, references: &[ResolvedReference]) -> Result<Checker, Error> {
    // Without `$schema` it is draft 07, as in the reference.
    let validator = Validator::compile(text, Dialect::Draft07, references, &Limits::default())?;
    let shape = Shape::compile(text).filter(|_| references.is_empty());
    Ok(Checker { validator, shape })
}

/// Refuses a value that breaks the schema, with every place where it does.
pub(super) fn check(checker: &Checker, value: &Json, schema: SchemaRef) -> Result<(), Error> {
    if checker.validator.is_valid(value) {
        return Ok(());
    }
    Err(invalid(&checker.validator, value, schema))
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

#[cfg(test)]
pub(super) fn is_valid(checker: &Checker, value: &Json) -> bool {
    checker.validator.is_valid(value)
}
