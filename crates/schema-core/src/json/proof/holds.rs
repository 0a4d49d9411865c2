//! Whether one value is valid by a schema as it is written; `None` if that cannot be told.

use super::Prover;
use super::cases::{Types, names};
use super::node::Node;
use super::number::{Number, Side, all, count, same};
use crate::json::dialect::Dialect;
use crate::json_text::{Data, Member, Object, Value};

impl<'a> Prover<'a> {
    pub(super) fn holds(&mut self, node: Node<'a>, value: &Value) -> Option<bool> {
        let object = match &node.value.data {
            Data::Boolean(truth) => return Some(*truth),
            Data::Object(object) => object,
            _ => return None,
        };
        if !self.enter() {
            return None;
        }
        let keys = object.iter().filter(|member| self.sources.get(node, &member.key).is_some());
        let keys: Vec<&'a Member> = keys.collect();
        let told = all(keys.into_iter().map(|member| self.keyword_holds(node, member, value)));
        let is_unfollowed = self.sources.is_unfollowed(node);
        self.leave();
        told.filter(|holds| !holds || !is_unfollowed)
    }

    fn keyword_holds(
        &mut self,
        node: Node<'a>,
        Member { key, value: asked, .. }: &'a Member,
        value: &Value,
    ) -> Option<bool> {
        let inner = node.at(asked);
        match key.as_str() {
            "$ref" => self.sources.target(node).and_then(|target| self.holds(target, value)),
            "allOf" | "anyOf" | "oneOf" => self.combination_holds(node, key, value),
            "not" => self.holds(inner, value).map(|holds| !holds),
            "if" => {
                let key = if self.holds(inner, value)? { "then" } else { "else" };
                self.sources.schema(node, key).map_or(Some(true), |then| self.holds(then, value))
            }
            "type" => self.type_holds(node, asked, value),
            "enum" => any(asked.as_array()?.iter().map(|listed| same(listed, value))),
            "const" => same(asked, value),
            _ => match &value.data {
                Data::Number(_) => self.number_holds(node, key, value),
                Data::String(text) => self.text_holds(node, (key, asked), text),
                Data::Array(items) => self.array_holds(node, (key, asked), items),
                Data::Object(members) => self.object_holds(node, (key, asked), (members, value)),
                _ => Some(true),
            },
        }
    }

    fn combination_holds(&mut self, node: Node<'a>, key: &str, value: &Value) -> Option<bool> {
        let members = self.sources.schemas(node, key);
        let verdicts: Vec<_> =
            members.into_iter().map(|member| self.holds(member, value)).collect();
        match key {
            "allOf" => all(verdicts.into_iter()),
            "anyOf" => any(verdicts.into_iter()),
            _ => {
                let sure = verdicts.iter().filter(|holds| **holds == Some(true)).count();
                let unsure = verdicts.iter().filter(|holds| holds.is_none()).count();
                match (sure, unsure) {
                    (2.., _) | (0, 0) => Some(false),
                    (1, 0) => Some(true),
                    _ => None,
                }
            }
        }
    }

    fn type_holds(&self, node: Node<'a>, asked: &Value, value: &Value) -> Option<bool> {
        let Some(number) = Number::of(value) else {
            let is_number = matches!(value.data, Data::Number(_));
            return (!is_number).then(|| {
                Types::of_keyword(asked).map(|types| types.has(Types::of_value(value)))
            })?;
        };
        let takes = |wanted: &str| names(asked).flatten().any(|name| name == wanted);
        if takes("number") || !takes("integer") {
            return Some(takes("number"));
        }
        let is_written = matches!(&value.data, Data::Number(number) if number.is_integer());
        if self.sources.dialect(node) == Dialect::Draft04 && !is_written {
            return None;
        }
        Some(number.double.fract() == 0.0)
    }

    fn number_holds(&self, node: Node<'a>, key: &str, value: &Value) -> Option<bool> {
        let side = match key {
            "minimum" | "exclusiveMinimum" => Side::Above,
            "maximum" | "exclusiveMaximum" => Side::Below,
            "multipleOf" => {
                let unit = self.sources.get(node, key).and_then(Number::of)?;
                return Number::of(value)?.is_multiple_of(&unit);
            }
            _ => return Some(true),
        };
        let number = Number::of(value)?;
        all(self.bounds(node, side).iter().map(|bound| bound.holds(&number, side)))
    }

