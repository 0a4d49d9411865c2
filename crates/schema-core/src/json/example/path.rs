//! The place that a finding's path leads to, walked through both schemas at once.
//!
//! Names stand in paths without escapes, so one path may be read in several ways; the first that
//! the schemas agree with counts.

use serde_json::Value;
use smol_str::SmolStr;

use super::arrays::{item_alternatives, item_schemas};
use super::search::{Focus, STEPS_PER_PLACE, Search};
use super::shape::{All, Schema, shapes};
use crate::JsonRule;
use crate::json::model::{Additional, ArrayRules, Kind, NodeId, ObjectRules};
use crate::json::path_end::{PathEnd, is_about_property, path_end};

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Member(String),
    Item(usize),
    /// Not a step: a name that must be there.
    Beside(String),
}

/// What a value, or a part of one, meets on both sides.
#[derive(Clone)]
pub(super) struct Both<'m> {
    pub(super) writer: All<'m>,
    pub(super) reader: Vec<All<'m>>,
}

pub(super) struct Target<'m> {
    /// What is around the place, outermost first.
    pub(super) around: Vec<(Both<'m>, Step)>,
    pub(super) both: Both<'m>,
    pub(super) focus: Focus,
}

/// The schemas that are compared at a place, if one stands there.
type Pair<'m> = (Option<Schema<'m>>, Option<Schema<'m>>);

pub(super) struct Walk<'s, 'm> {
    search: &'s mut Search,
    rule: JsonRule,
    around: Vec<(Both<'m>, Step)>,
}

impl<'s, 'm> Walk<'s, 'm> {
    pub(super) fn new(search: &'s mut Search, rule: JsonRule) -> Self {
        Self { search, rule, around: Vec::new() }
    }

    /// Where `path` leads to from two schemas; it has lost its `#/`.
    pub(super) fn target(
        mut self,
        writer: Schema<'m>,
        reader: Schema<'m>,
        path: &str,
    ) -> Option<Target<'m>> {
        let both = Both { writer: vec![writer], reader: vec![vec![reader]] };
        let (both, focus) = self.walk((Some(writer), Some(reader)), both, path)?;
        Some(Target { around: self.around, both, focus })
    }

    fn walk(&mut self, pair: Pair<'m>, both: Both<'m>, rest: &str) -> Option<(Both<'m>, Focus)> {
        if !self.search.judge.spend(STEPS_PER_PLACE) {
            return None;
        }
        let pair = (pair.0.map(Schema::hop), pair.1.map(Schema::hop));
        if let Some(focus) = self.end(rest) {
            return Some((both, focus));
        }
        let (keyword, inner) = rest.split_once('/').unwrap_or((rest, ""));
        match keyword {
            "properties" => self.property(pair, &both, inner),
            "dependencies" => self.dependency(pair, &both, inner),
            "additionalProperties" | "unevaluatedProperties" => {
                let name = self.fresh_name(pair, &both)?;
                let next = each(pair, |rules| beyond(rules, keyword), |_| None);
                self.enter(next, &both, Step::Member(name), inner)
            }
            "items" => self.items(pair, &both, inner),
            "additionalItems" | "unevaluatedItems" => {
                let index = arrays(pair).map(|rules| rules.positions.len()).max().unwrap_or(0);
                let next = each(pair, |_| None, |rules| at_index(rules, index));
                self.enter(next, &both, Step::Item(index), inner)
            }
            _ => None,
        }
    }

    /// One position, or any item where none are listed.
    fn items(&mut self, pair: Pair<'m>, both: &Both<'m>, rest: &str) -> Option<(Both<'m>, Focus)> {
        let (position, inner) = rest.split_once('/').unwrap_or((rest, ""));
        let listed = arrays(pair).map(|rules| rules.positions.len()).max().unwrap_or(0);
        let position = position.parse().ok().filter(|index| *index < listed);
        let (index, inner) = position.map_or((0, rest), |index| (index, inner));
        let next = match position {
            Some(index) => each(pair, |_| None, |rules| at_index(rules, index)),
            None => each(pair, |_| None, |rules| rules.items),
        };
        self.enter(next, both, Step::Item(index), inner)
    }

