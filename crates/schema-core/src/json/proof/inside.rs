//! What holds for the members and items of a value for which schemas hold.

use super::Prover;
use super::cases::{Case, Counts, Types};
use super::node::Node;
use super::number::count;
use crate::json_text::{Data, Value};

/// Keywords by which another schema can have evaluated what a schema does not list.
const IN_PLACE: [&str; 9] = [
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "dependentSchemas",
    "dependencies",
    "contains",
];

impl<'a> Prover<'a> {
    /// The schemas that hold for a property; `None` if it cannot be there.
    pub(super) fn member(&mut self, parts: &[Node<'a>], name: &str) -> Option<Vec<Node<'a>>> {
        let nodes = self.member_schemas(parts, name)?;
        (!self.is_empty(&nodes)).then_some(nodes)
    }

    /// The same without a look at whether they have values.
    pub(super) fn member_schemas(
        &mut self,
        parts: &[Node<'a>],
        name: &str,
    ) -> Option<Vec<Node<'a>>> {
        let mut nodes = Vec::new();
        for part in parts {
            let (found, is_told) = self.named_schemas(*part, name);
            if found.is_empty() && is_told {
                nodes.extend(self.beyond(*part));
            }
            nodes.extend(found);
            let names = self.sources.schema(*part, "propertyNames");
            let value = Value { data: Data::String(name.into()), location: part.value.location };
            if names.is_some_and(|names| self.holds(names, &value) == Some(false)) {
                return None;
            }
        }
        let is_refused = |node: &Node<'_>| matches!(node.value.data, Data::Boolean(false));
        (!nodes.iter().any(is_refused)).then_some(nodes)
    }

    /// The schemas by which a part lists a name or a pattern that it matches, and whether those are
    /// surely all.
    pub(super) fn named_schemas(&mut self, part: Node<'a>, name: &str) -> (Vec<Node<'a>>, bool) {
        let listed = self.sources.named(part, "properties").and_then(|named| named.get(name));
        let mut found: Vec<Node<'a>> = listed.map(|value| part.at(value)).into_iter().collect();
        let mut is_told = true;
        if let Some(patterns) = self.sources.named(part, "patternProperties") {
            for member in patterns.iter() {
                match self.matches(&member.key, name) {
                    Some(true) => found.push(part.at(&member.value)),
                    Some(false) => {}
                    None => is_told = false,
                }
            }
        }
        (found, is_told)
    }

    /// What a part asks of properties that it does not list.
    fn beyond(&self, part: Node<'a>) -> Option<Node<'a>> {
        self.sources
            .schema(part, "additionalProperties")
            .or_else(|| self.alone(part, "unevaluatedProperties"))
    }

    /// A keyword that means what others left over, if nothing else can have taken any of it.
    fn alone(&self, part: Node<'a>, key: &str) -> Option<Node<'a>> {
        let is_alone = IN_PLACE.iter().all(|key| self.sources.get(part, key).is_none());
        self.sources.schema(part, key).filter(|_| is_alone)
    }

    /// The names that some part lists.
    pub(super) fn listed_names(&self, parts: &[Node<'a>]) -> Vec<&'a str> {
        let mut names: Vec<&'a str> = Vec::new();
        for part in parts {
            let listed = self.sources.named(*part, "properties");
            names.extend(listed.into_iter().flat_map(|named| named.iter().map(|m| m.key.as_str())));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The ways in which a property can be there that no part lists: for each the schemas that hold
    /// for it. `pattern` is one that its name matches.
    pub(super) fn unlisted(
        &mut self,
        parts: &[Node<'a>],
        pattern: Option<&str>,
    ) -> Vec<Vec<Node<'a>>> {
        let mut always = Vec::new();
        let mut ways: Option<Vec<Option<Node<'a>>>> = None;
        for part in parts {
            let patterns = self.sources.named(*part, "patternProperties");
            let patterns = patterns.filter(|patterns| !patterns.is_empty());
            let beyond = self.beyond(*part);
            match (patterns, pattern) {
                (None, _) => always.extend(beyond),
                (Some(patterns), Some(known)) if patterns.get(known).is_some() => {
                    always.extend(patterns.get(known).map(|value| part.at(value)));
                }
                (Some(patterns), _) if ways.is_none() => {
                    let matched = patterns.iter().map(|member| Some(part.at(&member.value)));
                    ways = Some(matched.chain([beyond]).collect());
                }
                _ => {}
            }
        }
        let ways = ways.unwrap_or_else(|| vec![None]);
        let mut found: Vec<Vec<Node<'a>>> =
            ways.into_iter().map(|way| always.iter().copied().chain(way).collect()).collect();
        found.retain(|nodes| !self.is_empty(nodes));
        found
    }

    /// How many positions the parts list at most.
    pub(super) fn positions(&self, parts: &[Node<'a>]) -> usize {
        parts.iter().map(|part| self.prefix(*part).len()).max().unwrap_or(0)
    }

    /// The schemas of the first items, by position.
    pub(super) fn prefix(&self, part: Node<'a>) -> &'a [Value] {
        let listed = |key| self.sources.get(part, key).and_then(Value::as_array);
        listed("prefixItems").or_else(|| listed("items")).unwrap_or_default()
    }

    /// The schema of the items beyond those.
    pub(super) fn tail(&self, part: Node<'a>) -> Option<Node<'a>> {
        let items = self.sources.schema(part, "items");
        match items.filter(|items| items.value.as_array().is_some()) {
            Some(_) => self.sources.schema(part, "additionalItems"),
            None => items,
        }
        .or_else(|| self.alone(part, "unevaluatedItems"))
    }

    /// The schemas that hold for an item; `None` if it cannot be there.
    pub(super) fn item(&mut self, parts: &[Node<'a>], index: usize) -> Option<Vec<Node<'a>>> {
        let mut nodes = Vec::new();
        for part in parts {
            match self.prefix(*part).get(index) {
                Some(value) => nodes.push(part.at(value)),
                None => nodes.extend(self.tail(*part)),
            }
        }
        (!self.is_empty(&nodes)).then_some(nodes)
    }

    /// What an array must contain, and how many of it.
    pub(super) fn contains(&self, part: Node<'a>) -> Option<(Node<'a>, Counts)> {
        let contained = self.sources.schema(part, "contains")?;
        let limit = |key| self.sources.get(part, key).and_then(count);
        let least = limit("minContains").unwrap_or(1);
        Some((contained, Counts { least, most: limit("maxContains").unwrap_or(usize::MAX) }))
    }

    /// The cases of names by the parts' `propertyNames`.
    pub(super) fn names(&mut self, parts: &[Node<'a>]) -> Vec<Case<'a>> {
        let nodes: Vec<_> =
            parts.iter().filter_map(|part| self.sources.schema(*part, "propertyNames")).collect();
        self.cases_from(Case::of(Types::STRING), &nodes)
    }
}
