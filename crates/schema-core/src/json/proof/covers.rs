//! Whether every value of a case is valid by a schema: what the schema asks, keyword by keyword.

use super::Prover;
use super::cases::{Case, Integer, Types, names};
use super::node::Node;
use super::number::{Number, Side, count};
use crate::json::dialect::Dialect;
use crate::json_text::{Member, Value};

/// What of a schema is to follow.
#[derive(Clone, Copy)]
pub(super) enum Goal<'g> {
    Everything,
    /// These keywords alone, wherever they stand.
    Keywords(&'g [&'g str]),
}

impl Goal<'_> {
    fn is_about(self, key: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Keywords(keys) => matches!(key, "$ref" | "allOf") || keys.contains(&key),
        }
    }
}

/// Formats that nobody checks are none of these.
const FORMATS: [&str; 20] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
    "color",
];

impl<'a> Prover<'a> {
    /// Whether all values for which `nodes` hold are valid by `goal`. A claim that is being proven
    /// may be used for the values inside the values, which are smaller.
    pub(super) fn follows(&mut self, nodes: &[Node<'a>], goal: Node<'a>) -> bool {
        if goal.takes_all() || nodes.contains(&goal) {
            return true;
        }
        let claim = Self::claim(nodes, Some(goal));
        if self.claims.contains(&claim) {
            return true;
        }
        if !self.enter() {
            return false;
        }
        self.claims.push(claim);
        let cases = self.cases(nodes);
        let is_proven = cases.iter().all(|case| self.covers(case, goal, Goal::Everything));
        self.claims.pop();
        self.leave();
        is_proven
    }

    /// Whether there is no value for which `nodes` hold.
    pub(super) fn is_empty(&mut self, nodes: &[Node<'a>]) -> bool {
        if nodes.iter().all(|node| node.takes_all()) {
            return false;
        }
        let claim = Self::claim(nodes, None);
        if self.claims.contains(&claim) {
            return true;
        }
        if !self.enter() {
            return false;
        }
        self.claims.push(claim);
        let is_empty = self.cases(nodes).is_empty();
        self.claims.pop();
        self.leave();
        is_empty
    }

    /// Whether every value of the case is valid by `node`, as far as the goal goes.
    pub(super) fn covers(&mut self, case: &Case<'a>, node: Node<'a>, goal: Goal<'_>) -> bool {
        if node.takes_all() || case.parts.contains(&node) {
            return true;
        }
        if !self.enter() {
            return false;
        }
        let is_covered = self.lists_valid(case, node)
            || self.meets_all(case, node, goal)
            || self.each_type(case, |prover, case| prover.meets_all(case, node, goal));
        self.leave();
        is_covered
    }

    fn lists_valid(&mut self, case: &Case<'a>, node: Node<'a>) -> bool {
        let Some(listed) = &case.listed else { return false };
        listed.iter().all(|value| self.holds(node, value) == Some(true))
    }

    /// Whether it holds for the values of each type apart, if there are several types.
    fn each_type(&mut self, case: &Case<'a>, holds: impl Fn(&mut Self, &Case<'a>) -> bool) -> bool {
        !case.types.is_single()
            && Types::EACH.into_iter().filter(|types| case.types.has(*types)).all(|types| {
                let typed = Case { types, ..case.clone() };
                self.cases_from(typed, &[]).iter().all(|case| holds(self, case))
            })
    }

    fn meets_all(&mut self, case: &Case<'a>, node: Node<'a>, goal: Goal<'_>) -> bool {
        if self.sources.is_unfollowed(node) {
            return false;
        }
        let Some(object) = node.value.as_object() else { return false };
        let mut keys = object.iter().filter(|member| goal.is_about(&member.key));
        keys.all(|member| {
            self.sources.get(node, &member.key).is_none() || self.meets(case, node, member, goal)
        })
    }

    fn meets(
        &mut self,
        case: &Case<'a>,
        node: Node<'a>,
        Member { key, value, .. }: &'a Member,
        goal: Goal<'_>,
    ) -> bool {
        let inner = node.at(value);
        match key.as_str() {
            "$ref" => {
                let target = self.sources.target(node);
                target.is_some_and(|target| self.covers(case, target, goal))
            }
            "allOf" => {
                let members = self.sources.schemas(node, key);
                members.into_iter().all(|member| self.covers(case, member, goal))
            }
            "anyOf" => {
                let members = self.sources.schemas(node, key);
                members.into_iter().any(|member| self.covers(case, member, Goal::Everything))
            }
            "oneOf" => self.meets_one(case, &self.sources.schemas(node, key)),
            "not" => self.cases_from(case.clone(), &[inner]).is_empty(),
            "if" => self.meets_condition(case, node, inner),
            "type" => self.meets_type(case, node, value),
            // Met by what is listed alone.
            "enum" | "const" => false,
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                !case.types.has(Types::NUMBER) || self.meets_number(case, node, key)
            }
            "minLength" | "maxLength" | "pattern" | "format" => {
                !case.types.has(Types::STRING) || self.meets_text(case, node, key)
            }
            "items" | "prefixItems" | "additionalItems" | "unevaluatedItems" | "contains"
            | "minItems" | "maxItems" | "uniqueItems" => {
                !case.types.has(Types::ARRAY) || self.meets_array(case, node, key)
            }
            "properties"
            | "patternProperties"
            | "additionalProperties"
            | "propertyNames"
            | "unevaluatedProperties"
            | "required"
            | "minProperties"
            | "maxProperties"
            | "dependencies"
            | "dependentRequired"
            | "dependentSchemas" => {
                !case.types.has(Types::OBJECT) || self.meets_object(case, node, key)
            }
            // Beside others, or no assertion at all.
            _ => true,
        }
    }

