//! Whether the objects and arrays of a case are valid by a keyword.

use super::Prover;
use super::cases::{Case, Counts};
use super::covers::Goal;
use super::node::Node;
use super::number::count;
use super::void::POSITIONS_MAX;
use crate::json_text::{Data, Value};

impl<'a> Prover<'a> {
    pub(super) fn meets_object(&mut self, case: &Case<'a>, node: Node<'a>, key: &str) -> bool {
        let Some(value) = self.sources.get(node, key) else { return true };
        match key {
            "required" => {
                let names = value.as_array().unwrap_or_default();
                let names = names.iter().map(Value::as_str);
                names.into_iter().all(|name| name.is_some_and(|n| case.required.contains(&n)))
            }
            "minProperties" => count(value).is_some_and(|least| case.properties.least >= least),
            "maxProperties" => count(value).is_some_and(|most| case.properties.most <= most),
            "properties" => self.sources.named(node, key).is_some_and(|named| {
                named.iter().all(|member| {
                    let inner = node.at(&member.value);
                    self.member_meets(case, &member.key, inner)
                })
            }),
            "patternProperties" => self.sources.named(node, key).is_some_and(|named| {
                named
                    .iter()
                    .all(|member| self.meets_pattern(case, &member.key, node.at(&member.value)))
            }),
            // Nothing is left over beside that.
            "unevaluatedProperties" if self.sources.get(node, "additionalProperties").is_some() => {
                true
            }
            "additionalProperties" | "unevaluatedProperties" => {
                self.meets_additional(case, node, node.at(value))
            }
            "propertyNames" => self.meets_names(case, node.at(value)),
            _ => self.sources.named(node, key).is_some_and(|named| {
                named.iter().all(|member| {
                    let dependent = node.at(&member.value);
                    self.meets_dependency(case, &member.key, dependent)
                })
            }),
        }
    }

    /// Whether a property is valid by `goal` wherever it is there.
    pub(super) fn member_meets(&mut self, case: &Case<'a>, name: &str, goal: Node<'a>) -> bool {
        if goal.takes_all() {
            return true;
        }
        match self.member(&case.parts, name) {
            Some(nodes) => self.follows(&nodes, goal),
            None => true,
        }
    }

    fn meets_pattern(&mut self, case: &Case<'a>, pattern: &str, goal: Node<'a>) -> bool {
        let names = self.listed_names(&case.parts);
        let is_listed_fine = names.into_iter().all(|name| {
            self.matches(pattern, name) == Some(false) || self.member_meets(case, name, goal)
        });
        is_listed_fine && self.unlisted_meet(case, Some(pattern), goal)
    }

    fn unlisted_meet(&mut self, case: &Case<'a>, pattern: Option<&str>, goal: Node<'a>) -> bool {
        let ways = self.unlisted(&case.parts, pattern);
        ways.iter().all(|nodes| self.follows(nodes, goal))
    }

    fn meets_additional(&mut self, case: &Case<'a>, node: Node<'a>, goal: Node<'a>) -> bool {
        if goal.takes_all() || case.properties.most == 0 {
            return true;
        }
        let names = self.listed_names(&case.parts);
        let is_listed_fine = names.into_iter().all(|name| {
            let (own, is_told) = self.named_schemas(node, name);
            (is_told && !own.is_empty()) || self.member_meets(case, name, goal)
        });
        is_listed_fine
            && (self.lists_same_patterns(case, node) || self.unlisted_meet(case, None, goal))
    }

    /// Whether no name is left that some part allows without a pattern that `node` has too.
    fn lists_same_patterns(&mut self, case: &Case<'a>, node: Node<'a>) -> bool {
        let Some(own) = self.sources.named(node, "patternProperties") else { return false };
        case.parts.iter().any(|part| {
            let patterns = self.sources.named(*part, "patternProperties");
            let beyond = self.sources.schema(*part, "additionalProperties");
            let is_closed =
                beyond.is_some_and(|beyond| matches!(beyond.value.data, Data::Boolean(false)));
            let mut patterns = patterns.into_iter().flat_map(|patterns| patterns.iter());
            is_closed && patterns.all(|member| own.get(&member.key).is_some())
        })
    }

