//! Tags of Avro records and fields.

use std::collections::{HashMap, HashSet, VecDeque};

use super::AvroSchema;
use super::types::{Shape, TypeId};
use crate::json_text::{self, Data, Dialect, Json, Object, Value};
use crate::tags::{Entity, EntityKind, EntityTags, Step, TAGS, edited};
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
        // Tags are no part of what leads to a record.
        let records = Records::of(&root);
        edited(&mut root, changes, |_, change| records.find(&change.entity))?;
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

/// Where the records of a text are, those of one simple name together, the nearest to the root first.
#[derive(Default)]
struct Records {
    by_name: HashMap<String, Vec<RecordPlace>>,
    trail: Trail,
}

struct RecordPlace {
    namespace: String,
    /// The number of the step that leads to the record.
    trail: usize,
    /// The positions of its fields; of those of one name, the first.
    fields: HashMap<String, usize>,
}

impl Records {
    fn of(root: &Value) -> Self {
        let mut records = Self::default();
        let mut open = VecDeque::from([Place { value: root, namespace: "", trail: 0 }]);
        while let Some(place) = open.pop_front() {
            let below: Vec<(Step, &Value, &str)> = match &place.value.data {
                Data::Array(items) => {
                    let items = items.iter().enumerate();
                    items.map(|(at, item)| (Step::Item(at), item, place.namespace)).collect()
                }
                Data::Object(object) => {
                    let namespace = text(object, "namespace").unwrap_or(place.namespace);
                    records.add(object, namespace, place.trail);
                    let members = object.iter().filter(|member| is_nesting(&member.key));
                    let step = |key: &str| Step::Member(key.to_owned());
                    members.map(|member| (step(&member.key), &member.value, namespace)).collect()
                }
                _ => continue,
            };
            for (step, value, namespace) in below {
                let trail = records.trail.add(place.trail, step);
                open.push_back(Place { value, namespace, trail });
            }
        }
        records
    }

    fn add(&mut self, object: &Object, namespace: &str, trail: usize) {
        let (Some("record"), Some(name)) = (text(object, "type"), text(object, "name")) else {
            return;
        };
        let mut fields = HashMap::new();
        let listed = object.get("fields").and_then(Value::as_array).unwrap_or_default();
        for (position, field) in listed.iter().enumerate() {
            if let Some(name) = field.as_object().and_then(|field| text(field, "name")) {
                fields.entry(name.to_owned()).or_insert(position);
            }
        }
        let place = RecordPlace { namespace: namespace.to_owned(), trail, fields };
        self.by_name.entry(name.to_owned()).or_default().push(place);
    }

    /// The steps to a record or field. A path may leave out the namespace.
    fn find(&self, entity: &Entity) -> Option<Vec<Step>> {
        let wanted = Wanted::parse(entity)?;
        let mut places = self
            .by_name
            .get(wanted.record)?
            .iter()
            .filter(|place| wanted.namespace.is_empty() || wanted.namespace == place.namespace);
        let Some(field) = wanted.field else {
            return places.next().map(|place| self.trail.steps_to(place.trail));
        };
        let (place, position) =
            places.find_map(|place| Some((place, *place.fields.get(field)?)))?;
        let mut steps = self.trail.steps_to(place.trail);
        steps.extend([Step::Member("fields".to_owned()), Step::Item(position)]);
        Some(steps)
    }
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
