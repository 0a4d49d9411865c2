//! Tags of Avro records and fields.

use std::collections::{HashSet, VecDeque};

use super::AvroSchema;
use super::types::{Shape, TypeId};
use crate::json_text::{self, Data, Dialect, Json, Object, Value};
use crate::tags::{Entity, EntityChange, EntityKind, EntityTags, Step, TAGS, edited};
use crate::{Limits, TagChanges, UnknownEntity};

/// What is still to be looked at, the next one last.
enum Open<'s> {
    Type(TypeId),
    Field { owner: &'s str, position: usize, of: TypeId },
}

impl AvroSchema {
    /// Records in the order of their first use, each before its fields.
    pub(crate) fn tagged_entities(&self) -> Vec<EntityTags> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![Open::Type(self.root)];
        while let Some(next) = open.pop() {
            match next {
                Open::Field { owner, position, of } => {
                    let Shape::Record(record) = self.types.shape(of) else { continue };
                    let Some(field) = record.fields.get(position) else { continue };
                    let path = || format!("{owner}.{}", self.types.text(field.name));
                    add(&mut found, self.types.field_props(field), || Entity::field(path()));
                    open.push(Open::Type(field.type_id));
                }
                Open::Type(id) => {
                    let Shape::Record(record) = self.types.shape(id) else {
                        open.extend(self.types.inside(id).into_iter().rev().map(Open::Type));
                        continue;
                    };
                    if !seen.insert(id) {
                        continue;
                    }
                    let owner = record.named.name.full.as_str();
                    let props = self.types.props(self.types.get(id));
                    add(&mut found, props, || Entity::record(owner.to_owned()));
                    let positions = (0..record.fields.len()).rev();
                    open.extend(positions.map(|position| Open::Field { owner, position, of: id }));
                }
            }
        }
        found
    }

    pub(crate) fn with_tags(
        &self,
        changes: &TagChanges,
        limits: &Limits,
    ) -> Result<String, UnknownEntity> {
        // The canonical text was read once already, when the schema was parsed.
        let mut root = json_text::read(self.canonical(), Dialect::AVRO, limits)
            .map_err(|error| UnknownEntity(error.to_string()))?;
        edited(&mut root, changes, find)?;
        let mut text = String::new();
        json_text::print(&root.data, &mut text);
        Ok(text)
    }
}

fn add<'p>(
    found: &mut Vec<EntityTags>,
    mut props: impl Iterator<Item = (&'p str, Json<'p>)>,
    entity: impl FnOnce() -> Entity,
) {
    let tagged = props.find(|(key, _)| *key == TAGS);
    let tags = tagged.and_then(|(_, value)| value.as_array()).into_iter().flatten();
    let tags: Vec<String> = tags.filter_map(|tag| tag.as_str().map(str::to_owned)).collect();
    if !tags.is_empty() {
        found.push(EntityTags { entity: entity(), tags });
    }
}

/// A value on the way down, with the namespace that holds there.
#[derive(Clone, Copy)]
struct Place<'v> {
    value: &'v Value,
    namespace: &'v str,
    /// The number of the step that led here.
    trail: usize,
}

/// The steps to a record or field, the nearest to the root first. A path may leave out the
/// namespace.
fn find(root: &Value, change: &EntityChange) -> Option<Vec<Step>> {
    let wanted = Wanted::parse(&change.entity)?;
    let mut trail = Trail::default();
    let mut open = VecDeque::from([Place { value: root, namespace: "", trail: 0 }]);
    while let Some(place) = open.pop_front() {
        let below: Vec<(Step, &Value, &str)> = match &place.value.data {
            Data::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(at, item)| (Step::Item(at), item, place.namespace)).collect()
            }
            Data::Object(object) => {
                let namespace = text(object, "namespace").unwrap_or(place.namespace);
                if let Some(rest) = wanted.steps_in(object, namespace) {
                    return Some([trail.steps_to(place.trail), rest].concat());
                }
                let members = object.iter().filter(|member| is_nesting(&member.key));
                members
                    .map(|member| (Step::Member(member.key.to_string()), &member.value, namespace))
                    .collect()
            }
            _ => continue,
        };
        for (step, value, namespace) in below {
            open.push_back(Place { value, namespace, trail: trail.add(place.trail, step) });
        }
    }
    None
}

fn is_nesting(key: &str) -> bool {
    matches!(key, "fields" | "items" | "values" | "type")
}

/// An entity's path, taken apart.
struct Wanted<'p> {
    namespace: &'p str,
    record: &'p str,
    field: Option<&'p str>,
}

impl<'p> Wanted<'p> {
    fn parse(entity: &'p Entity) -> Option<Self> {
        let path = entity.path.as_str();
        let (record, field) = match entity.kind {
            EntityKind::Record => (path, None),
            EntityKind::Field => {
                path.rsplit_once('.').map(|(record, field)| (record, Some(field)))?
            }
        };
        let (namespace, record) = record.rsplit_once('.').unwrap_or(("", record));
        Some(Self { namespace, record, field })
    }

    /// The steps on from an object to the entity, if it is this one or a field of it.
    fn steps_in(&self, object: &Object, namespace: &str) -> Option<Vec<Step>> {
        let is_wanted = text(object, "type") == Some("record")
            && text(object, "name") == Some(self.record)
            && (self.namespace.is_empty() || self.namespace == namespace);
        if !is_wanted {
            return None;
        }
        let Some(field) = self.field else { return Some(Vec::new()) };
        let fields = object.get("fields").and_then(Value::as_array)?;
        let is_field = |value: &Value| {
            value.as_object().is_some_and(|object| text(object, "name") == Some(field))
        };
        let at = fields.iter().position(is_field)?;
        Some(vec![Step::Member("fields".to_owned()), Step::Item(at)])
    }
}

/// All steps taken so far, each with the number of the one before it; 0 is the root.
#[derive(Default)]
struct Trail(Vec<(usize, Step)>);

impl Trail {
    fn add(&mut self, before: usize, step: Step) -> usize {
        self.0.push((before, step));
        self.0.len()
    }

    fn steps_to(&self, mut number: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        while let Some((before, step)) = number.checked_sub(1).and_then(|at| self.0.get(at)) {
            steps.push(step.clone());
            number = *before;
        }
        steps.reverse();
        steps
    }
}

fn text<'v>(object: &'v Object, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}
