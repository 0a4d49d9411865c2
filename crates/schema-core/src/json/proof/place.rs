//! The place of a finding in both schemas as they are written, and what is to be proven there.

use super::Prover;
use super::cases::Case;
use super::covers::Goal;
use super::node::Node;
use crate::json_text::Value;
use crate::{JsonRule, NoneExists};

/// Most steps of a path that are walked.
const STEPS_MAX: usize = 100;

pub(super) struct Walk<'p, 'a> {
    prover: &'p mut Prover<'a>,
    rule: JsonRule,
    /// The keywords that the rule is about, if not all.
    keywords: Option<&'p [&'p str]>,
}

/// What is known of a value at a place, and what the reader asks there.
struct Place<'a> {
    /// The writer's schemas there.
    writer: Vec<Node<'a>>,
    /// Properties that are there.
    required: Vec<&'a str>,
    reader: Vec<Node<'a>>,
}

/// What the next part of a path comes to.
enum Next<'a> {
    Place(Place<'a>),
    Proof(Option<NoneExists>),
}

const OF_DEPENDENCIES: [&str; 3] = ["dependencies", "dependentRequired", "dependentSchemas"];

impl<'p, 'a> Walk<'p, 'a> {
    pub(super) fn new(
        prover: &'p mut Prover<'a>,
        rule: JsonRule,
        keywords: Option<&'p [&'p str]>,
    ) -> Self {
        Self { prover, rule, keywords }
    }

    /// Why no value shows the finding at `path`, if that can be proven.
    pub(super) fn proof(
        &mut self,
        (writer, reader): (Node<'a>, Node<'a>),
        path: &str,
    ) -> Option<NoneExists> {
        let mut place = Place { writer: vec![writer], required: Vec::new(), reader: vec![reader] };
        let mut rest = path;
        for _ in 0..STEPS_MAX {
            let mut start = Case::of(super::cases::Types::ALL);
            for name in &place.required {
                start.require(name);
            }
            let cases = self.prover.cases_from(start, &place.writer);
            if cases.is_empty() {
                return Some(NoneExists::WriterAllowsNothing);
            }
            place.reader = self.flat(&place.reader);
            if let Some(goal) = self.end(rest) {
                let is_proven = cases.iter().all(|case| self.is_met(case, &place.reader, &goal));
                return is_proven.then_some(NoneExists::ReaderTakesAll);
            }
            let (keyword, inner) = rest.split_once('/').unwrap_or((rest, ""));
            let next = match keyword {
                "properties" => self.property(&cases, &place, inner),
                "dependencies" => self.dependency(place, inner),
                "additionalProperties" | "unevaluatedProperties" => {
                    self.unlisted(&cases, &place, (keyword, inner))
                }
                "items" => self.items(&cases, &place, inner),
                "additionalItems" | "unevaluatedItems" => {
                    let at = cases.iter().map(|case| self.prover.positions(&case.parts)).max();
                    let own = place.reader.iter().map(|node| self.prover.prefix(*node).len()).max();
                    self.item(&cases, &place, at.max(own).unwrap_or(0), inner)
                }
                _ => return None,
            };
            match next? {
                (Next::Proof(proof), _) => return proof,
                (Next::Place(next), inner) => (place, rest) = (next, inner),
            }
        }
        None
    }

    /// The schemas, and those that hold with them without a choice.
    fn flat(&self, nodes: &[Node<'a>]) -> Vec<Node<'a>> {
        let mut all: Vec<Node<'a>> = nodes.to_vec();
        let mut next = 0;
        while let Some(node) = all.get(next).copied() {
            let target = self.prover.sources.target(node);
            let inner = target.into_iter().chain(self.prover.sources.schemas(node, "allOf"));
            for inner in inner.collect::<Vec<_>>() {
                if !all.contains(&inner) {
                    all.push(inner);
                }
            }
            next += 1;
        }
        all
    }

    fn end<'r>(&self, rest: &'r str) -> Option<End<'r>> {
        let (keyword, inner) = rest.split_once('/').unwrap_or((rest, ""));
        let rule = self.rule.as_str();
        let is_content = rule.starts_with("ADDITIONAL_") || rule.starts_with("UNEVALUATED_");
        match keyword {
            "required" => Some(End::Required(inner)),
            "dependencies" if rule.starts_with("DEPENDENCY_") => Some(End::Dependency(inner)),
            "items" if inner.is_empty() && self.rule == JsonRule::SchemaAdded => {
                Some(End::Keywords(&["items", "prefixItems"]))
            }
            "additionalProperties" if is_content && inner.is_empty() => {
                Some(End::Keywords(&["additionalProperties"]))
            }
            "unevaluatedProperties" if is_content && inner.is_empty() => {
                Some(End::Keywords(&["unevaluatedProperties"]))
            }
            "additionalItems" if is_content && inner.is_empty() => {
                Some(End::Keywords(&["additionalItems", "items", "prefixItems"]))
            }
            "unevaluatedItems" if is_content && inner.is_empty() => {
                Some(End::Keywords(&["unevaluatedItems"]))
            }
            "properties"
            | "dependencies"
            | "items"
            | "additionalProperties"
            | "additionalItems"
            | "unevaluatedProperties"
            | "unevaluatedItems" => None,
            _ => inner.is_empty().then_some(End::Schema),
        }
    }

    fn is_met(&mut self, case: &Case<'a>, reader: &[Node<'a>], end: &End<'_>) -> bool {
        match *end {
            End::Required(name) => case.required.contains(&name),
            End::Schema => {
                let goal = self.keywords.map_or(Goal::Everything, Goal::Keywords);
                reader.iter().all(|node| self.prover.covers(case, *node, goal))
            }
            End::Keywords(keys) => {
                reader.iter().all(|node| self.prover.covers(case, *node, Goal::Keywords(keys)))
            }
            End::Dependency(name) => reader.iter().all(|node| {
                OF_DEPENDENCIES.iter().all(|key| {
                    let named = self.prover.sources.named(*node, key);
                    let member = named.and_then(|named| named.member(name));
                    member.is_none_or(|member| {
                        self.prover.meets_dependency(case, &member.key, node.at(&member.value))
                    })
                })
            }),
        }
    }

    fn property<'r>(
        &mut self,
        cases: &[Case<'a>],
        place: &Place<'a>,
        rest: &'r str,
    ) -> Option<(Next<'a>, &'r str)> {
        let all = cases.iter().flat_map(|case| &case.parts).chain(&place.reader);
        let names = self.prover.listed_names(&all.copied().collect::<Vec<_>>());
        let is_meant = |name: &&&str| {
            let inner = rest.strip_prefix(**name);
            inner.is_some_and(|inner| inner.is_empty() || inner.starts_with('/'))
        };
        // One that may be read in two ways is left alone.
        let mut meant = names.iter().filter(is_meant);
        let (Some(name), None) = (meant.next(), meant.next()) else { return None };
        let inner = rest.strip_prefix(name)?.trim_start_matches('/');
        let there: Vec<Case<'a>> = cases
            .iter()
            .flat_map(|case| {
                let mut with = case.clone();
                with.require(name);
                self.prover.cases_from(with, &[])
            })
            .collect();
        let reader = self.prover.member_schemas(&place.reader, name);
        let rule = self.rule.as_str();
        let is_about_property = rule.contains("PROPERTY_") && !rule.starts_with("UNEVALUATED");
        if inner.is_empty() && is_about_property {
            let is_required = rule.starts_with("REQUIRED_");
            let is_proven = (!is_required || cases.iter().all(|case| case.required.contains(name)))
                && there.iter().all(|case| match &reader {
                    Some(goals) => {
                        goals.iter().all(|goal| self.prover.member_meets(case, name, *goal))
                    }
                    // It is not taken at all.
                    None => self.prover.member(&case.parts, name).is_none(),
                });
            return Some((Next::Proof(is_proven.then_some(NoneExists::ReaderTakesAll)), inner));
        }
        let inside = there.iter().filter_map(|case| self.prover.member(&case.parts, name));
        let inside: Vec<_> = inside.collect();
        if inside.is_empty() {
            return Some((Next::Proof(Some(NoneExists::WriterAllowsNothing)), inner));
        }
        let writer = common(&inside);
        reader.map(|reader| (Next::Place(Place { writer, required: Vec::new(), reader }), inner))
    }

    fn unlisted<'r>(
        &mut self,
        cases: &[Case<'a>],
        place: &Place<'a>,
        (keyword, inner): (&str, &'r str),
    ) -> Option<(Next<'a>, &'r str)> {
        let ways = |walk: &mut Self, case: &Case<'a>| walk.prover.unlisted(&case.parts, None);
        let inside: Vec<_> = cases.iter().flat_map(|case| ways(self, case)).collect();
        let reader = place.reader.iter();
        let reader: Vec<_> =
            reader.filter_map(|node| self.prover.sources.schema(*node, keyword)).collect();
        // Names that the writer lists and the reader does not fall under it too.
        let listed = self.prover.listed_names(&place.writer);
        if !listed.iter().all(|name| self.is_listed(&place.reader, name)) {
            return None;
        }
        if inside.is_empty() {
            return Some((Next::Proof(Some(NoneExists::WriterAllowsNothing)), inner));
        }
        Some((Next::Place(Place { writer: common(&inside), required: Vec::new(), reader }), inner))
    }

    fn is_listed(&mut self, reader: &[Node<'a>], name: &str) -> bool {
        reader.iter().any(|node| !self.prover.named_schemas(*node, name).0.is_empty())
    }

    fn dependency<'r>(&mut self, place: Place<'a>, rest: &'r str) -> Option<(Next<'a>, &'r str)> {
        let named = |walk: &Self, node: &Node<'a>| {
            let keys = ["dependencies", "dependentSchemas"];
            let named = keys.into_iter().filter_map(|key| walk.prover.sources.named(*node, key));
            let members = named.flat_map(|named| named.iter());
            members.map(|member| (member.key.as_str(), node.at(&member.value))).collect::<Vec<_>>()
        };
        let all: Vec<_> = place.reader.iter().flat_map(|node| named(self, node)).collect();
        let is_meant = |name: &str| {
            rest.strip_prefix(name).is_some_and(|inner| inner.is_empty() || inner.starts_with('/'))
        };
        let (name, _) = *all.iter().find(|(name, _)| is_meant(name))?;
        if all.iter().any(|(other, _)| *other != name && is_meant(other)) {
            return None;
        }
        let inner = rest.strip_prefix(name)?.trim_start_matches('/');
        let reader =
            all.iter().filter(|(other, _)| *other == name).map(|(_, node)| *node).collect();
        let mut required = place.required;
        required.push(name);
        Some((Next::Place(Place { reader, required, ..place }), inner))
    }

    fn items<'r>(
        &mut self,
        cases: &[Case<'a>],
        place: &Place<'a>,
        rest: &'r str,
    ) -> Option<(Next<'a>, &'r str)> {
        let (position, inner) = rest.split_once('/').unwrap_or((rest, ""));
        let parts = cases.iter().flat_map(|case| &case.parts).chain(&place.reader);
        let listed = parts.map(|node| self.prover.prefix(*node).len()).max().unwrap_or(0);
        match position.parse::<usize>() {
            Ok(index) => self.item(cases, place, index, inner),
            Err(_) if listed == 0 => self.item(cases, place, 0, rest),
            Err(_) => None,
        }
    }

    fn item<'r>(
        &mut self,
        cases: &[Case<'a>],
        place: &Place<'a>,
        index: usize,
        inner: &'r str,
    ) -> Option<(Next<'a>, &'r str)> {
        let there = cases.iter().filter(|case| index < case.items.most);
        let inside: Vec<_> =
            there.filter_map(|case| self.prover.item(&case.parts, index)).collect();
        if inside.is_empty() {
            return Some((Next::Proof(Some(NoneExists::WriterAllowsNothing)), inner));
        }
        let reader = place.reader.iter().filter_map(|node| {
            let listed: Option<&'a Value> = self.prover.prefix(*node).get(index);
            listed.map(|value| node.at(value)).or_else(|| self.prover.tail(*node))
        });
        let reader = reader.collect();
        let rule = self.rule.as_str();
        if inner.is_empty() && rule.starts_with("ITEM_") {
            let reader: Vec<_> = reader;
            let is_proven = cases
                .iter()
                .all(|case| reader.iter().all(|goal| self.prover.item_meets(case, index, *goal)));
            return Some((Next::Proof(is_proven.then_some(NoneExists::ReaderTakesAll)), inner));
        }
        Some((Next::Place(Place { writer: common(&inside), required: Vec::new(), reader }), inner))
    }
}

/// What is to be met where a path ends.
enum End<'r> {
    /// What the rule is about, of the schema itself.
    Schema,
    Keywords(&'static [&'static str]),
    Required(&'r str),
    Dependency(&'r str),
}

/// The schemas that hold in each of the ways.
fn common<'a>(ways: &[Vec<Node<'a>>]) -> Vec<Node<'a>> {
    let Some((first, others)) = ways.split_first() else { return Vec::new() };
    let is_common = |node: &&Node<'a>| others.iter().all(|way| way.contains(node));
    first.iter().filter(is_common).copied().collect()
}
