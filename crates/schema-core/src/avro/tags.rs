//! Tags of Avro records and fields.

use std::collections::{HashSet, VecDeque};

use super::AvroSchema;
use super::types::{Shape, TypeId};
use crate::json_text::{self, Data, Dialect, Object, Value};
use crate::tags::{Entity, EntityChange, EntityKind, EntityTags, Step, edited, tags_of};
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
                    let path = || format!("{owner}.{}", field.name);
                    add(&mut found, &field.props, || Entity::field(path()));
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
                    let owner = record.named.name.full();
                    let props = &self.types.get(id).props;
                    add(&mut found, props, || Entity::record(owner.to_owned()));
                    let positions = (0..record.fields.len()).rev();
                    open.extend(
                        positions.map(|position| Open::Field { owner, position, of: id }),
                    );
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
        let mut root = json_text::read(&self.canonical, Dialect::AVRO, limits)
            .map_err(|error| UnknownEntity(error.to_string()))?;
        edited(&mut root, changes, find)?;
        let mut text = String::new();
        json_text::print(&root, &mut text);
        Ok(text)
    }
}

fn add(found: &mut Vec<EntityTags>, props: &Object, entity: impl FnOnce() -> Entity) {
    let tags = tags_of(props);
    if !tags.is_empty() {
        found.push(EntityTags { entity: entity(), tags });
    }
}

/// A value on the way down, with the namespace that holds there.
struct Place<'v> {
    value: &'v Value,
    namespace: &'v str,
    steps: Vec<Step>,
}

/// The steps to a record or field, the nearest to the root first. A path may leave out the
/// namespace.
fn find(root: &Value, change: &EntityChange) -> Option<Vec<Step>> {
    let path = change.entity.path.as_str();
    let (record, field) = match change.entity.kind {
        EntityKind::Record => (path, None),
        EntityKind::Field => path.rsplit_once('.').map(|(record, field)| (record, Some(field)))?,
    };
    let (wanted_namespace, name) = record.rsplit_once('.').unwrap_or(("", record));
    let mut open = VecDeque::from([Place { value: root, namespace: "", steps: Vec::new() }]);
    while let Some(place) = open.pop_front() {
        let Some(object) = place.value.as_object() else {
            open.extend(place.items());
            continue;
        };
        let namespace = text(object, "namespace").unwrap_or(place.namespace);
        let is_record = text(object, "type") == Some("record");
        let is_wanted = is_record
            && text(object, "name") == Some(name)
            && (wanted_namespace.is_empty() || wanted_namespace == namespace);
        match (is_wanted, field) {
            (true, None) => return Some(place.steps),
            (true, Some(field)) => {
                let fields = object.get("fields").and_then(Value::as_array).unwrap_or_default();
                let is_field = |value: &Value| {
                    value.as_object().is_some_and(|object| text(object, "name") == Some(field))
                };
                if let Some(index) = fields.iter().position(is_field) {
                    let member = Step::Member("fields".to_owned());
                    return Some([place.steps, vec![member, Step::Item(index)]].concat());
                }
            }
            (false, _) => {}
        }
        for key in ["fields", "items", "values", "type"] {
            if let Some(value) = object.get(key) {
                let steps = [place.steps.clone(), vec![Step::Member(key.to_owned())]].concat();
                open.push_back(Place { value, namespace, steps });
            }
        }
    }
    None
}

impl<'v> Place<'v> {
    /// The places of the items, where this is an array.
    fn items(&self) -> Vec<Place<'v>> {
        let Data::Array(items) = &self.value.data else { return Vec::new() };
        let place = |(index, value)| {
            let steps = [self.steps.clone(), vec![Step::Item(index)]].concat();
            Place { value, namespace: self.namespace, steps }
        };
        items.iter().enumerate().map(place).collect()
    }
}

fn text<'v>(object: &'v Object, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}
