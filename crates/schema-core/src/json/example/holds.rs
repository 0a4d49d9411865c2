//! Whether a value is valid, told from the compared model: fast, and unsure where the model does
//! not keep what the standard asks for. The validator has the last word.

use serde_json::{Map, Value};

use super::shape::Schema;
use super::values::{decimal, parsed, same};
use crate::Limits;
use crate::json::decimal::Decimal;
use crate::json::model::{
    Additional, ArrayRules, Criterion, Kind, NodeId, NumberRules, ObjectRules, StringRules,
};
use crate::json::pattern::Searches;

/// Deepest chain of schemas, whether of values inside values or of one value.
const DEPTH_MAX: usize = 80;

/// Judges values, in as many steps as it was given.
pub(super) struct Judge {
    steps_left: usize,
    depth: usize,
    searches: Searches,
}

/// All hold, some fails, or it cannot be told.
fn all(verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut sure = true;
    for verdict in verdicts {
        match verdict {
            Some(false) => return Some(false),
            Some(true) => {}
            None => sure = false,
        }
    }
    sure.then_some(true)
}

impl Judge {
    pub(super) fn new(steps_max: usize, limits: &Limits) -> Self {
        Self { steps_left: steps_max, depth: 0, searches: Searches::new(limits) }
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.steps_left == 0
    }

