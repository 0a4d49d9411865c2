//! Instances against a schema, offline and with a regular expression engine of linear time.

use std::collections::HashMap;
use std::fmt::{self, Write};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Retrieve, Uri};

use super::dialect::Dialect;
use super::documents::{Document, Documents};
use super::{effort, text, uri};
use crate::json_text::Value;
use crate::{Limits, ParseError, ParseErrorKind, ResolvedReference};

/// The base of a schema without an id, as the validating crate has it.
const NO_BASE: &str = "json-schema:///";

/// A compiled schema that instances are checked against.
#[derive(Debug)]
pub struct Validator {
    inner: jsonschema::Validator,
}

/// One way in which an instance breaks its schema; both places are JSON pointers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at '{instance_path}', by '{schema_path}')")]
pub struct Violation {
    pub message: String,
    pub instance_path: String,
    pub schema_path: String,
}

impl Validator {
    /// Compiles schema text by the standard of its dialect: what `$schema` names, else `assumed`.
    /// References resolve to `references` and the bundled meta-schemas alone. A pattern with
    /// look-around or back references is refused, because it has no linear search.
    pub fn compile(
        schema: &str,
        assumed: Dialect,
        references: &[ResolvedReference],
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let root = super::read_root(schema, limits)?;
        Self::of(&Documents::new(root, references, limits), assumed)
    }

    pub(super) fn of(documents: &Documents, assumed: Dialect) -> Result<Self, ParseError> {
        effort::check(documents)?;
        let named = keyword(&documents.schema, "$schema").and_then(Dialect::named);
        let dialect = named.unwrap_or(assumed);
        let draft = match dialect {
            Dialect::Draft04 => Draft::Draft4,
            Dialect::Draft06 => Draft::Draft6,
            Dialect::Draft07 => Draft::Draft7,
            Dialect::Draft201909 => Draft::Draft201909,
            Dialect::Draft202012 => Draft::Draft202012,
        };
        let base = keyword(&documents.schema, dialect.id_keyword());
        let base = base.map_or_else(|| NO_BASE.to_owned(), |id| uri::resolve(NO_BASE, id));
        let mut known = HashMap::new();
        for document in &documents.references {
            let name = document.name.clone().unwrap_or_default();
            known.insert(uri::resolve(&base, &name), converted(&document.root)?);
            known.insert(name, converted(&document.root)?);
        }
        let bytes_max = documents.limits.pattern_bytes_max;
        let patterns = PatternOptions::regex().size_limit(bytes_max).dfa_size_limit(bytes_max);
        let inner = jsonschema::options()
            .with_draft(draft)
            .with_retriever(References { known })
            .with_pattern_options(patterns)
            .build(&converted(&documents.schema.root)?)
            .map_err(|error| {
                let kind = match error.kind() {
                    ValidationErrorKind::Referencing(_) => ParseErrorKind::UnresolvedName,
                    _ => ParseErrorKind::Invalid,
                };
                ParseError::new(kind, format!("the schema cannot validate: {error}"))
            })?;
        Ok(Self { inner })
    }

    /// Every violation of the schema by `instance`; none if it is valid.
    pub fn violations(&self, instance: &serde_json::Value) -> Vec<Violation> {
        let errors = self.inner.iter_errors(instance);
        errors.map(|error| violation(&error, error.to_string())).collect()
    }

    /// The first `max` violations, none if `instance` is valid; what a message quotes of the
    /// instance is cut, so that a large one does not make large errors.
    pub fn first_violations(&self, instance: &serde_json::Value, max: usize) -> Vec<Violation> {
        let errors = self.inner.iter_errors(instance).take(max);
        errors.map(|error| violation(&error, Quoted::of(&error))).collect()
    }

    pub fn is_valid(&self, instance: &serde_json::Value) -> bool {
        self.inner.is_valid(instance)
    }
}

fn violation(error: &jsonschema::ValidationError<'_>, message: String) -> Violation {
    let (instance_path, schema_path) = (error.instance_path(), error.schema_path());
    Violation {
        message,
        instance_path: instance_path.to_string(),
        schema_path: schema_path.to_string(),
    }
}

/// Longest message of [`Validator::first_violations`] in bytes, the mark of a cut aside.
const QUOTED_BYTES_MAX: usize = 500;

/// Text that stops to grow.
struct Quoted(String);

impl Quoted {
    fn of(text: &impl fmt::Display) -> String {
        let mut quoted = Self(String::new());
        match write!(quoted, "{text}") {
            Ok(()) => quoted.0,
            Err(fmt::Error) => quoted.0 + " [...]",
        }
    }
}

impl Write for Quoted {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = QUOTED_BYTES_MAX - self.0.len();
        if more.len() <= room {
            self.0.push_str(more);
            return Ok(());
        }
        self.0.push_str(more.get(..more.floor_char_boundary(room)).unwrap_or_default());
        Err(fmt::Error)
    }
}

fn keyword<'d>(document: &'d Document, key: &str) -> Option<&'d str> {
    document.root.as_object().and_then(|root| root.get(key)).and_then(Value::as_str)
}

/// The value as the validating crate takes it; its reader stops at 128 levels.
fn converted(value: &Value) -> Result<serde_json::Value, ParseError> {
    serde_json::from_str(&text::canonical(value)).map_err(|error| {
        let message = format!("the schema is too deep to validate with: {error}");
        ParseError::new(ParseErrorKind::TooLarge, message)
    })
}

/// Answers with the references and never looks elsewhere.
struct References {
    known: HashMap<String, serde_json::Value>,
}

impl Retrieve for References {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<serde_json::Value, Box<dyn std::error::Error + Send + Sync>> {
        let address = uri.as_str();
        if let Some(found) = self.known.get(address) {
            return Ok(found.clone());
        }
        // A reference may name another one from a folder of its own.
        let mut names: Vec<&String> = self.known.keys().collect();
        names.sort_by_key(|name| (std::cmp::Reverse(name.len()), name.as_str()));
        let found = names.into_iter().find(|name| {
            address.strip_suffix(name.as_str()).is_some_and(|head| head.ends_with('/'))
        });
        match found.and_then(|name| self.known.get(name)) {
            Some(found) => Ok(found.clone()),
            None => Err(format!("'{address}' is not among the references").into()),
        }
    }
}