    fn meets_one(&mut self, case: &Case<'a>, members: &[Node<'a>]) -> bool {
        members.iter().enumerate().any(|(at, member)| {
            let others = || members.iter().enumerate().filter(move |(other, _)| *other != at);
            self.covers(case, *member, Goal::Everything)
                && others().all(|(_, other)| self.cases_from(case.clone(), &[*other]).is_empty())
        })
    }

    fn meets_condition(&mut self, case: &Case<'a>, node: Node<'a>, test: Node<'a>) -> bool {
        let then = self.sources.schema(node, "then");
        let otherwise = self.sources.schema(node, "else");
        let holds = then.is_none_or(|then| {
            let cases = self.cases_from(case.clone(), &[test]);
            cases.iter().all(|case| self.covers(case, then, Goal::Everything))
        });
        holds
            && otherwise.is_none_or(|otherwise| {
                let mut fails = case.clone();
                fails.refused.push(test);
                self.is_void(&mut fails) || self.covers(&fails, otherwise, Goal::Everything)
            })
    }

    fn meets_type(&self, case: &Case<'a>, node: Node<'a>, value: &Value) -> bool {
        let Some(types) = Types::of_keyword(value) else { return false };
        let takes = |wanted: &str| names(value).flatten().any(|name| name == wanted);
        let needed = if self.sources.dialect(node) == Dialect::Draft04 {
            Integer::Written
        } else {
            Integer::InValue
        };
        let is_number = case.types.has(Types::NUMBER);
        types.has(case.types) && (!is_number || takes("number") || case.integer >= needed)
    }

    fn meets_number(&self, case: &Case<'a>, node: Node<'a>, key: &str) -> bool {
        if key == "multipleOf" {
            let Some(unit) = self.sources.get(node, key).and_then(Number::of) else { return false };
            let is_one = case.integer != Integer::Unknown && unit.double.total_cmp(&1.0).is_eq();
            return is_one
                || case.units.iter().any(|known| known.is_multiple_of(&unit) == Some(true));
        }
        let (side, known) = match key {
            "minimum" | "exclusiveMinimum" => (Side::Above, &case.lower),
            _ => (Side::Below, &case.upper),
        };
        let asked = self.bounds(node, side);
        asked.iter().all(|asked| known.as_ref().is_some_and(|known| known.is_within(asked, side)))
    }

    fn meets_text(&mut self, case: &Case<'a>, node: Node<'a>, key: &str) -> bool {
        let Some(value) = self.sources.get(node, key) else { return true };
        let is_known = |part: &Node<'a>| {
            let known = self.sources.get(*part, key).and_then(Value::as_str);
            known.is_some() && known == value.as_str()
        };
        match key {
            "minLength" => count(value).is_some_and(|least| case.lengths.least >= least),
            "maxLength" => count(value).is_some_and(|most| case.lengths.most <= most),
            "pattern" => {
                case.parts.iter().any(is_known)
                    || value.as_str().is_some_and(|pattern| self.is_everywhere(pattern))
            }
            // The newer dialects do not assert formats.
            _ if self.sources.dialect(node).is_modern() => true,
            _ => {
                let is_checked = value.as_str().is_some_and(|format| FORMATS.contains(&format));
                let is_asserted =
                    |part: &Node<'a>| is_known(part) && !self.sources.dialect(*part).is_modern();
                !is_checked || case.parts.iter().any(is_asserted)
            }
        }
    }
}
