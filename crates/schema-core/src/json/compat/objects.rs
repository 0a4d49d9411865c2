//! Objects: required names, properties under their content models, dependencies, sizes.

use foldhash::HashSet;
use smol_str::SmolStr;

use super::Findings;
use super::bounds::{Bound, lower, upper};
use super::hub::{At, Comparison};
use crate::json::java_order::hash_order_of_both;
use crate::json::model::{Additional, Kind, Node, NodeId, ObjectRules};
use crate::{CheckError, JsonRule};

const MAX_PROPERTIES: Bound = Bound {
    keyword: "maxProperties",
    added: JsonRule::MaxPropertiesAdded,
    tightened: JsonRule::MaxPropertiesDecreased,
};
const MIN_PROPERTIES: Bound = Bound {
    keyword: "minProperties",
    added: JsonRule::MinPropertiesAdded,
    tightened: JsonRule::MinPropertiesIncreased,
};

/// An object schema and where it stands.
type Side<'a> = (At, &'a ObjectRules);

/// So many names are looked through one by one.
const FEW: usize = 8;

/// The names that an object must have, each found at once.
enum Required<'a> {
    Few(&'a [SmolStr]),
    Many(HashSet<&'a str>),
}

impl<'a> Required<'a> {
    fn of(rules: &'a ObjectRules) -> Self {
        match rules.required.as_slice() {
            few if few.len() <= FEW => Self::Few(few),
            many => Self::Many(many.iter().map(SmolStr::as_str).collect()),
        }
    }

    fn contains(&self, name: &str) -> bool {
        match self {
            Self::Few(names) => names.iter().any(|required| required == name),
            Self::Many(names) => names.contains(name),
        }
    }
}

impl Comparison<'_> {
    pub(super) fn objects(
        &mut self,
        findings: &mut Findings,
        original: Side<'_>,
        update: Side<'_>,
    ) -> Result<(), CheckError> {
        let (old, new) = (original.1, update.1);
        let required = Required::of(new);
        self.required(findings, old, update, &required);
        self.properties(findings, original, update, &required)?;
        self.dependencies(findings, original, update)?;
        let rules = (JsonRule::AdditionalPropertiesRemoved, JsonRule::AdditionalPropertiesNarrowed);
        let path = "additionalProperties";
        self.additional(
            findings,
            path,
            rules,
            (original.0, old.additional),
            (update.0, new.additional),
        )?;
        let rules =
            (JsonRule::UnevaluatedPropertiesRemoved, JsonRule::UnevaluatedPropertiesNarrowed);
        let path = "unevaluatedProperties";
        self.unevaluated(
            findings,
            path,
            rules,
            old.unevaluated.map(|node| original.0.with(node)),
            new.unevaluated.map(|node| update.0.with(node)),
        )?;
        upper(findings, MAX_PROPERTIES, old.max_properties, new.max_properties);
        lower(findings, MIN_PROPERTIES, old.min_properties, new.min_properties);
        Ok(())
    }

    /// Properties of both sides that are newly required.
    fn required(
        &self,
        findings: &mut Findings,
        old: &ObjectRules,
        update: Side<'_>,
        required: &Required<'_>,
    ) {
        let before = Required::of(old);
        for (name, node) in &update.1.properties {
            let declared = old.properties.contains_key(name);
            let newly = required.contains(name) && !before.contains(name);
            if declared && newly && !has_default(self.node(update.0.with(*node))) {
                findings.add(JsonRule::RequiredAttributeAdded, format!("required/{name}"));
            }
        }
    }

    /// Properties are compared in the reference's order: where types refer to each other, what is
    /// found first decides under which path it is told. Told they are by name, the added ones last.
    fn properties(
        &mut self,
        findings: &mut Findings,
        original: Side<'_>,
        update: Side<'_>,
        required: &Required<'_>,
    ) -> Result<(), CheckError> {
        let (old, new) = (&original.1.properties, &update.1.properties);
        let mut told = Vec::new();
        for name in hash_order_of_both(old.keys(), new.keys()) {
            let mut found = Findings::new(self.policy, (original.0, update.0));
            let path = format!("properties/{name}");
            let before = old.get(name).map(|node| original.0.with(*node));
            let after = new.get(name).map(|node| update.0.with(*node));
            match (before, after) {
                (Some(before), Some(after)) => {
                    self.below(&mut found, &path, before, after)?;
                }
                (Some(before), None) => self.removed(&mut found, (name, &path), before, update)?,
                (None, Some(after)) => {
                    let added = (after, required.contains(name));
                    self.added(&mut found, (name, &path), original, added)?;
                }
                (None, None) => {}
            }
            if !found.list.is_empty() {
                told.push((before.is_none(), name, found.list));
            }
        }
        told.sort_by_key(|(is_added, name, _)| (*is_added, *name));
        findings.list.extend(told.into_iter().flat_map(|(.., found)| found));
        Ok(())
    }

    /// A removed property is judged by what the new schema says of names it does not list.
    fn removed(
        &mut self,
        findings: &mut Findings,
        (name, path): (&str, &str),
        property: At,
        update: Side<'_>,
    ) -> Result<(), CheckError> {
        if self.is_open(update) {
            return Ok(());
        }
        match self.covering(update, name)? {
            Some(covering) => {
                if !self.below(findings, path, property, update.0.with(covering))? {
                    let rule = JsonRule::PropertyRemovedNotCoveredByPartiallyOpenContentModel;
                    findings.add(rule, path);
                }
            }
            None if matches!(self.node(property).kind, Kind::False) => {}
            None => findings.add(JsonRule::PropertyRemovedFromClosedContentModel, path),
        }
        Ok(())
    }

    /// An added property is judged by what the old schema said of names it did not list. Whether
    /// it is empty or has a default is asked of the property itself, not of what it refers to.
    fn added(
        &mut self,
        findings: &mut Findings,
        (name, path): (&str, &str),
        original: Side<'_>,
        (property, required): (At, bool),
    ) -> Result<(), CheckError> {
        let node = self.node(property);
        if self.is_open(original) {
            if accepts_all(node) {
                return Ok(());
            }
            let rule = match (required, has_default(node)) {
                (true, true) => JsonRule::RequiredPropertyWithDefaultAddedToOpenContentModel,
                (true, false) => JsonRule::RequiredPropertyAddedToOpenContentModel,
                (false, _) => JsonRule::OptionalPropertyAddedToOpenContentModel,
            };
            findings.add(rule, path);
            return Ok(());
        }
        if let Some(covering) = self.covering(original, name)?
            && !self.below(findings, path, original.0.with(covering), property)?
        {
            let rule = JsonRule::PropertyAddedNotCoveredByPartiallyOpenContentModel;
            findings.add(rule, path);
        }
        if required && !has_default(node) {
            findings.add(JsonRule::RequiredPropertyAddedToUnopenContentModel, path);
        }
        Ok(())
    }

    /// Anything may stand under names that are not listed.
    fn is_open(&self, (at, rules): Side<'_>) -> bool {
        rules.additional == Additional::Allowed
            && rules.patterns.is_empty()
            && rules.unevaluated.is_none_or(|node| accepts_all(self.node(at.with(node))))
    }

    /// The schema that a name falls under which is not listed: of the first pattern it matches,
    /// of the additional or of the unevaluated properties.
    fn covering(
        &mut self,
        (at, rules): Side<'_>,
        name: &str,
    ) -> Result<Option<NodeId>, CheckError> {
        for (pattern, node) in &rules.patterns {
            if self.finds(pattern, name)? {
                return Ok(Some(*node));
            }
        }
        Ok(match rules.additional {
            Additional::Schema(node) => Some(node),
            Additional::Refused => None,
            Additional::Allowed => self.covering_unevaluated(at, rules.unevaluated),
        })
    }

    /// The unevaluated schema, if it is more than yes or no.
    pub(super) fn covering_unevaluated(
        &self,
        at: At,
        unevaluated: Option<NodeId>,
    ) -> Option<NodeId> {
        unevaluated.filter(|node| {
            let node = self.node(at.with(*node));
            !accepts_all(node) && !matches!(node.kind, Kind::False)
        })
    }

    fn dependencies(
        &mut self,
        findings: &mut Findings,
        (at, old): Side<'_>,
        (update, new): Side<'_>,
    ) -> Result<(), CheckError> {
        for (name, names) in &new.required_by {
            let rule = match old.required_by.get(name) {
                None => JsonRule::DependencyArrayAdded,
                Some(before) if before.is_superset(names) => continue,
                Some(before) if names.is_superset(before) => JsonRule::DependencyArrayExtended,
                Some(_) => JsonRule::DependencyArrayChanged,
            };
            findings.add(rule, format!("dependencies/{name}"));
        }
        for (name, node) in &new.schemas_by {
            let path = format!("dependencies/{name}");
            match old.schemas_by.get(name) {
                None => findings.add(JsonRule::DependencySchemaAdded, path),
                Some(before) => {
                    self.below(findings, &path, at.with(*before), update.with(*node))?;
                }
            }
        }
        Ok(())
    }

    /// `additionalProperties` and `additionalItems`; `rules` are those for refusing what was
    /// allowed and for asking more of it.
    pub(super) fn additional(
        &mut self,
        findings: &mut Findings,
        path: &str,
        (removed, narrowed): (JsonRule, JsonRule),
        (original, old): (At, Additional),
        (update, new): (At, Additional),
    ) -> Result<(), CheckError> {
        match (old, new) {
            (Additional::Allowed | Additional::Schema(_), Additional::Refused) => {
                findings.add(removed, path);
            }
            (Additional::Allowed, Additional::Schema(_)) => findings.add(narrowed, path),
            (Additional::Schema(old), Additional::Schema(new)) => {
                self.below(findings, path, original.with(old), update.with(new))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// `unevaluatedProperties` and `unevaluatedItems`: unlike above, `true` is a schema.
    pub(super) fn unevaluated(
        &mut self,
        findings: &mut Findings,
        path: &str,
        (removed, narrowed): (JsonRule, JsonRule),
        original: Option<At>,
        update: Option<At>,
    ) -> Result<(), CheckError> {
        let Some(update) = update else { return Ok(()) };
        let new = self.node(update);
        let refuses = matches!(new.kind, Kind::False);
        let Some(original) = original else {
            findings.add(if refuses { removed } else { narrowed }, path);
            return Ok(());
        };
        let old = self.node(original);
        match (matches!(old.kind, Kind::False), refuses) {
            (true, false) => {}
            (false, true) => findings.add(removed, path),
            _ => match (accepts_all(old), accepts_all(new)) {
                (true, false) => findings.add(narrowed, path),
                (false, true) => {}
                _ => {
                    self.below(findings, path, original, update)?;
                }
            },
        }
        Ok(())
    }
}

pub(super) fn accepts_all(node: &Node) -> bool {
    matches!(node.kind, Kind::Empty | Kind::True)
}

fn has_default(node: &Node) -> bool {
    node.notes.default.is_some()
}
