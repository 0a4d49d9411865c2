//! The place of a finding in both schemas as they are written, and what is to be proven there.
//!
//! A path that can be read in two ways proves nothing.

use super::Prover;
use super::cases::{Case, Types};
use super::covers::Goal;
use super::node::Node;
use crate::json::path_end::{PathEnd, is_about_property, path_end};
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

/// What a step comes to.
enum Step<'a, 'r> {
    /// The next place, and the path from there.
    To(Place<'a>, &'r str),
    /// The path ends here, with a proof or without.
    End(Option<NoneExists>),
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
            let mut start = Case::of(Types::ALL);
            for name in &place.required {
                start.require(name);
            }
            let cases = self.prover.cases_from(start, &place.writer);
            if cases.is_empty() {
                return Some(NoneExists::WriterAllowsNothing);
            }
            place.reader = self.flat(&place.reader);
            if let Some(end) = path_end(self.rule, rest) {
                return takes_all(cases.iter().all(|case| self.is_met(case, &place.reader, end)));
            }
            match self.step(&cases, place, rest)? {
                Step::To(next, inner) => (place, rest) = (next, inner),
                Step::End(proof) => return proof,
            }
        }
        None
    }

    fn step<'r>(
        &mut self,
        cases: &[Case<'a>],
        place: Place<'a>,
        rest: &'r str,
    ) -> Option<Step<'a, 'r>> {
        let (keyword, inner) = rest.split_once('/').unwrap_or((rest, ""));
        match keyword {
            "properties" => self.property(cases, &place, inner),
            "dependencies" => self.dependency(place, inner),
            "additionalProperties" | "unevaluatedProperties" => {
                self.unlisted(cases, &place, (keyword, inner))
            }
            "items" => {
                let listed = self.positions(cases, &place);
                let (position, behind) = inner.split_once('/').unwrap_or((inner, ""));
                match position.parse::<usize>() {
                    Ok(index) => Some(self.item(cases, &place, index, behind)),
                    Err(_) if listed == 0 => Some(self.item(cases, &place, 0, inner)),
                    Err(_) => None,
                }
            }
            "additionalItems" | "unevaluatedItems" => {
                let first = self.positions(cases, &place);
                Some(self.item(cases, &place, first, inner))
            }
            _ => None,
        }
    }

    /// The schemas, and those that hold with them without a choice.
    fn flat(&self, nodes: &[Node<'a>]) -> Vec<Node<'a>> {
        let mut all: Vec<Node<'a>> = nodes.to_vec();
        let mut next = 0;
        while let Some(node) = all.get(next).copied() {
            let target = self.prover.sources.target(node);
            for inner in target.into_iter().chain(self.prover.sources.schemas(node, "allOf")) {
                if !all.contains(&inner) {
                    all.push(inner);
                }
            }
            next += 1;
        }
        all
    }

    fn is_met(&mut self, case: &Case<'a>, reader: &[Node<'a>], end: PathEnd<'_>) -> bool {
        let own = self.keywords.map_or(Goal::Everything, Goal::Keywords);
        let goal = match &end {
            PathEnd::Required(name) => return case.required.contains(name),
            PathEnd::Dependency(name) => {
                return reader.iter().all(|node| self.meets_dependency(case, *node, name));
            }
            PathEnd::Item(index) => {
                let asked = self.reader_item(reader, *index);
                return asked.iter().all(|goal| self.prover.item_meets(case, *index, *goal));
            }
            PathEnd::Schema => own,
            PathEnd::Items => Goal::Keywords(&["items", "prefixItems"]),
            PathEnd::MoreItems("additionalItems") => {
                Goal::Keywords(&["additionalItems", "items", "prefixItems"])
            }
            PathEnd::Properties(keyword) | PathEnd::MoreItems(keyword) => {
                Goal::Keywords(std::slice::from_ref(keyword))
            }
        };
        reader.iter().all(|node| self.prover.covers(case, *node, goal))
    }

    fn meets_dependency(&mut self, case: &Case<'a>, node: Node<'a>, name: &str) -> bool {
        OF_DEPENDENCIES.iter().all(|key| {
            let named = self.prover.sources.named(node, key);
            let member = named.and_then(|named| named.member(name));
            member.is_none_or(|member| {
                self.prover.meets_dependency(case, &member.key, node.at(&member.value))
            })
        })
    }

    fn property<'r>(
        &mut self,
        cases: &[Case<'a>],
        place: &Place<'a>,
        rest: &'r str,
    ) -> Option<Step<'a, 'r>> {
        let all = cases.iter().flat_map(|case| &case.parts).chain(&place.reader);
        let names = self.prover.listed_names(&all.copied().collect::<Vec<_>>());
        let (name, inner) = only_name(&names, rest)?;
        let mut there: Vec<Case<'a>> = Vec::new();
        for case in cases {
            let mut with = case.clone();
            with.require(name);
            there.extend(self.prover.cases_from(with, &[]));
        }
        let asked = self.prover.member_schemas(&place.reader, name);
        if inner.is_empty() && is_about_property(self.rule) {
            let must_be = self.rule.as_str().starts_with("REQUIRED_");
            let is_there = !must_be || cases.iter().all(|case| case.required.contains(&name));
            let is_taken = there.iter().all(|case| match &asked {
                Some(goals) => goals.iter().all(|goal| self.prover.member_meets(case, name, *goal)),
                None => self.prover.member(&case.parts, name).is_none(),
            });
            return Some(Step::End(takes_all(is_there && is_taken)));
        }
        let inside = there.iter().filter_map(|case| self.prover.member(&case.parts, name));
        let inside: Vec<_> = inside.collect();
        Some(into(&inside, asked?, inner))
    }

    fn unlisted<'r>(
        &mut self,
        cases: &[Case<'a>],
        place: &Place<'a>,
        (keyword, inner): (&str, &'r str),
    ) -> Option<Step<'a, 'r>> {
        let mut inside = Vec::new();
        for case in cases {
            inside.extend(self.prover.unlisted(&case.parts, None));
        }
        // Names that the writer lists and the reader does not fall under it too.
        let listed = self.prover.listed_names(&place.writer);
        let is_known = |walk: &mut Self, name: &str| {
            let mut reader = place.reader.iter();
            reader.any(|node| !walk.prover.named_schemas(*node, name).0.is_empty())
        };
        if !listed.iter().all(|name| is_known(self, name)) {
            return None;
        }
        let reader = place.reader.iter();
        let reader = reader.filter_map(|node| self.prover.sources.schema(*node, keyword)).collect();
        Some(into(&inside, reader, inner))
    }

    /// The same value, with the property there and the schema that depends on it to be met.
    fn dependency<'r>(&mut self, place: Place<'a>, rest: &'r str) -> Option<Step<'a, 'r>> {
        let mut all: Vec<(&'a str, Node<'a>)> = Vec::new();
        for node in &place.reader {
            for key in ["dependencies", "dependentSchemas"] {
                let named = self.prover.sources.named(*node, key);
                let members = named.into_iter().flat_map(|named| named.iter());
                all.extend(members.map(|member| (member.key.as_str(), node.at(&member.value))));
            }
        }
        let mut names: Vec<&'a str> = all.iter().map(|(name, _)| *name).collect();
        names.dedup();
        let (name, inner) = only_name(&names, rest)?;
        let reader =
            all.iter().filter(|(other, _)| *other == name).map(|(_, node)| *node).collect();
        let mut required = place.required;
        required.push(name);
        Some(Step::To(Place { required, reader, ..place }, inner))
    }

    /// How many positions are listed at most, by either side.
    fn positions(&self, cases: &[Case<'a>], place: &Place<'a>) -> usize {
        let parts = cases.iter().flat_map(|case| &case.parts).chain(&place.reader);
        parts.map(|node| self.prover.prefix(*node).len()).max().unwrap_or(0)
    }

    fn item<'r>(
        &mut self,
        cases: &[Case<'a>],
        place: &Place<'a>,
        index: usize,
        inner: &'r str,
    ) -> Step<'a, 'r> {
        let there = cases.iter().filter(|case| index < case.items.most);
        let inside: Vec<_> =
            there.filter_map(|case| self.prover.item(&case.parts, index)).collect();
        into(&inside, self.reader_item(&place.reader, index), inner)
    }

    /// What the reader asks of an item.
    fn reader_item(&self, reader: &[Node<'a>], index: usize) -> Vec<Node<'a>> {
        let asked = reader.iter().filter_map(|node| {
            let listed: Option<&'a Value> = self.prover.prefix(*node).get(index);
            listed.map(|value| node.at(value)).or_else(|| self.prover.tail(*node))
        });
        asked.collect()
    }
}

fn takes_all(is_proven: bool) -> Option<NoneExists> {
    is_proven.then_some(NoneExists::ReaderTakesAll)
}

/// The one of the names that a path begins with, and the path behind it.
fn only_name<'a, 'r>(names: &[&'a str], rest: &'r str) -> Option<(&'a str, &'r str)> {
    let mut meant = names.iter().filter_map(|name| {
        let inner = rest.strip_prefix(name)?;
        (inner.is_empty() || inner.starts_with('/')).then_some((*name, inner))
    });
    match (meant.next(), meant.next()) {
        (Some((name, inner)), None) => Some((name, inner.trim_start_matches('/'))),
        _ => None,
    }
}

/// Inside a value: where nothing can be there, that is the proof.
fn into<'a, 'r>(inside: &[Vec<Node<'a>>], reader: Vec<Node<'a>>, inner: &'r str) -> Step<'a, 'r> {
    if inside.is_empty() {
        return Step::End(Some(NoneExists::WriterAllowsNothing));
    }
    Step::To(Place { writer: common(inside), required: Vec::new(), reader }, inner)
}

/// The schemas that hold in each of the ways.
fn common<'a>(ways: &[Vec<Node<'a>>]) -> Vec<Node<'a>> {
    let Some((first, others)) = ways.split_first() else { return Vec::new() };
    let is_common = |node: &&Node<'a>| others.iter().all(|way| way.contains(node));
    first.iter().filter(is_common).copied().collect()
}
