//! Avro schemas: parse, canonical text, normal form, compatibility.
//!
//! The rules are those of the reference registry on Avro Java, which differ from the Avro
//! specification here and there; where they do, the code says so.

mod attributes;
mod compat;
mod counter_example;
mod defaults;
mod equal;
mod logical;
mod name;
mod naming;
mod normal_default;
mod outline;
mod parse;
mod print;
mod records;
mod style;
mod tags;
#[cfg(test)]
mod tests;
mod types;
mod value;

use std::sync::{Arc, OnceLock};

use equal::{Sameness, are_equal};
use name::Name;
use parse::Parser;
use print::{Form, print};
use types::{Shape, TypeId, Types};

use crate::json_text::{self, Dialect};
use crate::limits::breach;
use crate::{Limits, ParseError, ParseErrorKind, ResolvedReference, Validation};

pub(crate) use compat::compare;
pub(crate) use counter_example::counter_example;
pub(crate) use outline::outline;
pub(crate) use style::style;
pub use value::{DecodeError, Refusal, Value};

/// A parsed schema.
#[derive(Clone, Debug)]
pub struct AvroSchema {
    /// The schema's own types and those of its references.
    types: Arc<Types>,
    root: TypeId,
    /// Root types of the references. Canonical text takes them for defined, and only them: a type
    /// that a reference defines further inside is written out, as the reference does it.
    referenced: Arc<[TypeId]>,
    canonical: OnceLock<String>,
}

impl AvroSchema {
    /// `references` in dependency order; they and the schema share one name space.
    pub fn parse(
        text: &str,
        references: &[ResolvedReference],
        validation: Validation,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let mut parser = Parser::new(validation, limits);
        let mut roots = Vec::with_capacity(references.len());
        for reference in references {
            let root =
                parser.reference(&reference.text).map_err(|error| inside(reference, &error))?;
            roots.push(root);
        }
        let root = parser.main(text)?;
        let keeps_its_order = references.is_empty() && !parser.has_forward_uses;
        let is_small = keeps_its_order && is_small(text, parser.text_nodes, limits);
        let types = Arc::new(parser.types);
        let schema = Self { types, root, referenced: roots.into(), canonical: OnceLock::new() };
        if !is_small {
            must_be_readable(schema.canonical(), limits)?;
        }
        Ok(schema)
    }

    pub fn canonical(&self) -> &str {
        self.canonical.get_or_init(|| self.print(Form::Canonical))
    }

    /// The text that `normalize=true` stores.
    pub fn normalized(&self) -> String {
        self.print(Form::Normal)
    }

    /// The text with the types of references written out at their first use.
    pub fn resolved(&self) -> String {
        print(&self.types, self.root, &[], Form::Canonical)
    }

    pub(crate) fn has_top_level_field(&self, name: &str) -> bool {
        match self.types.shape(self.root) {
            Shape::Record(record) => self.types.field_position(record, name).is_some(),
            _ => false,
        }
    }

    /// Equal but for the order of custom properties and of aliases.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        are_equal((&self.types, self.root), (&other.types, other.root), Sameness::Everything)
    }

    fn print(&self, form: Form) -> String {
        let known: Vec<&Name> = self
            .referenced
            .iter()
            .filter_map(|&id| self.types.shape(id).named().map(|named| &named.name))
            .collect();
        print(&self.types, self.root, &known, form)
    }
}

/// The place would be one in another text, so it moves into the message.
fn inside(reference: &ResolvedReference, error: &ParseError) -> ParseError {
    let name = &reference.reference.name;
    ParseError::new(error.kind, format!("in reference {name:?}: {error}"))
}

/// Whether the canonical text cannot pass the limits, if every definition stays in its place: no
/// number is printed in more than three times its bytes, and no name adds more than a namespace.
fn is_small(text: &str, nodes: usize, limits: &Limits) -> bool {
    text.len() <= limits.text_bytes_max / 3 && nodes <= limits.nodes_max / 2
}

/// The canonical text is stored and read again. Definitions written out at the first use of their
/// names may nest deeper than they did in the author's text.
fn must_be_readable(canonical: &str, limits: &Limits) -> Result<(), ParseError> {
    if canonical.len() > limits.text_bytes_max {
        let what = format!("canonical text has {} bytes", canonical.len());
        let message = breach(&what, limits.text_bytes_max, "text-bytes-max");
        return Err(ParseError::new(ParseErrorKind::TooLarge, message));
    }
    if json_text::is_surely_within(canonical, limits) {
        return Ok(());
    }
    match json_text::read(canonical, Dialect::AVRO, limits) {
        Ok(_) => Ok(()),
        Err(error) => Err(ParseError::new(error.kind, format!("in the canonical text: {error}"))),
    }
}
