//! Tags inside a schema: which records and fields carry some, and how they are added and removed.
//!
//! Avro and JSON Schema keep them in the property `confluent:tags`, Protobuf in the options
//! `confluent.message_meta` and `confluent.field_meta`.

mod json;

use crate::{Limits, Schema};

pub(crate) use json::{Step, TAGS, edited, tags_of};

/// What can carry tags, named as the REST API names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntityKind {
    /// `sr_record`
    Record,
    /// `sr_field`
    Field,
}

/// A record or field of a schema by its path: `ns.Record.field` in Avro, `Message.Nested.field` in
/// Protobuf, `object.field.array.object` in JSON Schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entity {
    pub kind: EntityKind,
    pub path: String,
}

/// The tags of one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTags {
    pub entity: Entity,
    pub tags: Vec<String>,
}

/// Tags to add and to remove, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChanges {
    pub add: Vec<EntityTags>,
    pub remove: Vec<EntityTags>,
}

/// A path that leads to no entity of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("No matching path '{0}' found in the schema")]
pub struct UnknownEntity(pub String);

/// What happens to one entity.
pub(crate) struct EntityChange {
    pub(crate) entity: Entity,
    pub(crate) add: Vec<String>,
    pub(crate) remove: Vec<String>,
}

impl Entity {
    /// A leading dot of the path does not count.
    pub fn new(kind: EntityKind, path: &str) -> Self {
        Self { kind, path: path.strip_prefix('.').unwrap_or(path).to_owned() }
    }

    pub(crate) fn record(path: String) -> Self {
        Self { kind: EntityKind::Record, path }
    }

    pub(crate) fn field(path: String) -> Self {
        Self { kind: EntityKind::Field, path }
    }
}

impl TagChanges {
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }

    /// Each entity once, in the order in which they are named first.
    pub(crate) fn by_entity(&self) -> Vec<EntityChange> {
        let mut changes: Vec<EntityChange> = Vec::new();
        let mut at = std::collections::HashMap::new();
        let named = self.add.iter().map(|tags| (tags, true));
        for (EntityTags { entity, tags }, is_added) in
            named.chain(self.remove.iter().map(|tags| (tags, false)))
        {
            let index = *at.entry(entity).or_insert_with(|| {
                let entity = entity.clone();
                changes.push(EntityChange { entity, add: Vec::new(), remove: Vec::new() });
                changes.len() - 1
            });
            if let Some(change) = changes.get_mut(index) {
                let list = if is_added { &mut change.add } else { &mut change.remove };
                list.extend(tags.iter().cloned());
            }
        }
        changes
    }
}

impl EntityChange {
    /// `tags` after the change: each once, in order.
    pub(crate) fn applied(&self, tags: Vec<String>) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        let mut all: Vec<String> = tags.into_iter().chain(self.add.iter().cloned()).collect();
        all.retain(|tag| !self.remove.contains(tag) && seen.insert(tag.clone()));
        all
    }

    pub(crate) fn unknown(&self) -> UnknownEntity {
        UnknownEntity(self.entity.path.clone())
    }
}

impl Schema {
    /// Every record and field that carries tags.
    pub fn tagged_entities(&self, limits: &Limits) -> Vec<EntityTags> {
        match self {
            Self::Avro(schema) => schema.tagged_entities(),
            Self::Json(schema) => schema.tagged_entities(limits),
            Self::Protobuf(schema) => schema.tagged_entities(),
        }
    }

    /// The text of the schema with its tags changed; to be parsed again.
    pub fn with_tags(
        &self,
        changes: &TagChanges,
        limits: &Limits,
    ) -> Result<String, UnknownEntity> {
        match self {
            Self::Avro(schema) => schema.with_tags(changes, limits),
            Self::Json(schema) => schema.with_tags(changes, limits),
            Self::Protobuf(schema) => schema.with_tags(changes),
        }
    }
}

#[cfg(test)]
mod tests;
