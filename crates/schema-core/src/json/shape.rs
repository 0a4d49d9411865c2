//! The printed form of a node, by which members of a combination count as duplicates.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};
use smol_str::SmolStr;

use super::decimal::Decimal;
use super::model::{
    Additional, ArrayRules, Combined, Criterion, Kind, Model, Node, NodeId, Notes, NumberRules,
    ObjectRules, StringRules,
};

/// What the reference prints of a node: keywords with their values, whatever kind has them, so an
/// empty array schema prints like an empty object schema.
type Keywords = Vec<(String, String)>;

/// How combinations that were put together from keywords side by side are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Generated {
    /// As the keywords they were.
    #[default]
    Apart,
    /// As any other combination.
    Combined,
}

/// The number of each printed form, over both models of a comparison.
type Numbers = Rc<RefCell<HashMap<String, usize>>>;

/// The shapes of the nodes of a model: equal for two that the reference would print alike.
///
/// They are worked out when asked for, because few nodes are members of combinations. Held nodes
/// stand for their own shape, so the printed text stays short and the cost linear.
pub(super) struct Shapes<'m> {
    model: &'m Model,
    by_node: HashMap<NodeId, usize>,
    by_text: Numbers,
}

impl<'m> Shapes<'m> {
    /// One for each model; their shapes can be held against each other.
    pub(super) fn of_both(models: [&'m Model; 2]) -> [Self; 2] {
        let by_text = Numbers::default();
        models.map(|model| Self { model, by_node: HashMap::new(), by_text: by_text.clone() })
    }

    /// Calls itself for held nodes, which nest no deeper than the schema does.
    pub(super) fn of(&mut self, id: NodeId) -> usize {
        if let Some(known) = self.by_node.get(&id) {
            return *known;
        }
        let printed = self.printed(self.model.node(id));
        let mut by_text = self.by_text.borrow_mut();
        let next = by_text.len();
        let shape = *by_text.entry(printed).or_insert(next);
        drop(by_text);
        self.by_node.insert(id, shape);
        shape
    }

    /// A `$ref` prints as its text alone, whatever default it was given.
    fn printed(&mut self, node: &'m Node) -> String {
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
        let is_reference = matches!(node.kind, Kind::Reference { .. });
        let default = default.as_ref().filter(|_| !is_reference);
        add(&mut out, "default", default.map(|default| short_numbers(&default.text())));
        for (key, value) in rest {
            add(&mut out, key, Some(short_numbers(&value.text())));
        }
        match &node.kind {
            Kind::Combined(combined) if is_apart(combined, self.model) => {
                let notes = out.len();
                for member in &combined.members {
                    self.keywords(&self.model.node(*member).kind, &mut out);
                }
                if notes > 0 {
                    mark_type_behind(out.iter_mut().skip(notes));
                }
            }
            kind => self.keywords(kind, &mut out),
        }
        out.sort();
        format!("{out:?}")
    }

    fn keywords(&mut self, kind: &'m Kind, out: &mut Keywords) {
        match kind {
            Kind::Empty | Kind::True | Kind::False => {}
            Kind::Boolean => add(out, "type", Some("boolean".to_owned())),
            Kind::Null => add(out, "type", Some("null".to_owned())),
            Kind::String(rules) => string(rules, out),
            Kind::Number(rules) => number(rules, out),
            Kind::Object(rules) => self.object(rules, out),
            Kind::Array(rules) => self.array(rules, out),
            Kind::Enum(values) => {
                let values: Vec<_> = values.iter().map(|value| short_numbers(value)).collect();
                add(out, "enum", Some(format!("{values:?}")));
            }
            Kind::Const(value) => add(out, "const", Some(short_numbers(value))),
            Kind::Not(id) => add(out, "not", self.one(Some(*id))),
            Kind::Conditional(parts) => {
                for (name, id) in parts {
                    add(out, name, self.one(Some(*id)));
                }
            }
            Kind::Combined(combined) => {
                let members: Vec<_> = combined.members.iter().map(|id| self.of(*id)).collect();
                add(out, combined.criterion.keyword(), Some(format!("{members:?}")));
            }
            Kind::Reference { text, .. } => add(out, "$ref", Some(format!("{text:?}"))),
        }
    }

    fn object(&mut self, rules: &ObjectRules, out: &mut Keywords) {
        add(out, "type", rules.typed.then(|| "object".to_owned()));
        add(out, "minProperties", rules.min_properties.map(|limit| limit.to_string()));
        add(out, "maxProperties", rules.max_properties.map(|limit| limit.to_string()));
        let required_by = &rules.required_by;
        add(out, "dependencies", (!required_by.is_empty()).then(|| format!("{required_by:?}")));
        add(out, "dependencies", self.named(&rules.schemas_by));
        add(out, "additionalProperties", self.additional(rules.additional));
        add(out, "propertyNames", self.one(rules.property_names));
        let required = &rules.required;
        add(out, "required", (!required.is_empty()).then(|| format!("{required:?}")));
        add(out, "properties", self.named(&rules.properties));
        let patterns: Vec<_> =
            rules.patterns.iter().map(|(text, id)| (text, self.of(*id))).collect();
        add(out, "patternProperties", (!patterns.is_empty()).then(|| format!("{patterns:?}")));
        add(out, "unevaluatedProperties", self.one(rules.unevaluated));
    }

    fn array(&mut self, rules: &ArrayRules, out: &mut Keywords) {
        let count = |limit: &Option<Decimal>| limit.as_ref().map(|d| short_numbers(&d.printed()));
        add(out, "type", rules.typed.then(|| "array".to_owned()));
        add(out, "uniqueItems", rules.unique.then(|| "true".to_owned()));
        add(out, "minItems", rules.min_items.map(|limit| limit.to_string()));
        add(out, "maxItems", rules.max_items.map(|limit| limit.to_string()));
        add(out, "additionalItems", self.additional(rules.additional));
        add(out, "items", self.one(rules.items));
        let positions: Vec<_> = rules.positions.iter().map(|id| self.of(*id)).collect();
        add(out, "items", (!positions.is_empty()).then(|| format!("{positions:?}")));
        add(out, "contains", self.one(rules.contains));
        add(out, "minContains", count(&rules.min_contains));
        add(out, "maxContains", count(&rules.max_contains));
        add(out, "unevaluatedItems", self.one(rules.unevaluated));
    }

    fn additional(&mut self, rule: Additional) -> Option<String> {
        match rule {
            Additional::Allowed => None,
            Additional::Refused => Some("false".to_owned()),
            Additional::Schema(id) => self.one(Some(id)),
        }
    }

    fn named(&mut self, schemas: &BTreeMap<SmolStr, NodeId>) -> Option<String> {
        let shapes: Vec<_> = schemas.iter().map(|(name, id)| (name, self.of(*id))).collect();
        (!shapes.is_empty()).then(|| format!("{shapes:?}"))
    }

    fn one(&mut self, id: Option<NodeId>) -> Option<String> {
        id.map(|id| self.of(id).to_string())
    }
}

/// A schema of several parts prints what it says of itself before the types of its parts, another
/// one behind its own type: so the two never print alike, even where all parts but one are empty.
fn mark_type_behind<'k>(keywords: impl Iterator<Item = &'k mut (String, String)>) {
    for (key, _) in keywords.filter(|(key, _)| key == "type") {
        "type behind".clone_into(key);
    }
}

/// Parts are printed apart unless two of them are combinations of one criterion.
fn is_apart(combined: &Combined, model: &Model) -> bool {
    let mut seen: Vec<Criterion> = Vec::new();
    combined.generated
        && model.generated == Generated::Apart
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

fn string(rules: &StringRules, out: &mut Keywords) {
    add(out, "type", rules.typed.then(|| "string".to_owned()));
    add(out, "minLength", rules.min_length.map(|limit| limit.to_string()));
    add(out, "maxLength", rules.max_length.map(|limit| limit.to_string()));
    add(out, "pattern", rules.pattern.as_ref().map(|pattern| format!("{pattern:?}")));
    add(out, "format", rules.format.as_ref().map(ToString::to_string));
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