    /// Takes so many steps; `false` if there are not as many left.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        let left = self.steps_left.checked_sub(steps);
        self.steps_left = left.unwrap_or(0);
        left.is_some()
    }

    /// Whether all of `schemas` may hold for `value`.
    pub(super) fn may_accept(&mut self, schemas: &[Schema<'_>], value: &Value) -> bool {
        all(schemas.iter().map(|schema| self.holds(*schema, value))) != Some(false)
    }

    /// Whether each of the alternatives may fail for `value`.
    pub(super) fn may_refuse(&mut self, alternatives: &[Vec<Schema<'_>>], value: &Value) -> bool {
        alternatives
            .iter()
            .all(|schemas| all(schemas.iter().map(|s| self.holds(*s, value))) != Some(true))
    }

    /// Whether `value` is valid; `None` if it cannot be told.
    pub(super) fn holds(&mut self, schema: Schema<'_>, value: &Value) -> Option<bool> {
        if self.depth >= DEPTH_MAX || !self.spend(1) {
            return None;
        }
        self.depth += 1;
        let verdict = self.kind_holds(schema, value);
        self.depth -= 1;
        match schema.format() {
            Some(_) if value.is_string() => verdict.filter(|holds| !holds),
            _ => verdict,
        }
    }

    fn kind_holds(&mut self, schema: Schema<'_>, value: &Value) -> Option<bool> {
        match schema.kind() {
            Kind::Empty | Kind::True => Some(true),
            Kind::False => Some(false),
            Kind::Boolean => Some(value.is_boolean()),
            Kind::Null => Some(value.is_null()),
            Kind::String(rules) => match value {
                Value::String(text) => self.string(rules, text),
                _ => Some(!rules.typed),
            },
            Kind::Number(rules) => match value {
                Value::Number(_) => Some(number(rules, value)),
                _ => Some(!rules.typed),
            },
            Kind::Object(rules) => match value {
                Value::Object(members) => self.object(schema, rules, members, value),
                _ => Some(!rules.typed),
            },
            Kind::Array(rules) => match value {
                Value::Array(items) => self.array(schema, rules, items),
                _ => Some(!rules.typed),
            },
            Kind::Enum(texts) => {
                Some(texts.iter().filter_map(|text| parsed(text)).any(|known| same(&known, value)))
            }
            Kind::Const(text) => Some(parsed(text).is_some_and(|known| same(&known, value))),
            Kind::Not(id) => self.holds(schema.with(*id), value).map(|holds| !holds),
            Kind::Conditional(parts) => self.conditional(schema, parts, value),
            Kind::Combined(combined) => {
                let verdicts: Vec<_> =
                    combined.members.iter().map(|id| self.holds(schema.with(*id), value)).collect();
                combined_holds(combined.criterion, &verdicts)
            }
            Kind::Reference { target, .. } => {
                let target = schema.model.target(*target)?;
                self.holds(schema.with(target), value)
            }
        }
    }

    fn conditional(
        &mut self,
        schema: Schema<'_>,
        parts: &[(&'static str, NodeId)],
        value: &Value,
    ) -> Option<bool> {
        let part = |name| parts.iter().find(|(known, _)| *known == name).map(|(_, id)| *id);
        let Some(test) = part("if") else { return Some(true) };
        let branch = if self.holds(schema.with(test), value)? { "then" } else { "else" };
        part(branch).map_or(Some(true), |id| self.holds(schema.with(id), value))
    }

    fn string(&mut self, rules: &StringRules, text: &str) -> Option<bool> {
        let length = text.chars().count();
        let limit = |limit: i32| usize::try_from(limit).unwrap_or(0);
        if rules.min_length.is_some_and(|least| length < limit(least))
            || rules.max_length.is_some_and(|most| length > limit(most))
        {
            return Some(false);
        }
        match &rules.pattern {
            Some(pattern) => self.finds(pattern, text),
            None => Some(true),
        }
    }

    /// Whether `pattern` occurs in `text`.
    pub(super) fn finds(&mut self, pattern: &str, text: &str) -> Option<bool> {
        let (found, work) = self.searches.finds(pattern, text)?;
        self.spend(work).then_some(found)
    }

    fn object(
        &mut self,
        schema: Schema<'_>,
        rules: &ObjectRules,
        members: &Map<String, Value>,
        value: &Value,
    ) -> Option<bool> {
        let count = i32::try_from(members.len()).unwrap_or(i32::MAX);
        let is_counted = rules.min_properties.is_none_or(|least| count >= least)
            && rules.max_properties.is_none_or(|most| count <= most);
        let is_complete = rules.required.iter().all(|name| members.contains_key(name.as_str()))
            && rules.required_by.iter().all(|(name, names)| {
                !members.contains_key(name.as_str())
                    || names.iter().all(|name| members.contains_key(name.as_str()))
            });
        if !is_counted || !is_complete {
            return Some(false);
        }
        let mut verdicts = Vec::new();
        for (name, member) in members {
            verdicts.push(self.member(schema, rules, name, member));
            if let Some(id) = rules.property_names {
                verdicts.push(self.holds(schema.with(id), &Value::String(name.clone())));
            }
            if let Some(id) = rules.schemas_by.get(name.as_str()) {
                verdicts.push(self.holds(schema.with(*id), value));
            }
        }
        all(verdicts.into_iter())
    }

    fn member(
        &mut self,
        schema: Schema<'_>,
        rules: &ObjectRules,
        name: &str,
        value: &Value,
    ) -> Option<bool> {
        let mut ids: Vec<NodeId> = rules.properties.get(name).copied().into_iter().collect();
        for (pattern, id) in &rules.patterns {
            if self.finds(pattern, name)? {
                ids.push(*id);
            }
        }
        if ids.is_empty() {
            match rules.additional {
                Additional::Refused => return Some(false),
                Additional::Schema(id) => ids.push(id),
                Additional::Allowed => {
                    // A schema beside this one may have evaluated the name.
                    let id = rules.unevaluated?;
                    return self.holds(schema.with(id), value).filter(|holds| *holds);
                }
            }
        }
        let verdicts: Vec<_> = ids.iter().map(|id| self.holds(schema.with(*id), value)).collect();
        all(verdicts.into_iter())
    }

    fn array(&mut self, schema: Schema<'_>, rules: &ArrayRules, items: &[Value]) -> Option<bool> {
        let count = i32::try_from(items.len()).unwrap_or(i32::MAX);
        let is_repeated =
            |(at, item): (usize, &Value)| items.iter().skip(at + 1).any(|other| same(item, other));
        if rules.min_items.is_some_and(|least| count < least)
            || rules.max_items.is_some_and(|most| count > most)
            || (rules.unique && items.iter().enumerate().any(is_repeated))
        {
            return Some(false);
        }
        let mut verdicts: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.item(schema, rules, index, item))
            .collect();
        if let Some(id) = rules.contains {
            let found = items.iter().map(|item| self.holds(schema.with(id), item));
            let found: Vec<_> = found.filter(|holds| *holds != Some(false)).collect();
            let sure = found.iter().flatten().count();
            verdicts.push(is_between(sure, found.len(), schema.contained(rules)));
        }
        all(verdicts.into_iter())
    }

    fn item(
        &mut self,
        schema: Schema<'_>,
        rules: &ArrayRules,
        index: usize,
        item: &Value,
    ) -> Option<bool> {
        let listed = rules.positions.get(index).copied().or(rules.items);
        match (listed, rules.additional) {
            (Some(id), _) | (None, Additional::Schema(id)) => self.holds(schema.with(id), item),
            (None, Additional::Refused) => Some(false),
            (None, Additional::Allowed) => match rules.unevaluated {
                Some(id) => self.holds(schema.with(id), item).filter(|holds| *holds),
                None => Some(true),
            },
        }
    }
}

/// Whether a number from `least` to `most` is within the limits.
fn is_between(least: usize, most: usize, limits: (usize, Option<usize>)) -> Option<bool> {
    let (lower, upper) = (limits.0, limits.1.unwrap_or(usize::MAX));
    match (least >= lower && most <= upper, most < lower || least > upper) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

fn combined_holds(criterion: Criterion, verdicts: &[Option<bool>]) -> Option<bool> {
    let certain = verdicts.iter().filter(|verdict| **verdict == Some(true)).count();
    let unsure = verdicts.iter().filter(|verdict| verdict.is_none()).count();
    match (criterion, certain, unsure) {
        (Criterion::All, ..) => all(verdicts.iter().copied()),
        (Criterion::Any, 1.., _) | (Criterion::One, 1, 0) => Some(true),
        (Criterion::Any | Criterion::One, 0, 0) | (Criterion::One, 2.., _) => Some(false),
        _ => None,
    }
}

fn number(rules: &NumberRules, value: &Value) -> bool {
    let Some(number) = value.as_f64() else { return false };
    let limit = |limit: &Option<Decimal>| limit.as_ref().map(Decimal::to_f64);
    let (exclusive_min, exclusive_max) = rules.exclusive_flags;
    let is_in_range = limit(&rules.minimum)
        .is_none_or(|least| if exclusive_min { number > least } else { number >= least })
        && limit(&rules.maximum)
            .is_none_or(|most| if exclusive_max { number < most } else { number <= most })
        && limit(&rules.exclusive_minimum).is_none_or(|least| number > least)
        && limit(&rules.exclusive_maximum).is_none_or(|most| number < most);
    let is_multiple = rules
        .multiple_of
        .as_ref()
        .is_none_or(|unit| decimal(value).is_some_and(|number| number.is_multiple_of(unit)));
    (!rules.integer || number.fract() == 0.0) && is_in_range && is_multiple
}
