//! The printed form of a node, by which members of a combination count as duplicates.

use std::collections::BTreeMap;

use super::decimal::Decimal;
use super::model::{
    Additional, ArrayRules, Combined, Criterion, Kind, Model, Node, NodeId, Notes, NumberRules,
    ObjectRules, StringRules,
};

/// What the reference prints of a node: keywords with their values, whatever kind has them, so an
/// empty array schema prints like an empty object schema.
type Keywords = Vec<(String, String)>;

/// How combinations that were put together from keywords side by side are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generated {
    /// As the keywords they were.
    Apart,
    /// As any other combination.
    Combined,
}

/// A text that is equal for nodes which the reference prints alike. Held nodes stand for their own
/// shape, so the text stays short and the cost linear. A `$ref` prints as its text alone.
pub(super) fn printed(node: &Node, model: &Model, generated: Generated) -> String {
    match node.kind {
        Kind::True => return "true".to_owned(),
        Kind::False => return "false".to_owned(),
        _ => {}
    }
    let mut out = Keywords::new();
    let Notes { id, title, description, default, rest, format: _, location: _ } = &*node.notes;
    for (key, text) in [("$id", id), ("title", title), ("description", description)] {
        add(&mut out, key, text.as_ref().map(|text| format!("{text:?}")));
    }
    add(&mut out, "default", default.as_deref().map(short_numbers));
    out.extend(rest.iter().map(|(key, value)| (key.clone(), short_numbers(value))));
    match &node.kind {
        Kind::Combined(combined) if is_apart(combined, model, generated) => {
            for member in &combined.members {
                keywords(&model.node(*member).kind, model, &mut out);
            }
        }
        kind => keywords(kind, model, &mut out),
    }
    out.sort();
    format!("{out:?}")
}

/// Parts are printed apart unless two of them are combinations of one criterion.
fn is_apart(combined: &Combined, model: &Model, generated: Generated) -> bool {
    let mut seen: Vec<Criterion> = Vec::new();
    combined.generated
        && generated == Generated::Apart
        && combined.members.iter().all(|member| match &model.node(*member).kind {
            Kind::Combined(part) => {
                let is_new = !seen.contains(&part.criterion);
                seen.push(part.criterion);
                is_new
            }
            _ => true,
        })
}

fn add(out: &mut Keywords, key: &str, value: Option<String>) {
    out.extend(value.map(|value| (key.to_owned(), value)));
}

fn keywords(kind: &Kind, model: &Model, out: &mut Keywords) {
    let shape = |id: NodeId| model.shape(id).to_string();
    match kind {
        Kind::Empty | Kind::True | Kind::False => {}
        Kind::Boolean => add(out, "type", Some("boolean".to_owned())),
        Kind::Null => add(out, "type", Some("null".to_owned())),
        Kind::String(rules) => string(rules, out),
        Kind::Number(rules) => number(rules, out),
        Kind::Object(rules) => object(rules, model, out),
        Kind::Array(rules) => array(rules, model, out),
        Kind::Enum(values) => {
            let values: Vec<_> = values.iter().map(|value| short_numbers(value)).collect();
            add(out, "enum", Some(format!("{values:?}")));
        }
        Kind::Const(value) => add(out, "const", Some(short_numbers(value))),
        Kind::Not(id) => add(out, "not", Some(shape(*id))),
        Kind::Conditional(parts) => {
            out.extend(parts.iter().map(|(name, id)| ((*name).to_owned(), shape(*id))));
        }
        Kind::Combined(combined) => {
            let members: Vec<_> = combined.members.iter().map(|id| model.shape(*id)).collect();
            add(out, combined.criterion.keyword(), Some(format!("{members:?}")));
        }
        Kind::Reference { text, .. } => add(out, "$ref", Some(format!("{text:?}"))),
    }
}

fn string(rules: &StringRules, out: &mut Keywords) {
    add(out, "type", rules.typed.then(|| "string".to_owned()));
    add(out, "minLength", rules.min_length.map(|limit| limit.to_string()));
    add(out, "maxLength", rules.max_length.map(|limit| limit.to_string()));
    add(out, "pattern", rules.pattern.as_ref().map(|pattern| format!("{pattern:?}")));
    add(out, "format", rules.format.clone());
}