    /// What is varied where the path ends, if it ends with `rest`.
    fn end(&self, rest: &str) -> Option<Focus> {
        Some(match path_end(self.rule, rest)? {
            PathEnd::Required(name) | PathEnd::Dependency(name) => Focus::Member(name.to_owned()),
            PathEnd::Item(index) => Focus::Item(index),
            PathEnd::Properties(_) => Focus::Extra,
            PathEnd::Schema | PathEnd::Items | PathEnd::MoreItems(_) => Focus::Everything,
        })
    }

    fn property(
        &mut self,
        pair: Pair<'m>,
        both: &Both<'m>,
        rest: &str,
    ) -> Option<(Both<'m>, Focus)> {
        let mut names: Vec<&SmolStr> =
            objects(pair).flat_map(|rules| rules.properties.keys()).collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.dedup();
        for name in names {
            let Some(inner) = rest.strip_prefix(name.as_str()) else { continue };
            if inner.is_empty() && is_about_property(self.rule) {
                return Some((both.clone(), Focus::Member(name.to_string())));
            }
            if !inner.is_empty() && !inner.starts_with('/') {
                continue;
            }
            let next = (
                pair.0.and_then(|schema| self.covering(schema, name)),
                pair.1.and_then(|schema| self.covering(schema, name)),
            );
            let inner = inner.trim_start_matches('/');
            let found = self.enter(next, both, Step::Member(name.to_string()), inner);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The schema of a property, or of the names that it is one of.
    fn covering(&mut self, schema: Schema<'m>, name: &str) -> Option<Schema<'m>> {
        let Kind::Object(rules) = schema.kind() else { return None };
        let mut id = rules.properties.get(name).copied();
        for (pattern, covering) in &rules.patterns {
            if id.is_none() && self.search.judge.finds(pattern, name) == Some(true) {
                id = Some(*covering);
            }
        }
        let id = id.or_else(|| beyond(rules, "additionalProperties"));
        id.or(rules.unevaluated).map(|id| schema.with(id))
    }

    fn dependency(
        &mut self,
        pair: Pair<'m>,
        both: &Both<'m>,
        rest: &str,
    ) -> Option<(Both<'m>, Focus)> {
        let names: Vec<&SmolStr> =
            objects(pair).flat_map(|rules| rules.schemas_by.keys()).collect();
        let name = names.into_iter().find(|name| {
            rest.strip_prefix(name.as_str())
                .is_some_and(|inner| inner.is_empty() || inner.starts_with('/'))
        })?;
        let inner = rest.strip_prefix(name.as_str())?.trim_start_matches('/');
        let next = each(pair, |rules| rules.schemas_by.get(name).copied(), |_| None);
        let inside = Both {
            writer: both.writer.iter().copied().chain(next.0).collect(),
            reader: next.1.map(|schema| vec![schema]).into_iter().collect(),
        };
        self.around.push((both.clone(), Step::Beside(name.to_string())));
        let found = self.walk(next, inside, inner);
        if found.is_none() {
            self.around.pop();
        }
        found
    }

    fn enter(
        &mut self,
        next: Pair<'m>,
        both: &Both<'m>,
        step: Step,
        rest: &str,
    ) -> Option<(Both<'m>, Focus)> {
        let readers: Vec<_> = both.reader.iter().flat_map(|all| shapes(all)).collect();
        let shape = shapes(&both.writer).into_iter().next()?;
        let inside = match &step {
            Step::Member(name) => Both {
                writer: self.search.member_schemas(&shape, name)?,
                reader: self.search.member_alternatives(&readers, name),
            },
            Step::Item(index) => Both {
                writer: item_schemas(&shape, *index)?,
                reader: item_alternatives(&readers, *index),
            },
            Step::Beside(_) => return None,
        };
        self.around.push((both.clone(), step));
        let found = self.walk(next, inside, rest);
        if found.is_none() {
            self.around.pop();
        }
        found
    }

    /// A name that may be there and that neither of the compared schemas lists.
    fn fresh_name(&mut self, pair: Pair<'m>, both: &Both<'m>) -> Option<String> {
        let readers: Vec<_> = both.reader.iter().flat_map(|all| shapes(all)).collect();
        let shape = shapes(&both.writer).into_iter().next()?;
        let mut names = self.search.fresh_names(&shape, &readers);
        names.extend(self.search.names(&shape, &readers));
        for rules in objects(pair) {
            names.retain(|name| self.search.listed(rules, name).is_empty());
        }
        names.into_iter().find(|name| self.search.member_schemas(&shape, name).is_some())
    }
}

impl Target<'_> {
    /// A value of the place inside what is around it.
    pub(super) fn wrapped(&self, search: &mut Search, value: Value) -> Option<Value> {
        self.around.iter().rev().try_fold(value, |value, (both, step)| {
            let readers: Vec<_> = both.reader.iter().flat_map(|all| shapes(all)).collect();
            shapes(&both.writer).iter().find_map(|shape| {
                let outer = match (step, &value) {
                    (Step::Member(name), _) => {
                        let members = [(name.clone(), value.clone())].into_iter().collect();
                        Value::Object(search.completed(shape, &readers, members)?)
                    }
                    (Step::Beside(name), Value::Object(members)) => {
                        Value::Object(search.with_member(shape, &readers, members.clone(), name)?)
                    }
                    (Step::Item(index), _) => {
                        let fixed = [(*index, value.clone())];
                        Value::Array(search.filled(shape, &readers, &fixed, 0)?)
                    }
                    (Step::Beside(_), _) => return None,
                };
                search.judge.may_accept(&both.writer, &outer).then_some(outer)
            })
        })
    }

    /// The place in the instance as a JSON pointer.
    pub(super) fn pointer(&self) -> String {
        let steps = self.around.iter().filter_map(|(_, step)| match step {
            Step::Member(name) => Some(format!("/{}", escaped(name))),
            Step::Item(index) => Some(format!("/{index}")),
            Step::Beside(_) => None,
        });
        steps.collect()
    }
}

/// A name as a token of a JSON pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn objects(pair: Pair<'_>) -> impl Iterator<Item = &ObjectRules> {
    [pair.0, pair.1].into_iter().flatten().filter_map(|schema| match schema.kind() {
        Kind::Object(rules) => Some(&**rules),
        _ => None,
    })
}

fn arrays(pair: Pair<'_>) -> impl Iterator<Item = &ArrayRules> {
    [pair.0, pair.1].into_iter().flatten().filter_map(|schema| match schema.kind() {
        Kind::Array(rules) => Some(&**rules),
        _ => None,
    })
}

/// The schema inside each side's, by its family.
fn each<'m>(
    pair: Pair<'m>,
    in_object: impl Fn(&'m ObjectRules) -> Option<NodeId>,
    in_array: impl Fn(&'m ArrayRules) -> Option<NodeId>,
) -> Pair<'m> {
    let inside = |schema: Schema<'m>| {
        let id = match schema.kind() {
            Kind::Object(rules) => in_object(rules),
            Kind::Array(rules) => in_array(rules),
            _ => None,
        };
        id.map(|id| schema.with(id))
    };
    (pair.0.and_then(inside), pair.1.and_then(inside))
}

fn beyond(rules: &ObjectRules, keyword: &str) -> Option<NodeId> {
    match rules.additional {
        _ if keyword == "unevaluatedProperties" => rules.unevaluated,
        Additional::Schema(id) => Some(id),
        _ => None,
    }
}

fn at_index(rules: &ArrayRules, index: usize) -> Option<NodeId> {
    let additional = match rules.additional {
        Additional::Schema(id) => Some(id),
        _ => None,
    };
    rules.positions.get(index).copied().or(rules.items).or(additional).or(rules.unevaluated)
}
