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

use self::path::{Target, Walk};
use self::search::{Search, Wanted};
use self::shape::Schema;
use super::{Dialect, JsonSchema, Validator, Violation, proof};
use crate::{CounterExample, ExampleValue, Incompatibility, JsonRule, Limits, Rule};

/// Of [`Limits::pairs_max`], how many steps one search may take: one for as many.
const PAIRS_PER_STEP: usize = 5;
/// Most values of the place itself that are put into instances.
const VALUES_MAX: usize = 40;
/// How the validating crate begins what it says of a schema that is `false`.
const NOTHING_ALLOWED: &str = "False schema does not allow";
/// Longest refusal that is shown whole, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// An instance that shows `found`, or the proof that there is none; some rules see a difference
/// where the standard has none.
///
/// Nothing is found if either schema cannot validate, as with patterns that have no linear search.
pub(crate) fn counter_example(
    reader: &JsonSchema,
    writer: &JsonSchema,
    found: &Incompatibility,
    limits: &Limits,
) -> CounterExample {
    let (Rule::Json(rule), Some(path)) = (found.rule, found.path.strip_prefix("#/")) else {
        return CounterExample::NotFound;
    };
    let (Ok(for_writer), Ok(for_reader)) = (writer.validator(), reader.validator()) else {
        return CounterExample::NotFound;
    };
    let steps = limits.pairs_max / PAIRS_PER_STEP;
    let about = (rule, keywords(rule));
    if let Some(reason) = proof::none_exists((writer, reader), about, path, (limits, steps)) {
        return CounterExample::NoneExists(reason);
    }
    let trial = Trial { writer: for_writer, reader: for_reader, rule };
    let found = trial.search((writer, reader), path, (limits, steps));
    found.map_or(CounterExample::NotFound, CounterExample::Value)
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
    /// A value that shows the finding, by its keyword at its very place if one does.
    fn search(
        &self,
        (writer, reader): (&JsonSchema, &JsonSchema),
        path: &str,
        (limits, steps): (&Limits, usize),
    ) -> Option<ExampleValue> {
        let mut search = Search::new(steps, limits);
        let target = Walk::new(&mut search, self.rule).target(root(writer), root(reader), path)?;
        let wanted = Wanted { writer: &target.both.writer, reader: &target.both.reader };
        let values = search.values(wanted, &target.focus, VALUES_MAX);
        let place = Pointed::of(&target);
        let mut second_best = None;
        for value in values {
            let Some(instance) = target.wrapped(&mut search, value) else { continue };
            let Some((violation, is_told)) = self.verdict(&instance, &place) else { continue };
            if is_told {
                return shown(&instance, &violation);
            }
            if second_best.is_none() {
                second_best = shown(&instance, &violation);
            }
        }
        second_best
    }

    /// The reader's violation nearest to the finding, and whether it is by the finding's keyword at
    /// its very place; `None` if there is none around or the writer's schema refuses the instance.
    fn verdict(&self, instance: &Value, place: &Pointed) -> Option<(Violation, bool)> {
        if !self.writer.is_valid(instance) {
            return None;
        }
        let mut violations = self.reader.violations(instance);
        violations.retain(|violation| place.is_near(&violation.instance_path));
        let told = violations.iter().position(|violation| {
            place.is_meant(&violation.instance_path) && tells(self.rule, violation)
        });
        let at = told.unwrap_or(0);
        (at < violations.len()).then(|| (violations.swap_remove(at), told.is_some()))
    }
}

/// The place of a finding in instances, as JSON pointers.
struct Pointed {
    place: String,
    /// The member or item of it that the finding is about, if it is about one.
    inside: Option<String>,
}

impl Pointed {
    fn of(target: &Target<'_>) -> Self {
        let place = target.pointer();
        let inside = target.focus.token().map(|token| format!("{place}/{token}"));
        Self { place, inside }
    }

    /// Whether `path` leads to the place, into it or to what is around it.
    fn is_near(&self, path: &str) -> bool {
        is_within(path, &self.place) || is_within(&self.place, path)
    }

    fn is_meant(&self, path: &str) -> bool {
        match &self.inside {
            Some(inside) => path == self.place || is_within(path, inside),
            None => is_within(path, &self.place),
        }
    }
}

fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether the violation is by a keyword that the rule is about.
fn tells(rule: JsonRule, violation: &Violation) -> bool {
    keywords(rule).is_none_or(|keywords| {
        violation.schema_path.split('/').any(|part| keywords.contains(&part))
    })
}

/// The keywords that the rule is about, unless it is about whole schemas.
fn keywords(rule: JsonRule) -> Option<&'static [&'static str]> {
    let name = rule.as_str();
    KEYWORDS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, keywords)| *keywords)
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

fn shown(instance: &Value, violation: &Violation) -> Option<ExampleValue> {
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
    Some(ExampleValue { encoded: value.clone().into_bytes(), value, refusal })
}

#[cfg(test)]
mod tests;
