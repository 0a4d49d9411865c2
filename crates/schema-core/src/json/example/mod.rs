//! Counter-examples: an instance that the writer's schema allows and the reader's refuses, checked
//! by validating it with both.
//!
//! The path of a finding leads to a place (`path`) and to what either side asks of a value there,
//! taken apart into `shape`s. Values are made up for it (`search`, `objects`, `arrays`, `values`,
//! `text`) and judged by the compared model (`holds`); what stands the test is put into a whole
//! instance, and that the validators judge.

mod arrays;
mod holds;
mod objects;
mod path;
mod search;
mod shape;
mod text;
mod values;

use serde_json::Value;

use self::path::Walk;
use self::search::{Search, Wanted};
use self::shape::Schema;
use super::{Dialect, JsonSchema, Validator, Violation};
use crate::{CounterExample, Incompatibility, JsonRule, Limits, Rule};

/// Of [`Limits::pairs_max`], how many steps one search may take: one for as many.
const PAIRS_PER_STEP: usize = 5;
/// Most values of the place itself that are put into instances.
const VALUES_MAX: usize = 40;
/// How the validating crate begins what it says of a schema that is `false`.
const NOTHING_ALLOWED: &str = "False schema does not allow";
/// Longest refusal that is shown whole, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// An instance that shows `found`.
///
/// `None` if none was found within `limits`; some rules see a difference where the standard has
/// none. Also if either schema cannot validate, as with patterns that have no linear search.
pub(crate) fn counter_example(
    reader: &JsonSchema,
    writer: &JsonSchema,
    found: &Incompatibility,
    limits: &Limits,
) -> Option<CounterExample> {
    let Rule::Json(rule) = found.rule else { return None };
    let path = found.path.strip_prefix("#/")?;
    let trial = Trial { writer: writer.validator().ok()?, reader: reader.validator().ok()?, rule };
    let mut search = Search::new(limits.pairs_max / PAIRS_PER_STEP, limits);
    let (from, to) = (root(writer), root(reader));
    let target = Walk::new(&mut search, rule).target(from, to, path)?;
    let wanted = Wanted { writer: &target.both.writer, reader: &target.both.reader };
    let values = search.values(wanted, &target.focus, VALUES_MAX);
    let pointer = target.pointer();
    let mut second_best = None;
    for value in values {
        let Some(instance) = target.wrapped(&mut search, value) else { continue };
        match trial.verdict(&instance, &pointer) {
            Some((violation, true)) => return shown(&instance, &violation),
            Some((violation, false)) if second_best.is_none() => {
                second_best = shown(&instance, &violation);
            }
            _ => {}
        }
    }
    second_best
}

fn root(schema: &JsonSchema) -> Schema<'_> {
    let document = schema.documents.schema.root.as_object();
    let named = document.and_then(|document| document.get("$schema")?.as_str());
    let is_modern = named.and_then(Dialect::named).is_some_and(Dialect::is_modern);
    Schema { model: &schema.model, id: schema.root, is_modern }
}

/// What instances are put to.
struct Trial {
    writer: Validator,
    reader: Validator,
    rule: JsonRule,
}

impl Trial {
    /// The reader's violation nearest to the finding, and whether it is by the finding's keyword;
    /// `None` if there is none at its place or the writer's schema refuses the instance.
    fn verdict(&self, instance: &Value, pointer: &str) -> Option<(Violation, bool)> {
        if !self.writer.is_valid(instance) {
            return None;
        }
        let mut violations = self.reader.violations(instance);
        violations.retain(|violation| is_near(&violation.instance_path, pointer));
        let told = violations.iter().position(|violation| tells(self.rule, violation));
        let at = told.unwrap_or(0);
        (at < violations.len()).then(|| (violations.swap_remove(at), told.is_some()))
    }
}

/// Whether one place is inside the other.
fn is_near(a: &str, b: &str) -> bool {
    let is_within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_within(a, b) || is_within(b, a)
}

/// Whether the violation is by a keyword that the rule is about.
fn tells(rule: JsonRule, violation: &Violation) -> bool {
    let name = rule.as_str();
    let known = KEYWORDS.iter().find(|(start, _)| name.starts_with(start));
    known.is_none_or(|(_, keywords)| {
        violation.schema_path.split('/').any(|part| keywords.contains(&part))
    })
}

/// The keywords that rules are about, by how the names of the rules begin.
const KEYWORDS: [(&str, &[&str]); 21] = [
    ("MAX_LENGTH", &["maxLength"]),
    ("MIN_LENGTH", &["minLength"]),
    ("PATTERN", &["pattern"]),
    ("MAXIMUM", &["maximum"]),
    ("MINIMUM", &["minimum"]),
    ("EXCLUSIVE_MAXIMUM", &["exclusiveMaximum"]),
    ("EXCLUSIVE_MINIMUM", &["exclusiveMinimum"]),
    ("MULTIPLE_OF", &["multipleOf"]),
    ("REQUIRED_ATTRIBUTE", &["required"]),
    ("REQUIRED_PROPERTY", &["required", "properties"]),
    ("MAX_PROPERTIES", &["maxProperties"]),
    ("MIN_PROPERTIES", &["minProperties"]),
    ("DEPENDENCY", &["dependencies", "dependentRequired", "dependentSchemas"]),
    ("MAX_ITEMS", &["maxItems"]),
    ("MIN_ITEMS", &["minItems"]),
    ("UNIQUE_ITEMS", &["uniqueItems"]),
    ("MAX_CONTAINS", &["maxContains", "contains"]),
    ("MIN_CONTAINS", &["minContains", "contains"]),
    ("ENUM_ARRAY", &["enum", "const"]),
    ("ADDITIONAL", &["additionalProperties", "additionalItems", "items"]),
    ("UNEVALUATED", &["unevaluatedProperties", "unevaluatedItems"]),
];

fn shown(instance: &Value, violation: &Violation) -> Option<CounterExample> {
    let value = serde_json::to_string(instance).ok()?;
    let Violation { message, instance_path, .. } = violation;
    let message = message.replace(NOTHING_ALLOWED, "the schema allows nothing here, found");
    let refusal = match instance_path.as_str() {
        "" => message,
        place => format!("at '{place}': {message}"),
    };
    let refusal = match refusal.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}...", refusal.get(..end)?),
        None => refusal,
    };
    Some(CounterExample { encoded: value.clone().into_bytes(), value, refusal })
}

#[cfg(test)]
mod tests;