fn number(rules: &NumberRules, out: &mut Keywords) {
    let limit = |limit: &Option<Decimal>| limit.as_ref().map(|d| short_numbers(&d.printed()));
    let name = if rules.integer { "integer" } else { "number" };
    add(out, "type", (rules.integer || rules.typed).then(|| name.to_owned()));
    add(out, "minimum", limit(&rules.minimum));
    add(out, "maximum", limit(&rules.maximum));
    add(out, "multipleOf", limit(&rules.multiple_of));
    let (low, high) = rules.exclusive_flags;
    add(out, "exclusiveMinimum", low.then(|| "true".to_owned()));
    add(out, "exclusiveMaximum", high.then(|| "true".to_owned()));
    add(out, "exclusiveMinimum", limit(&rules.exclusive_minimum));
    add(out, "exclusiveMaximum", limit(&rules.exclusive_maximum));
}

fn additional(rule: Additional, model: &Model) -> Option<String> {
    match rule {
        Additional::Allowed => None,
        Additional::Refused => Some("false".to_owned()),
        Additional::Schema(id) => Some(model.shape(id).to_string()),
    }
}

fn object(rules: &ObjectRules, model: &Model, out: &mut Keywords) {
    let shape = |id: NodeId| model.shape(id).to_string();
    let named = |schemas: &BTreeMap<String, NodeId>| {
        let shapes: Vec<_> = schemas.iter().map(|(name, id)| (name, model.shape(*id))).collect();
        (!shapes.is_empty()).then(|| format!("{shapes:?}"))
    };
    add(out, "type", rules.typed.then(|| "object".to_owned()));
    add(out, "minProperties", rules.min_properties.map(|limit| limit.to_string()));
    add(out, "maxProperties", rules.max_properties.map(|limit| limit.to_string()));
    let required_by = &rules.required_by;
    add(out, "dependencies", (!required_by.is_empty()).then(|| format!("{required_by:?}")));
    add(out, "dependencies", named(&rules.schemas_by));
    add(out, "additionalProperties", additional(rules.additional, model));
    add(out, "propertyNames", rules.property_names.map(shape));
    let required = &rules.required;
    add(out, "required", (!required.is_empty()).then(|| format!("{required:?}")));
    add(out, "properties", named(&rules.properties));
    let patterns: Vec<_> =
        rules.patterns.iter().map(|(text, id)| (text, model.shape(*id))).collect();
    add(out, "patternProperties", (!patterns.is_empty()).then(|| format!("{patterns:?}")));
    add(out, "unevaluatedProperties", rules.unevaluated.map(shape));
}

fn array(rules: &ArrayRules, model: &Model, out: &mut Keywords) {
    let shape = |id: NodeId| model.shape(id).to_string();
    let count = |limit: &Option<Decimal>| limit.as_ref().map(|d| short_numbers(&d.printed()));
    add(out, "type", rules.typed.then(|| "array".to_owned()));
    add(out, "uniqueItems", rules.unique.then(|| "true".to_owned()));
    add(out, "minItems", rules.min_items.map(|limit| limit.to_string()));
    add(out, "maxItems", rules.max_items.map(|limit| limit.to_string()));
    add(out, "additionalItems", additional(rules.additional, model));
    add(out, "items", rules.items.map(shape));
    let positions: Vec<_> = rules.positions.iter().map(|id| model.shape(*id)).collect();
    add(out, "items", (!positions.is_empty()).then(|| format!("{positions:?}")));
    add(out, "contains", rules.contains.map(shape));
    add(out, "minContains", count(&rules.min_contains));
    add(out, "maxContains", count(&rules.max_contains));
    add(out, "unevaluatedItems", rules.unevaluated.map(shape));
}

/// JSON text with the numbers as the reference prints them: without zeros that end a fraction.
fn short_numbers(text: &str) -> String {
    if !text.contains('.') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if first == '"' {
            string_end(rest)
        } else {
            let is_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'E');
            rest.find(|c| !is_number(c)).unwrap_or(rest.len()).max(first.len_utf8())
        };
        let (token, after) = rest.split_at(end);
        let is_fraction = first != '"' && token.contains('.') && !token.contains('E');
        out.push_str(if is_fraction {
            token.trim_end_matches('0').trim_end_matches('.')
        } else {
            token
        });
        rest = after;
    }
    out
}

/// The length of the JSON string that `text` begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = true; // the opening quote does not end it
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
