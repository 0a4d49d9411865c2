//! What each keyword adds to the node of its schema.

use super::join::combined;
use super::translate::{Translator, nothing, ordered};
use super::{Knot, Place};
use crate::ParseError;
use crate::json::decimal::Decimal;
use crate::json::model::{
    Additional, ArrayRules, Criterion, Kind, Node, NumberRules, ObjectRules, StringRules,
};
use crate::json::text::normalized;
use crate::json_text::{Data, Member, Object, Value};

impl<'a> Translator<'_, 'a> {
    /// The part of one keyword; none if it adds nothing at all.
    pub(super) fn keyword(
        &mut self,
        knot: Knot,
        place: Place<'a>,
        object: &'a Object,
        member: &'a Member,
    ) -> Result<Option<Node>, ParseError> {
        let at = place.at(&member.value);
        let kind = match member.key.as_str() {
            "$ref" => return Ok(self.static_reference(knot, place)),
            "type" => return self.types(at).map(Some),
            "allOf" => return self.members(knot, at, Criterion::All).map(Some),
            "anyOf" => return self.members(knot, at, Criterion::Any).map(Some),
            "oneOf" => return self.members(knot, at, Criterion::One).map(Some),
            "format" => return Ok(Some(nothing())),
            "readOnly" | "writeOnly" => {
                return Ok(matches!(member.value.data, Data::Boolean(true)).then(nothing));
            }
            "not" => Kind::Not(self.child(knot, at)?),
            "if" => {
                let mut branches = Vec::new();
                for keyword in ["if", "then", "else"] {
                    if let Some(branch) = object.get(keyword) {
                        branches.push((keyword, self.child(knot, place.at(branch))?));
                    }
                }
                Kind::Conditional(branches)
            }
            "enum" => {
                let values = member.value.as_array().unwrap_or_default();
                Kind::Enum(values.iter().map(normalized).collect())
            }
            "const" => Kind::Const(normalized(&member.value)),
            "minLength" | "maxLength" | "pattern" => string(&member.key, &member.value),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                number(&member.key, &member.value)
            }
            "required"
            | "minProperties"
            | "maxProperties"
            | "additionalProperties"
            | "dependentRequired"
            | "dependentSchemas"
            | "propertyNames" => self.object_part(knot, at, &member.key)?,
            "items" | "prefixItems" | "contains" | "minItems" | "maxItems" | "uniqueItems" => {
                self.array_part(knot, at, object, &member.key)?
            }
            _ => return Ok(None),
        };
        Ok(Some(Node { kind, ..Node::default() }))
    }

    /// A list of types is a generated anyOf.
    fn types(&mut self, at: Place<'a>) -> Result<Node, ParseError> {
        let Data::Array(names) = &at.value.data else { return typed(at, at.value) };
        let mut members = Vec::with_capacity(names.len());
        for value in names {
            let node = typed(at, value)?;
            members.push(self.build(at, node)?);
        }
        Ok(combined(Criterion::Any, members, true))
    }

    fn members(
        &mut self,
        knot: Knot,
        at: Place<'a>,
        criterion: Criterion,
    ) -> Result<Node, ParseError> {
        let mut product = combined(criterion, Vec::new(), false);
        for member in at.value.as_array().unwrap_or_default() {
            let part = self.schema(knot, at.at(member))?;
            product = self.join(at, Some(criterion), Some(product), part)?;
        }
        Ok(product)
    }

    pub(super) fn properties(
        &mut self,
        knot: Knot,
        place: Place<'a>,
        object: &'a Object,
    ) -> Result<Option<Node>, ParseError> {
        let Some(schemas) = object.get("properties").and_then(Value::as_object) else {
            return Ok(None);
        };
        let mut rules = ObjectRules::default();
        for member in ordered(place, schemas) {
            let node = self.child(knot, place.at(&member.value))?;
            rules.properties.insert(member.key.clone(), node);
        }
        Ok((!schemas.is_empty()).then(|| object_node(rules)))
    }

    pub(super) fn patterns(
        &mut self,
        knot: Knot,
        place: Place<'a>,
        object: &'a Object,
    ) -> Result<Option<Node>, ParseError> {
        let Some(schemas) = object.get("patternProperties").and_then(Value::as_object) else {
            return Ok(None);
        };
        let mut rules = ObjectRules::default();
        for member in schemas.iter() {
            let node = self.child(knot, place.at(&member.value))?;
            rules.patterns.push((member.key.clone(), node));
        }
        Ok((!schemas.is_empty()).then(|| object_node(rules)))
    }

    pub(super) fn unevaluated(
        &mut self,
        knot: Knot,
        place: Place<'a>,
        object: &'a Object,
        keyword: &str,
    ) -> Result<Option<Node>, ParseError> {
        let Some(value) = object.get(keyword) else { return Ok(None) };
        let unevaluated = Some(self.child(knot, place.at(value))?);
        Ok(Some(if keyword == "unevaluatedItems" {
            array_node(ArrayRules { unevaluated, ..ArrayRules::default() })
        } else {
            object_node(ObjectRules { unevaluated, ..ObjectRules::default() })
        }))
    }

    /// `false` refuses, `true` says nothing, anything else is a schema.
    fn additional(&mut self, knot: Knot, at: Place<'a>) -> Result<Additional, ParseError> {
        Ok(match at.value.data {
            Data::Boolean(true) => Additional::Allowed,
            Data::Boolean(false) => Additional::Refused,
            _ => Additional::Schema(self.child(knot, at)?),
        })
    }

    fn object_part(&mut self, knot: Knot, at: Place<'a>, key: &str) -> Result<Kind, ParseError> {
        let mut rules = ObjectRules::default();
        let texts = |value: &Value| -> Vec<String> {
            let items = value.as_array().unwrap_or_default();
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        match key {
            "required" => rules.required = texts(at.value),
            "minProperties" => rules.min_properties = whole(at.value),
            "maxProperties" => rules.max_properties = whole(at.value),
            "additionalProperties" => rules.additional = self.additional(knot, at)?,
            "propertyNames" => rules.property_names = Some(self.child(knot, at)?),
            "dependentRequired" => {
                for member in at.value.as_object().into_iter().flat_map(Object::iter) {
                    let names = texts(&member.value);
                    if !names.is_empty() {
                        rules.required_by.insert(member.key.clone(), names.into_iter().collect());
                    }
                }
            }
            _ => {
                for member in at.value.as_object().into_iter().flat_map(Object::iter) {
                    let node = self.child(knot, at.at(&member.value))?;
                    rules.schemas_by.insert(member.key.clone(), node);
                }
            }
        }
        Ok(Kind::Object(Box::new(rules)))
    }

    fn array_part(
        &mut self,
        knot: Knot,
        at: Place<'a>,
        object: &'a Object,
        key: &str,
    ) -> Result<Kind, ParseError> {
        let mut rules = ArrayRules::default();
        match key {
            "minItems" => rules.min_items = whole(at.value),
            "maxItems" => rules.max_items = whole(at.value),
            "uniqueItems" => rules.unique = matches!(at.value.data, Data::Boolean(true)),
            "prefixItems" => {
                for item in at.value.as_array().unwrap_or_default() {
                    rules.positions.push(self.child(knot, at.at(item))?);
                }
            }
            "contains" => {
                rules.contains = Some(self.child(knot, at)?);
                rules.min_contains =
                    object.get("minContains").and_then(decimal).or_else(|| Decimal::parse("1"));
                rules.max_contains = object.get("maxContains").and_then(decimal);
            }
            _ => {
                let prefix = object.get("prefixItems").and_then(Value::as_array);
                match self.additional(knot, at)? {
                    Additional::Schema(node) if prefix.is_none_or(<[Value]>::is_empty) => {
                        rules.items = Some(node);
                    }
                    additional => rules.additional = additional,
                }
            }
        }
        Ok(Kind::Array(Box::new(rules)))
    }
}