    fn meets_names(&mut self, case: &Case<'a>, goal: Node<'a>) -> bool {
        let names = self.listed_names(&case.parts);
        let is_listed_fine = names.into_iter().all(|name| {
            let value = Value { data: Data::String(name.into()), location: goal.value.location };
            self.holds(goal, &value) == Some(true) || self.member(&case.parts, name).is_none()
        });
        is_listed_fine
            && (self.unlisted(&case.parts, None).is_empty()
                || self
                    .names(&case.parts)
                    .iter()
                    .all(|names| self.covers(names, goal, Goal::Everything)))
    }

    /// Whether what must be beside a property is.
    pub(super) fn meets_dependency(
        &mut self,
        case: &Case<'a>,
        name: &'a str,
        dependent: Node<'a>,
    ) -> bool {
        if self.member(&case.parts, name).is_none() {
            return true;
        }
        let mut with = case.clone();
        with.require(name);
        let cases = self.cases_from(with, &[]);
        cases.iter().all(|case| match dependent.value.as_array() {
            Some(names) => names
                .iter()
                .all(|name| name.as_str().is_some_and(|name| case.required.contains(&name))),
            None => self.covers(case, dependent, Goal::Everything),
        })
    }

    pub(super) fn meets_array(&mut self, case: &Case<'a>, node: Node<'a>, key: &str) -> bool {
        let Some(value) = self.sources.get(node, key) else { return true };
        match key {
            "minItems" => count(value).is_some_and(|least| case.items.least >= least),
            "maxItems" => count(value).is_some_and(|most| case.items.most <= most),
            "uniqueItems" => {
                let is_asked = matches!(value.data, Data::Boolean(true));
                !is_asked || case.is_unique || case.items.most <= 1
            }
            "contains" => self.contains(node).is_some_and(|(contained, counts)| {
                self.meets_least(case, contained, counts)
                    && self.meets_most(case, contained, counts)
            }),
            "unevaluatedItems" => {
                let items = self.sources.get(node, "items");
                // Nothing is left over beside a schema for all items.
                items.is_some_and(|items| items.as_array().is_none())
                    || self.items_meet(case, 0, node.at(value))
            }
            "prefixItems" => self.meets_positions(case, node),
            "items" if value.as_array().is_some() => self.meets_positions(case, node),
            "items" => self.items_meet(case, self.prefix(node).len(), node.at(value)),
            _ => {
                let listed = self.sources.get(node, "items").and_then(Value::as_array);
                listed.is_none_or(|listed| self.items_meet(case, listed.len(), node.at(value)))
            }
        }
    }

    fn meets_positions(&mut self, case: &Case<'a>, node: Node<'a>) -> bool {
        let listed = self.prefix(node);
        listed.len() <= POSITIONS_MAX
            && listed
                .iter()
                .enumerate()
                .all(|(index, value)| self.item_meets(case, index, node.at(value)))
    }

    /// Whether all items from `first` on are valid by `goal`.
    fn items_meet(&mut self, case: &Case<'a>, first: usize, goal: Node<'a>) -> bool {
        let last = self.positions(&case.parts).max(first);
        goal.takes_all()
            || (last <= POSITIONS_MAX
                && (first..=last).all(|index| self.item_meets(case, index, goal)))
    }

    pub(super) fn item_meets(&mut self, case: &Case<'a>, index: usize, goal: Node<'a>) -> bool {
        index >= case.items.most
            || match self.item(&case.parts, index) {
                Some(nodes) => self.follows(&nodes, goal),
                None => true,
            }
    }

    fn meets_least(&mut self, case: &Case<'a>, contained: Node<'a>, counts: Counts) -> bool {
        if counts.least == 0 {
            return true;
        }
        let is_known = case.parts.clone().into_iter().any(|part| {
            self.contains(part).is_some_and(|(known, known_counts)| {
                known_counts.least >= counts.least && self.follows(&[known], contained)
            })
        });
        if is_known {
            return true;
        }
        let positions = self.positions(&case.parts);
        let mut sure: usize = 0;
        for index in 0..case.items.least.min(POSITIONS_MAX) {
            // Beyond the positions one is like the other.
            let place = index.min(positions);
            let nodes = self.item(&case.parts, place);
            sure += usize::from(nodes.is_none_or(|nodes| self.follows(&nodes, contained)));
        }
        sure >= counts.least
    }

    fn meets_most(&mut self, case: &Case<'a>, contained: Node<'a>, counts: Counts) -> bool {
        case.items.most <= counts.most
            || case.parts.clone().into_iter().any(|part| {
                self.contains(part).is_some_and(|(known, known_counts)| {
                    known_counts.most <= counts.most && self.follows(&[contained], known)
                })
            })
            || self.room(case, contained) <= counts.most
    }
}
