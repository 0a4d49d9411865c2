//! JSON Schema: parse, canonical text, normalized text.

mod decimal;
mod text;

use crate::json_text::{self, Data, Dialect, Value};
use crate::{Limits, ParseError, ParseErrorKind, ResolvedReference};
use decimal::Decimal;

/// A parsed schema.
#[derive(Clone, Debug)]
pub struct JsonSchema {
    canonical: String,
    normalized: String,
}

impl JsonSchema {
    pub fn parse(
        text: &str,
        _references: &[ResolvedReference],
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let root = read(text, limits)?;
        Ok(Self { canonical: text::canonical(&root), normalized: text::normalized(&root) })
    }

    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    pub fn normalized(&self) -> String {
        self.normalized.clone()
    }

    /// The reference knows no resolved form of JSON schemas and answers the stored text.
    pub fn resolved(&self) -> String {
        self.canonical.clone()
    }

    /// Identity is textual: neither member order nor number spelling is forgiven.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

/// Reads schema text; the root must be an object or a boolean, every number must be one that the
/// reference can hold.
fn read(text: &str, limits: &Limits) -> Result<Value, ParseError> {
    let root = json_text::read(text, Dialect::JSON_SCHEMA, limits)?;
    if !matches!(root.data, Data::Object(_) | Data::Boolean(_)) {
        let message = format!("a JSON schema is an object or a boolean, not {}", root.kind());
        return Err(ParseError::new(ParseErrorKind::Invalid, message).at(root.location));
    }
    check_numbers(&root)?;
    Ok(root)
}

fn check_numbers(value: &Value) -> Result<(), ParseError> {
    match &value.data {
        Data::Number(number) if Decimal::parse(number.source()).is_none() => {
            let message = "number out of range: at most 1000 characters and a 32-bit exponent";
            Err(ParseError::new(ParseErrorKind::TooLarge, message).at(value.location))
        }
        Data::Array(items) => items.iter().try_for_each(check_numbers),
        Data::Object(object) => object.iter().try_for_each(|member| check_numbers(&member.value)),
        _ => Ok(()),
    }
}
