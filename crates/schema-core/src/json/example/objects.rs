//! Objects: one property at a time is varied, left out or added.

use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::search::{Focus, Found, INNER_MAX, Search, Wanted};
use super::shape::{All, Ruled, Schema, Shape, Type, shapes};
use super::text;
use crate::json::model::{Additional, Kind, NodeId, ObjectRules};

/// Most properties of an object that is made up.
const MEMBERS_MAX: usize = 300;
/// Most names that are varied in one object.
const NAMES_MAX: usize = 120;
/// Names that hardly any schema lists.
const FRESH: [&str; 4] = ["extra", "x1", "zz", "_"];

type Members = Map<String, Value>;

impl Search {
    pub(super) fn objects(
        &mut self,
        wanted: Wanted<'_, '_>,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        focus: &Focus,
        found: &mut Found,
    ) {
        let names = match focus {
            Focus::Member(name) => vec![name.clone()],
            Focus::Extra => self.fresh_names(shape, readers),
            _ => self.names(shape, readers),
        };
        if let Some(members) = self.completed(shape, readers, Members::new()) {
            self.offer(wanted, Value::Object(members), found);
        }
        for name in &names {
            if found.is_full() || self.judge.is_exhausted() {
                return;
            }
            self.vary_member(wanted, shape, readers, name, found);
        }
        self.vary_count(wanted, shape, readers, &names, found);
        self.break_dependents(wanted, shape, readers, found);
    }

    fn vary_member(
        &mut self,
        wanted: Wanted<'_, '_>,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        name: &str,
        found: &mut Found,
    ) {
        let Some(writer) = self.member_schemas(shape, name) else { return };
        let reader = self.member_alternatives(readers, name);
        let inner = Wanted { writer: &writer, reader: &reader };
        let mut values = self.values(inner, &Focus::Everything, INNER_MAX);
        values.extend(self.sample(inner));
        for value in values {
            let fixed = Members::from_iter([(name.to_owned(), value)]);
            if let Some(members) = self.completed(shape, readers, fixed) {
                self.offer(wanted, Value::Object(members), found);
            }
        }
    }

    /// Objects with as many properties as pass a limit of the reader, and with all that are known.
    fn vary_count(
        &mut self,
        wanted: Wanted<'_, '_>,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        names: &[String],
        found: &mut Found,
    ) {
        let limits = readers.iter().flat_map(|reader| &reader.objects);
        let limits = limits.filter_map(|(_, rules)| usize::try_from(rules.max_properties?).ok());
        let mut counts: Vec<usize> = limits.map(|most| most + 1).collect();
        counts.push(names.len().min(MEMBERS_MAX));
        for count in counts {
            if let Some(mut members) = self.completed(shape, readers, Members::new()) {
                self.grow(shape, readers, &mut members, count);
                self.offer(wanted, Value::Object(members), found);
            }
        }
    }

    /// Objects with a name on which the reader has them meet another schema, which they do not.
    fn break_dependents(
        &mut self,
        wanted: Wanted<'_, '_>,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        found: &mut Found,
    ) {
        for (schema, rules) in readers.iter().flat_map(|reader| &reader.objects) {
            for (name, id) in &rules.schemas_by {
                if found.is_full() || self.judge.is_exhausted() {
                    return;
                }
                let reader = [vec![schema.with(*id)]];
                let broken = Wanted { writer: wanted.writer, reader: &reader };
                for value in self.values(broken, &Focus::Everything, INNER_MAX) {
                    let Value::Object(members) = value else { continue };
                    if let Some(members) = self.with_member(shape, readers, members, name) {
                        self.offer(wanted, Value::Object(members), found);
                    }
                }
            }
        }
    }

    /// The members with one more of that name, unless it is there.
    pub(super) fn with_member(
        &mut self,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        mut members: Members,
        name: &str,
    ) -> Option<Members> {
        if !members.contains_key(name) {
            members.insert(name.to_owned(), self.member_sample(shape, readers, name)?);
        }
        self.completed(shape, readers, members)
    }

    /// The members with all that must stand beside them.
    pub(super) fn completed(
        &mut self,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        mut members: Members,
    ) -> Option<Members> {
        while let Some(name) = missing(shape, &members) {
            if members.len() >= MEMBERS_MAX {
                return None;
            }
            let value = self.member_sample(shape, readers, &name)?;
            members.insert(name, value);
        }
        let least = shape.objects.iter().filter_map(|(_, rules)| rules.min_properties).max();
        let least = usize::try_from(least.unwrap_or(0)).unwrap_or(0);
        self.grow(shape, readers, &mut members, least);
        Some(members)
    }

    /// Adds properties until there are `count`, if there can be.
    fn grow(
        &mut self,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        members: &mut Members,
        count: usize,
    ) {
        if members.len() >= count {
            return;
        }
        let count = count.min(MEMBERS_MAX);
        let known = self.names(shape, readers);
        let numbered = (0..count).map(|index| format!("p{index}"));
        for name in known.into_iter().chain(numbered) {
            if members.len() >= count || self.judge.is_exhausted() {
                return;
            }
            if !members.contains_key(&name)
                && let Some(value) = self.member_sample(shape, readers, &name)
            {
                members.insert(name, value);
            }
        }
    }

