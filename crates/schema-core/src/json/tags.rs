//! Tags of JSON schemas: the entities are the objects and their properties, addressed by the
//! constructs on the way to them: `object.f`, `object.f.array.object`, `allof.0.object`,
//! `conditional.then.object`, `object.definitions.D.object`.

use super::JsonSchema;
use super::parts::{Composition, Part, parts, sorted_branches};
use crate::json_text::{Object, Value};
use crate::tags::{Entity, EntityChange, EntityKind, EntityTags, Step, edited, tags_of};
use crate::{Limits, TagChanges, UnknownEntity};

/// A schema still to be looked at.
struct Open<'v> {
    value: &'v Value,
    /// The path to it, with a dot at its end unless it is the root.
    scope: String,
    /// A property carries its tags as a field, never as a record.
    is_field: bool,
}

impl JsonSchema {
    /// Objects before their properties, in the order of the text.
    pub(crate) fn tagged_entities(&self, limits: &Limits) -> Vec<EntityTags> {
        // The canonical text was read once already, when the schema was parsed.
        let Ok(root) = super::read_root(self.canonical(), limits) else { return Vec::new() };
        let mut found = Vec::new();
        let mut open = vec![Open { value: &root, scope: String::new(), is_field: false }];
        while let Some(next) = open.pop() {
            let mut below = Vec::new();
            visit(&next, &mut found, &mut below);
            open.extend(below.into_iter().rev());
        }
        found
    }

    pub(crate) fn with_tags(
        &self,
        changes: &TagChanges,
        limits: &Limits,
    ) -> Result<String, UnknownEntity> {
        // The canonical text was read once already, when the schema was parsed.
        let mut root = super::read_root(self.canonical(), limits)
            .map_err(|error| UnknownEntity(error.to_string()))?;
        edited(&mut root, changes, find)?;
        Ok(super::text::canonical(&root))
    }
}

fn visit<'v>(open: &Open<'v>, found: &mut Vec<EntityTags>, below: &mut Vec<Open<'v>>) {
    let Some(object) = open.value.as_object() else { return };
    let parts = parts(object);
    let is_one = parts.len() == 1;
    for (index, part) in parts.into_iter().enumerate() {
        // Several constructs side by side are branches of an allOf that nobody wrote.
        let scope =
            if is_one { open.scope.clone() } else { format!("{}allof.{index}.", open.scope) };
        let is_field = open.is_field && is_one;
        let mut push = |value, scope| below.push(Open { value, scope, is_field: false });
        match part {
            Part::Object => object_part(object, &scope, is_field, found, below),
            Part::ObjectOf { index } => {
                let scope = format!("{scope}anyof.{index}.");
                object_part(object, &scope, is_field, found, below);
            }
            Part::Array(items) => push(items, format!("{scope}array.")),
            Part::Not(inner) => push(inner, format!("{scope}not.")),
            Part::Conditional(branches) => {
                for (name, branch) in branches {
                    push(branch, format!("{scope}conditional.{name}."));
                }
            }
            Part::Combined(composition, branches) => {
                for (index, branch) in sorted_branches(branches).into_iter().enumerate() {
                    push(branch.1, format!("{scope}{}.{index}.", composition.path()));
                }
            }
            Part::Other(_) => {}
        }
    }
}

/// The object itself, its properties, and the definitions that stand in it.
fn object_part<'v>(
    object: &'v Object,
    scope: &str,
    is_field: bool,
    found: &mut Vec<EntityTags>,
    below: &mut Vec<Open<'v>>,
) {
    let name = format!("{scope}object");
    if !is_field {
        add(found, object, || Entity::record(name.clone()));
    }
    for (key, value) in members(object, "properties") {
        let path = format!("{name}.{key}");
        if let Some(property) = value.as_object() {
            add(found, property, || Entity::field(path.clone()));
        }
        below.push(Open { value, scope: format!("{path}."), is_field: true });
    }
    for definitions in ["definitions", "$defs"] {
        for (key, value) in members(object, definitions) {
            let scope = format!("{name}.{definitions}.{key}.");
            below.push(Open { value, scope, is_field: false });
        }
    }
}

fn add(found: &mut Vec<EntityTags>, object: &Object, entity: impl FnOnce() -> Entity) {
    let tags = tags_of(object);
    if !tags.is_empty() {
        found.push(EntityTags { entity: entity(), tags });
    }
}

fn members<'v>(object: &'v Object, key: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
    let inner = object.get(key).and_then(Value::as_object);
    inner.into_iter().flat_map(Object::iter).map(|member| (member.key.as_str(), &member.value))
}

/// The steps that an entity's path stands for.
fn find(root: &Value, change: &EntityChange) -> Option<Vec<Step>> {
    let mut words = change.entity.path.split('.').peekable();
    let (mut value, mut steps) = (root, Vec::new());
    loop {
        let object = value.as_object()?;
        let next = match words.next()? {
            "object" => {
                if words.peek().is_none() {
                    let is_record = change.entity.kind == EntityKind::Record && is_object(object);
                    return is_record.then_some(steps);
                }
                let group = words.next_if(|word| matches!(*word, "definitions" | "$defs"));
                let group = group.unwrap_or("properties");
                let (name, inner) = named(object.get(group)?.as_object()?, &mut words)?;
                steps.extend([Step::Member(group.to_owned()), Step::Member(name)]);
                if words.peek().is_none() {
                    return (change.entity.kind == EntityKind::Field).then_some(steps);
                }
                inner
            }
            "array" => down(object, "items", &mut steps)?,
            "not" => down(object, "not", &mut steps)?,
            "conditional" => down(object, words.next()?, &mut steps)?,
            word => {
                let composition = Composition::of_path(word)?;
                let index: usize = words.next()?.parse().ok()?;
                let Some(branches) = object.get(composition.keyword()) else {
                    if is_unwritten(object, composition, index) {
                        continue;
                    }
                    return None;
                };
                let sorted = sorted_branches(branches.as_array()?);
                let (at, branch) = *sorted.get(index)?;
                steps.push(Step::Member(composition.keyword().to_owned()));
                steps.push(Step::Item(at));
                branch
            }
        };
        value = next;
    }
}

fn is_object(object: &Object) -> bool {
    parts(object).iter().any(|part| matches!(part, Part::Object | Part::ObjectOf { .. }))
}

/// Whether a construct that nobody wrote has such a branch. It lies in `object` itself.
fn is_unwritten(object: &Object, composition: Composition, branch: usize) -> bool {
    let parts = parts(object);
    match composition {
        Composition::All => parts.len() > 1 && branch < parts.len(),
        Composition::Any => {
            parts.iter().any(|part| matches!(part, Part::ObjectOf { index } if *index == branch))
        }
        Composition::One => false,
    }
}

fn down<'v>(object: &'v Object, key: &str, steps: &mut Vec<Step>) -> Option<&'v Value> {
    steps.push(Step::Member(key.to_owned()));
    object.get(key)
}

/// The member that the next words name; dots may belong to its name.
fn named<'v, 'p>(
    object: &'v Object,
    words: &mut impl Iterator<Item = &'p str>,
) -> Option<(String, &'v Value)> {
    let mut name = words.next()?.to_owned();
    loop {
        if let Some(value) = object.get(&name) {
            return Some((name, value));
        }
        name.push('.');
        name.push_str(words.next()?);
    }
}
