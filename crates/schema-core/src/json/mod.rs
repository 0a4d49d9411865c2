//! JSON Schema: parse, canonical text, normalized text.

mod compat;
mod decimal;
mod dialect;
mod documents;
mod effort;
mod example;
mod java_order;
mod legacy;
mod model;
mod modern;
mod outline;
mod parts;
mod path_end;
mod pattern;
mod proof;
mod shape;
mod style;
mod tags;
mod text;
mod uri;
mod validator;

use std::sync::{Arc, OnceLock};

use crate::json_text::{self, Data, Member, Value};
use crate::limits::breach;
use crate::{Limits, ParseError, ParseErrorKind, ResolvedReference};
pub(crate) use compat::compare;
use decimal::Decimal;
pub use dialect::Dialect;
use documents::Documents;
pub(crate) use example::counter_example;
use model::{Kind, Model, NodeId};
pub(crate) use outline::outline;
pub(crate) use style::style;
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

    pub(crate) fn has_top_level_field(&self, name: &str) -> bool {
        let root = self.documents.schema.root.as_object();
        let properties = root.and_then(|root| root.get("properties")?.as_object());
        properties.is_some_and(|properties| properties.get(name).is_some())
    }

    /// A top-level property whose name starts with `$$`: the reference refuses to register it
    /// where field validation is on.
    pub(crate) fn restricted_field(&self) -> Option<&str> {
        match &self.model.node(self.root).kind {
            Kind::Object(rules) => rules
                .properties
                .keys()
                .find(|name| name.starts_with("$$"))
                .map(smol_str::SmolStr::as_str),
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

/// Reads JSON text and checks what only a schema's JSON must keep.
fn read_any(text: &str, limits: &Limits) -> Result<Value, ParseError> {
    let root = json_text::read(text, json_text::Dialect::JSON_SCHEMA, limits)?;
    Check { limits, address_bytes: 0 }.value(&root, 0)?;
    Ok(root)
}

/// What one address costs for each schema with an id inside it: pointers may pass it often.
const ID_COST: usize = 64;

/// The check of a document before anything is made of it.
struct Check<'l> {
    limits: &'l Limits,
    /// Most bytes that the addresses in the document can come to.
    address_bytes: usize,
}

impl Check<'_> {
    /// Numbers must be such as the reference can hold; enums, combinations and addresses have
    /// limits. `base` is the length that the base address has here at most.
    fn value(&mut self, value: &Value, base: usize) -> Result<(), ParseError> {
        match &value.data {
            Data::Number(number) if Decimal::parse(number.source()).is_none() => {
                let message = "number out of range: its exponent must fit into 32 bits";
                Err(ParseError::new(ParseErrorKind::TooLarge, message).at(value.location))
            }
            Data::Array(items) => items.iter().try_for_each(|item| self.value(item, base)),
            Data::Object(object) => {
                let id = object.get("$id").or_else(|| object.get("id")).and_then(Value::as_str);
                let base = id.map_or(base, |id| base + id.len());
                object.iter().try_for_each(|member| {
                    self.member(member, base)?;
                    self.value(&member.value, base)
                })
            }
            _ => Ok(()),
        }
    }

    fn member(
        &mut self,
        Member { key, value, .. }: &Member,
        base: usize,
    ) -> Result<(), ParseError> {
        let count = value.as_array().map_or(0, <[Value]>::len);
        let text = value.as_str().map(str::len);
        let (enums, branches) = (self.limits.enum_symbols_max, self.limits.union_branches_max);
        let breached = match (key.as_str(), text) {
            ("enum", _) if count > enums => Some((enums, "enum-symbols-max")),
            ("allOf" | "anyOf" | "oneOf", _) if count > branches => {
                Some((branches, "union-branches-max"))
            }
            ("$id" | "id", Some(_)) => {
                self.address_bytes += base.saturating_mul(ID_COST);
                None
            }
            ("$ref" | "$dynamicRef" | "$anchor" | "$dynamicAnchor", Some(length)) => {
                self.address_bytes += base + length;
                None
            }
            _ => None,
        };
        if let Some((max, setting)) = breached {
            let message = breach(&format!("'{key}' has {count} members"), max, setting);
            return Err(ParseError::new(ParseErrorKind::TooLarge, message).at(value.location));
        }
        if self.address_bytes > self.limits.name_bytes_max() {
            let message = "the addresses in the schema are too long (setting text-bytes-max)";
            return Err(ParseError::new(ParseErrorKind::TooLarge, message).at(value.location));
        }
        Ok(())
    }
}