    fn member_sample(
        &mut self,
        shape: &Shape<'_>,
        readers: &[Shape<'_>],
        name: &str,
    ) -> Option<Value> {
        let writer = self.member_schemas(shape, name)?;
        let reader = self.member_alternatives(readers, name);
        self.sample(Wanted { writer: &writer, reader: &reader })
    }

    /// What the shape asks of a property; `None` if it may not be there.
    pub(super) fn member_schemas<'m>(&mut self, shape: &Shape<'m>, name: &str) -> Option<All<'m>> {
        let mut all = All::new();
        let mut unevaluated = Vec::new();
        for (schema, rules) in &shape.objects {
            let matching = self.listed(rules, name);
            all.extend(matching.iter().map(|id| schema.with(*id)));
            if !matching.is_empty() {
                continue;
            }
            match rules.additional {
                Additional::Refused => return None,
                Additional::Schema(id) => all.push(schema.with(id)),
                Additional::Allowed => {
                    unevaluated.extend(rules.unevaluated.map(|id| schema.with(id)));
                }
            }
        }
        if all.is_empty() {
            all = unevaluated;
        }
        let names = shape
            .objects
            .iter()
            .filter_map(|(schema, rules)| rules.property_names.map(|id| schema.with(id)));
        let names: All<'_> = names.collect();
        let is_refused = all.iter().any(|schema| matches!(schema.kind(), Kind::False));
        let is_named = self.judge.may_accept(&names, &Value::String(name.to_owned()));
        (is_named && !is_refused).then_some(all)
    }

    /// The schemas of a listed name, and of the patterns that it matches.
    pub(super) fn listed(&mut self, rules: &ObjectRules, name: &str) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = rules.properties.get(name).copied().into_iter().collect();
        for (pattern, id) in &rules.patterns {
            if self.judge.finds(pattern, name) == Some(true) {
                ids.push(*id);
            }
        }
        ids
    }

    /// The same for each alternative of a reader in which the property may be there.
    pub(super) fn member_alternatives<'m>(
        &mut self,
        readers: &[Shape<'m>],
        name: &str,
    ) -> Vec<All<'m>> {
        let objects = readers.iter().filter(|shape| shape.types.contains(&Type::Object));
        objects.filter_map(|shape| self.member_schemas(shape, name)).collect()
    }

    /// The names that either side has something to say about, and some that nobody has.
    pub(super) fn names(&mut self, shape: &Shape<'_>, readers: &[Shape<'_>]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let ruled =
            || shape.objects.iter().chain(readers.iter().flat_map(|reader| &reader.objects));
        for (_, rules) in ruled() {
            names.extend(rules.properties.keys().map(ToString::to_string));
            names.extend(rules.required_by.keys().map(ToString::to_string));
            names.extend(rules.schemas_by.keys().map(ToString::to_string));
            names.extend(rules.required.iter().map(ToString::to_string));
            for (pattern, _) in &rules.patterns {
                let texts = text::matching(pattern, self.pattern_depth_max, &[]);
                names.extend(texts.into_iter().take(INNER_MAX));
            }
        }
        names.extend(self.fresh_names(shape, readers));
        let mut known = Vec::new();
        for name in names {
            if known.len() < NAMES_MAX && !known.contains(&name) {
                known.push(name);
            }
        }
        known
    }

    /// Names that neither side lists: those that the reader's `propertyNames` refuses, then others.
    pub(super) fn fresh_names(&mut self, shape: &Shape<'_>, readers: &[Shape<'_>]) -> Vec<String> {
        let writer: All<'_> = shape.objects.iter().filter_map(name_schema).collect();
        let reader: Vec<All<'_>> = readers
            .iter()
            .map(|reader| reader.objects.iter().filter_map(name_schema).collect())
            .collect();
        let mut values = Vec::new();
        if reader.iter().any(|all: &All<'_>| !all.is_empty()) {
            let wanted = Wanted { writer: &writer, reader: &reader };
            values = self.values(wanted, &Focus::Everything, INNER_MAX);
        }
        if !writer.is_empty() {
            values.extend(self.samples(&writer, INNER_MAX));
        }
        let texts = values.into_iter().filter_map(|value| value.as_str().map(str::to_owned));
        let mut names: Vec<String> = texts.chain(FRESH.map(str::to_owned)).collect();
        for (_, rules) in shape.objects.iter().chain(readers.iter().flat_map(|r| &r.objects)) {
            names.retain(|name| self.listed(rules, name).is_empty());
        }
        names
    }
}

fn name_schema<'m>((schema, rules): &Ruled<'m, ObjectRules>) -> Option<Schema<'m>> {
    rules.property_names.map(|id| schema.with(id))
}

/// A name that must be there beside the members, and is not.
fn missing(shape: &Shape<'_>, members: &Members) -> Option<String> {
    let absent = |name: &&SmolStr| !members.contains_key(name.as_str());
    for (schema, rules) in &shape.objects {
        if let Some(name) = rules.required.iter().find(absent) {
            return Some(name.to_string());
        }
        for name in members.keys() {
            let needed =
                rules.required_by.get(name.as_str()).and_then(|names| names.iter().find(absent));
            if let Some(name) = needed {
                return Some(name.to_string());
            }
            let dependent =
                rules.schemas_by.get(name.as_str()).map(|id| shapes(&[schema.with(*id)]));
            let first = dependent.and_then(|shapes| shapes.into_iter().next());
            let needed = first.and_then(|shape| {
                let mut rules = shape.objects.iter();
                rules.find_map(|(_, rules)| {
                    rules.required.iter().find(absent).map(ToString::to_string)
                })
            });
            if needed.is_some() {
                return needed;
            }
        }
    }
    None
}