    fn text_holds(
        &mut self,
        node: Node<'a>,
        (key, asked): (&str, &Value),
        text: &str,
    ) -> Option<bool> {
        let length = text.chars().count();
        match key {
            "minLength" => Some(length >= count(asked)?),
            "maxLength" => Some(length <= count(asked)?),
            "pattern" => self.matches(asked.as_str()?, text),
            "format" if !self.sources.dialect(node).is_modern() => None,
            _ => Some(true),
        }
    }

    fn array_holds(
        &mut self,
        node: Node<'a>,
        (key, asked): (&str, &'a Value),
        items: &[Value],
    ) -> Option<bool> {
        match key {
            "minItems" => Some(items.len() >= count(asked)?),
            "maxItems" => Some(items.len() <= count(asked)?),
            "uniqueItems" if matches!(asked.data, Data::Boolean(true)) => {
                let pairs = items.iter().enumerate().flat_map(|(at, item)| {
                    items.iter().skip(at + 1).map(move |other| same(item, other))
                });
                any(pairs).map(|is_repeated| !is_repeated)
            }
            "contains" => {
                let (contained, counts) = self.contains(node)?;
                let found: Vec<_> = items.iter().map(|item| self.holds(contained, item)).collect();
                let sure = found.iter().filter(|holds| **holds == Some(true)).count();
                let most = sure + found.iter().filter(|holds| holds.is_none()).count();
                let is_sure = sure >= counts.least && most <= counts.most;
                (is_sure || most < counts.least || sure > counts.most).then_some(is_sure)
            }
            "items" | "prefixItems" | "additionalItems" => {
                let listed = self.prefix(node);
                let tail = self.tail(node);
                all(items.iter().enumerate().map(|(index, item)| match listed.get(index) {
                    Some(value) => self.holds(node.at(value), item),
                    None => tail.map_or(Some(true), |tail| self.holds(tail, item)),
                }))
            }
            "unevaluatedItems" => (items.is_empty() || node.at(asked).takes_all()).then_some(true),
            _ => Some(true),
        }
    }

    fn object_holds(
        &mut self,
        node: Node<'a>,
        (key, asked): (&str, &'a Value),
        (members, value): (&Object, &Value),
    ) -> Option<bool> {
        let inner = node.at(asked);
        match key {
            "required" => {
                let names = asked.as_array()?.iter().map(Value::as_str);
                all(names.map(|name| Some(members.get(name?).is_some())))
            }
            "minProperties" => Some(members.len() >= count(asked)?),
            "maxProperties" => Some(members.len() <= count(asked)?),
            "properties" | "patternProperties" => all(members.iter().map(|member| {
                let (named, is_told) = self.named_schemas(node, &member.key);
                let told = all(named.into_iter().map(|named| self.holds(named, &member.value)));
                told.filter(|holds| !holds || is_told)
            })),
            "additionalProperties" => all(members.iter().map(|member| {
                let (named, is_told) = self.named_schemas(node, &member.key);
                if !named.is_empty() {
                    return Some(true);
                }
                if is_told { self.holds(inner, &member.value) } else { None }
            })),
            "propertyNames" => all(members.iter().map(|member| {
                let data = Data::String(member.key.clone());
                self.holds(inner, &Value { data, location: asked.location })
            })),
            "dependencies" | "dependentRequired" | "dependentSchemas" => {
                all(asked.as_object()?.iter().map(|dependent| {
                    if members.get(&dependent.key).is_none() {
                        return Some(true);
                    }
                    match dependent.value.as_array() {
                        Some(names) => all(names
                            .iter()
                            .map(|name| Some(members.get(name.as_str()?).is_some()))),
                        None => self.holds(node.at(&dependent.value), value),
                    }
                }))
            }
            "unevaluatedProperties" => (members.is_empty() || inner.takes_all()).then_some(true),
            _ => Some(true),
        }
    }
}

/// Some holds, all fail, or it cannot be told.
fn any(verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(verdicts.map(|holds| holds.map(|holds| !holds))).map(|fails| !fails)
}
