//! What each keyword adds to the node of its schema.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::join::combined;
use super::translate::{Translator, nothing, ordered};
use super::values::held;
use super::{Knot, Place};
use crate::ParseError;
use crate::json::decimal::Decimal;
use crate::json::model::{
    Additional, ArrayRules, Criterion, Kind, Node, NodeId, NumberRules, ObjectRules, StringRules,
};
use crate::json_text::{Data, Member, Object, Value};

/// The schemas in the value of a keyword, as nodes.
enum Inner<'a> {
    None,
    One(NodeId),
    Listed(Vec<NodeId>),
    Named(Vec<(&'a SmolStr, NodeId)>),
    Branches(Vec<(&'static str, NodeId)>),
}

impl<'a> Translator<'_, 'a> {
    /// The part of one keyword; none if it adds nothing at all.
    pub(super) fn keyword(
        &mut self,
        knot: Knot,
        place: Place<'a>,
        object: &'a Object,
        member: &'a Member,
    ) -> Result<Option<Node>, ParseError> {
        let mut part = self.unplaced(knot, place, object, member)?;
        if let Some(part) = &mut part {
            part.notes.location = place.document.location_of(place.value);
        }
        Ok(part)
    }

    fn unplaced(
        &mut self,
        knot: Knot,
        place: Place<'a>,
        object: &'a Object,
        member: &'a Member,
    ) -> Result<Option<Node>, ParseError> {
        let at = place.at(&member.value);
        let inner = match member.key.as_str() {
            "$ref" => return Ok(self.static_reference(knot, place)),
            "type" => return self.types(at).map(Some),
            "allOf" => return self.combination(knot, at, Criterion::All),
            "anyOf" => return self.combination(knot, at, Criterion::Any),
            "oneOf" => return self.combination(knot, at, Criterion::One),
            "not" | "contains" | "propertyNames" | "unevaluatedItems" | "unevaluatedProperties" => {
                Inner::One(self.child(knot, at)?)
            }
            "additionalProperties" | "items" => match at.value.data {
                Data::Boolean(_) => Inner::None,
                _ => Inner::One(self.child(knot, at)?),
            },
            "if" => Inner::Branches(self.branches(knot, place, object)?),
            "prefixItems" => Inner::Listed(self.listed(knot, at)?),
            "properties" | "dependentSchemas" => {
                let members = at.value.as_object().map(|object| ordered(at, object));
                Inner::Named(self.named(knot, at, &members.unwrap_or_default())?)
            }
            // Which of several patterns holds is left open; here it is the first as written.
            "patternProperties" => {
                let members = at.value.as_object().map(|object| object.iter().collect::<Vec<_>>());
                Inner::Named(self.named(knot, at, &members.unwrap_or_default())?)
            }
            _ => Inner::None,
        };
        Ok(part(&member.key, at, object, inner))
    }

    /// A list of types is a generated anyOf.
    fn types(&mut self, at: Place<'a>) -> Result<Node, ParseError> {
        let Data::Array(names) = &at.value.data else { return typed(at, at.value) };
        let mut members = Vec::with_capacity(names.len());
        for value in names.iter() {
            let node = typed(at, value)?;
            members.push(self.build(at, node)?);
        }
        Ok(combined(Criterion::Any, members, true))
    }

    fn combination(
        &mut self,
        knot: Knot,
        at: Place<'a>,
        criterion: Criterion,
    ) -> Result<Option<Node>, ParseError> {
        let mut parts = vec![combined(criterion, Vec::new(), false)];
        for member in at.value.as_array().unwrap_or_default() {
            parts.push(self.schema(knot, at.at(member))?);
        }
        self.join_all(at, Some(criterion), parts)
    }

    fn branches(
        &mut self,
        knot: Knot,
        place: Place<'a>,
        object: &'a Object,
    ) -> Result<Vec<(&'static str, NodeId)>, ParseError> {
        let mut branches = Vec::new();
        for keyword in BRANCHES {
            if let Some(branch) = object.get(keyword) {
                branches.push((keyword, self.child(knot, place.at(branch))?));
            }
        }
        Ok(branches)
    }

    fn listed(&mut self, knot: Knot, at: Place<'a>) -> Result<Vec<NodeId>, ParseError> {
        let items = at.value.as_array().unwrap_or_default();
        items.iter().map(|item| self.child(knot, at.at(item))).collect()
    }

    fn named(
        &mut self,
        knot: Knot,
        at: Place<'a>,
        members: &[&'a Member],
    ) -> Result<Vec<(&'a SmolStr, NodeId)>, ParseError> {
        let mut named = Vec::with_capacity(members.len());
        for member in members {
            named.push((&member.key, self.child(knot, at.at(&member.value))?));
        }
        Ok(named)
    }
}

const BRANCHES: [&str; 3] = ["if", "then", "else"];

/// What a keyword makes of its value and of the schemas in it.
fn part(key: &str, at: Place<'_>, object: &Object, inner: Inner<'_>) -> Option<Node> {
    let value = at.value;
    let kind = match (key, inner) {
        ("format", _) => return Some(nothing()),
        ("readOnly" | "writeOnly", _) => {
            return matches!(value.data, Data::Boolean(true)).then(nothing);
        }
        ("not", Inner::One(node)) => Kind::Not(node),
        ("if", Inner::Branches(branches)) => Kind::Conditional(branches),
        ("enum", _) => {
            let members = value.as_array().unwrap_or_default();
            Kind::Enum(members.iter().map(|member| held(at.at(member))).collect())
        }
        ("const", _) => Kind::Const(held(at)),
        ("minLength" | "maxLength" | "pattern", _) => string(key, value),
        ("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf", _) => {
            number(key, value)
        }
        (
            "required"
            | "minProperties"
            | "maxProperties"
            | "additionalProperties"
            | "dependentRequired"
            | "dependentSchemas"
            | "propertyNames"
            | "properties"
            | "patternProperties"
            | "unevaluatedProperties",
            inner,
        ) => Kind::Object(Box::new(object_rules(key, value, inner)?)),
        (
            "items" | "prefixItems" | "contains" | "minItems" | "maxItems" | "uniqueItems"
            | "unevaluatedItems",
            inner,
        ) => Kind::Array(Box::new(array_rules(key, value, object, inner))),
        _ => return None,
    };
    Some(Node { kind, ..Node::default() })
}

/// `false` refuses, `true` says nothing, anything else is a schema.
fn additional(value: &Value, inner: &Inner<'_>) -> Additional {
    match (&value.data, inner) {
        (_, Inner::One(node)) => Additional::Schema(*node),
        (Data::Boolean(false), _) => Additional::Refused,
        _ => Additional::Allowed,
    }
}

/// None for a map without members, which adds nothing.
fn object_rules(key: &str, value: &Value, inner: Inner<'_>) -> Option<ObjectRules> {
    let mut rules = ObjectRules::default();
    match (key, inner) {
        ("properties" | "patternProperties", Inner::Named(named)) if named.is_empty() => {
            return None;
        }
        ("properties", Inner::Named(named)) => {
            rules.properties = named.into_iter().map(|(name, node)| (name.clone(), node)).collect();
        }
        ("patternProperties", Inner::Named(named)) => {
            rules.patterns = named.into_iter().map(|(name, node)| (name.clone(), node)).collect();
        }
        ("dependentSchemas", Inner::Named(named)) => {
            rules.schemas_by = named.into_iter().map(|(name, node)| (name.clone(), node)).collect();
        }
        ("propertyNames", Inner::One(node)) => rules.property_names = Some(node),
        ("unevaluatedProperties", Inner::One(node)) => rules.unevaluated = Some(node),
        ("additionalProperties", inner) => rules.additional = additional(value, &inner),
        ("required", _) => rules.required = texts(value),
        ("minProperties", _) => rules.min_properties = whole(value),
        ("maxProperties", _) => rules.max_properties = whole(value),
        _ => {
            // An empty list of dependents is none.
            rules.required_by = value
                .as_object()
                .into_iter()
                .flat_map(Object::iter)
                .map(|member| (member.key.clone(), texts(&member.value).into_iter().collect()))
                .filter(|(_, names): &(SmolStr, BTreeSet<SmolStr>)| !names.is_empty())
                .collect();
        }
    }
    Some(rules)
}

fn array_rules(key: &str, value: &Value, object: &Object, inner: Inner<'_>) -> ArrayRules {
    let mut rules = ArrayRules::default();
    match (key, inner) {
        ("minItems", _) => rules.min_items = whole(value),
        ("maxItems", _) => rules.max_items = whole(value),
        ("uniqueItems", _) => rules.unique = matches!(value.data, Data::Boolean(true)),
        ("prefixItems", Inner::Listed(positions)) => rules.positions = positions,
        ("unevaluatedItems", Inner::One(node)) => rules.unevaluated = Some(node),
        ("contains", Inner::One(node)) => {
            rules.contains = Some(node);
            let least = object.get("minContains").and_then(decimal);
            rules.min_contains = least.or_else(|| Decimal::parse("1"));
            rules.max_contains = object.get("maxContains").and_then(decimal);
        }
        (_, inner) => {
            let prefix = object.get("prefixItems").and_then(Value::as_array);
            match additional(value, &inner) {
                Additional::Schema(node) if prefix.is_none_or(<[Value]>::is_empty) => {
                    rules.items = Some(node);
                }
                additional => rules.additional = additional,
            }
        }
    }
    rules
}

fn texts(value: &Value) -> Vec<SmolStr> {
    let items = value.as_array().unwrap_or_default();
    items.iter().filter_map(Value::as_text).cloned().collect()
}

fn typed(at: Place<'_>, value: &Value) -> Result<Node, ParseError> {
    let name = value.as_str().ok_or_else(|| at.document.mismatch("type", value, "a string"))?;
    let kind = match name {
        "string" => Kind::String(Box::new(StringRules { typed: true, ..StringRules::default() })),
        "integer" | "number" => {
            let integer = name == "integer";
            Kind::Number(Box::new(NumberRules { typed: true, integer, ..NumberRules::default() }))
        }
        "boolean" => Kind::Boolean,
        "null" => Kind::Null,
        "array" => Kind::Array(Box::new(ArrayRules { typed: true, ..ArrayRules::default() })),
        "object" => Kind::Object(Box::new(ObjectRules { typed: true, ..ObjectRules::default() })),
        _ => return Err(at.document.invalid(value, format!("unknown type '{name}'"))),
    };
    let mut node = Node { kind, ..Node::default() };
    node.notes.location = at.document.location_of(value);
    Ok(node)
}

fn decimal(value: &Value) -> Option<Decimal> {
    match &value.data {
        Data::Number(number) => Decimal::parse(number.source()),
        _ => None,
    }
}

/// A limit as the reference takes it: cut to a whole number of 32 bits.
fn whole(value: &Value) -> Option<i32> {
    decimal(value).map(|number| number.to_i32_wrapping())
}

fn string(key: &str, value: &Value) -> Kind {
    let mut rules = StringRules::default();
    match key {
        "minLength" => rules.min_length = whole(value),
        "maxLength" => rules.max_length = whole(value),
        _ => rules.pattern = value.as_text().cloned(),
    }
    Kind::String(Box::new(rules))
}

fn number(key: &str, value: &Value) -> Kind {
    let mut rules = NumberRules::default();
    let slot = match key {
        "minimum" => &mut rules.minimum,
        "maximum" => &mut rules.maximum,
        "exclusiveMinimum" => &mut rules.exclusive_minimum,
        "exclusiveMaximum" => &mut rules.exclusive_maximum,
        _ => &mut rules.multiple_of,
    };
    *slot = decimal(value);
    Kind::Number(Box::new(rules))
}