fn typed(at: Place<'_>, value: &Value) -> Result<Node, ParseError> {
    let name = value.as_str().ok_or_else(|| at.document.mismatch("type", value, "a string"))?;
    let kind = match name {
        "string" => Kind::String(StringRules { typed: true, ..StringRules::default() }),
        "integer" | "number" => Kind::Number(NumberRules {
            typed: true,
            integer: name == "integer",
            ..NumberRules::default()
        }),
        "boolean" => Kind::Boolean,
        "null" => Kind::Null,
        "array" => Kind::Array(Box::new(ArrayRules { typed: true, ..ArrayRules::default() })),
        "object" => Kind::Object(Box::new(ObjectRules { typed: true, ..ObjectRules::default() })),
        _ => return Err(at.document.invalid(value, format!("unknown type '{name}'"))),
    };
    Ok(Node { kind, ..Node::default() })
}

fn object_node(rules: ObjectRules) -> Node {
    Node { kind: Kind::Object(Box::new(rules)), ..Node::default() }
}

fn array_node(rules: ArrayRules) -> Node {
    Node { kind: Kind::Array(Box::new(rules)), ..Node::default() }
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
        _ => rules.pattern = value.as_str().map(str::to_owned),
    }
    Kind::String(rules)
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
    Kind::Number(rules)
}
