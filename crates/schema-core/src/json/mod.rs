//! JSON Schema: parse, canonical text, normalized text.

mod compat;
mod decimal;
mod dialect;
mod documents;
mod effort;
mod java_order;
mod legacy;
mod model;
mod modern;
mod pattern;
mod shape;
mod text;
mod uri;
mod validator;

use std::sync::{Arc, OnceLock};

use crate::json_text::{self, Data, Value};
use crate::{Limits, ParseError, ParseErrorKind, ResolvedReference};
pub(crate) use compat::compare;
use decimal::Decimal;
pub use dialect::Dialect;
use documents::Documents;
use model::{Kind, Model, NodeId};
pub use validator::{Validator, Violation};

/// Schemas may nest this part as deep as JSON values: most take two levels of JSON, and loading
/// one takes more stack than reading it. The stack of a worker thread is twice what that needs.
const NESTING_SHARE: usize = 4;

/// A parsed schema.
#[derive(Clone, Debug)]
pub struct JsonSchema {
    /// The text as read.
    written: Value,
    canonical: OnceLock<String>,
    documents: Arc<Documents>,
    model: Arc<Model>,
    root: NodeId,
}

impl JsonSchema {
    pub fn parse(
        text: &str,
        references: &[ResolvedReference],
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let root = read_root(text, limits)?;
        let written = root.clone();
        let dialect = root.as_object().and_then(|root| root.get("$schema")?.as_str());
        let dialect = dialect.and_then(Dialect::named).unwrap_or(Dialect::Draft07);
        let documents = Documents::new(root, references, limits);
        let (model, root) = if matches!(documents.schema.root.data, Data::Boolean(_)) {
            legacy::load_boolean(&documents, limits)?
        } else if dialect.is_modern() {
            modern::load(&documents, limits)?
        } else {
            legacy::load(&documents, limits)?
        };
        let (documents, model) = (Arc::new(documents), Arc::new(model));
        Ok(Self { written, canonical: OnceLock::new(), documents, model, root })
    }

    /// Compiles the schema for checking instances; a schema without `$schema` is draft 07.
    pub fn validator(&self) -> Result<Validator, ParseError> {
        Validator::of(&self.documents, Dialect::Draft07)
    }

    /// A top-level property whose name starts with `$$`: the reference refuses to register it
    /// where field validation is on.
    pub fn restricted_field(&self) -> Option<&str> {
        match &self.model.node(self.root).kind {
            Kind::Object(rules) => rules
                .properties
                .keys()
                .find(|name| name.starts_with("$$"))
                .map(|name| name.as_str()),
            _ => None,
        }
    }

    pub fn canonical(&self) -> &str {
        self.canonical.get_or_init(|| text::canonical(&self.written))
    }

    pub fn normalized(&self) -> String {
        text::normalized(&self.written)
    }

    /// The reference knows no resolved form of JSON schemas and answers the stored text.
    pub fn resolved(&self) -> String {
        self.canonical().to_owned()
    }

    /// Identity is textual: neither member order nor number spelling is forgiven.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

/// Reads the text of a schema, whose root must be an object or a boolean.
fn read_root(text: &str, limits: &Limits) -> Result<Value, ParseError> {
    let root = read_any(text, limits)?;
    if !matches!(root.data, Data::Object(_) | Data::Boolean(_)) {
        let message = format!("a JSON schema is an object or a boolean, not {}", root.kind());
        return Err(ParseError::new(ParseErrorKind::Invalid, message).at(root.location));
    }
    Ok(root)
}

/// Reads JSON text; every number must be one that the reference can hold.
fn read_any(text: &str, limits: &Limits) -> Result<Value, ParseError> {
    let root = json_text::read(text, json_text::Dialect::JSON_SCHEMA, limits)?;
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
