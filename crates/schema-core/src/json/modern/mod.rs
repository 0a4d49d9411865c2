//! The front end of 2019-09 and 2020-12, both with the keywords of 2020-12.
//!
//! First every schema that a `$ref` leads to is loaded and checked ([`load`]); then what was
//! loaded becomes nodes ([`translate`]), keyword by keyword, and [`join`] puts the keywords of one
//! schema together.

mod check;
mod join;
mod keywords;
mod load;
mod parts;
mod translate;
mod values;

pub(super) use values::text as held;

use super::documents::{Document, Documents};
use super::model::{Model, NodeId};
use crate::json_text::Value;
use crate::{Limits, ParseError};

/// Loads the schema of `documents`.
pub(super) fn load(documents: &Documents, limits: &Limits) -> Result<(Model, NodeId), ParseError> {
    let loaded = load::load(documents)?;
    translate::translate(&loaded, limits)
}

/// A schema of a document.
#[derive(Clone, Copy)]
struct Place<'a> {
    document: &'a Document,
    value: &'a Value,
}

/// A loaded schema: what one address leads to. A place that has several addresses is loaded for
/// each of them.
type Knot = usize;

/// A schema within a knot; identity as the reference has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Instance {
    knot: Knot,
    value: *const Value,
}

impl<'a> Place<'a> {
    fn at(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }

    fn instance(self, knot: Knot) -> Instance {
        Instance { knot, value: std::ptr::from_ref(self.value) }
    }
}
