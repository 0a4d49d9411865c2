//! Tags of Protobuf messages and fields: the entry `tags` of the options `confluent.message_meta`
//! and `confluent.field_meta`.

use smol_str::{SmolStr, format_smolstr};

use super::ast::{Field, File, Message, OptionNode, OptionValue, TypeDecl};
use super::normalize::as_map;
use super::{ProtobufSchema, print};
use crate::tags::{Entity, EntityChange, EntityKind, EntityTags};
use crate::{TagChanges, UnknownEntity};

const MESSAGE_META: &str = "confluent.message_meta";
const FIELD_META: &str = "confluent.field_meta";
const TAGS: &str = "tags";

type Entries = Vec<(SmolStr, OptionValue)>;

impl ProtobufSchema {
    /// Messages before their fields, those of oneofs first, and before what is nested in them.
    pub(crate) fn tagged_entities(&self) -> Vec<EntityTags> {
        let mut found = Vec::new();
        let mut open: Vec<(SmolStr, &Message)> = Vec::new();
        open.extend(messages(&self.parsed.file.types).rev().map(|m| (m.name.clone(), m)));
        while let Some((path, message)) = open.pop() {
            add(&mut found, MESSAGE_META, &message.options, || Entity::record(path.to_string()));
            let in_oneofs = message.oneofs.items.iter().flat_map(|oneof| &oneof.fields);
            for field in in_oneofs.chain(&message.fields) {
                let entity = || Entity::field(format!("{path}.{}", field.name));
                add(&mut found, FIELD_META, &field.options, entity);
            }
            let nested = messages(&message.nested).rev();
            open.extend(nested.map(|nested| (format_smolstr!("{path}.{}", nested.name), nested)));
        }
        found
    }

    pub(crate) fn with_tags(&self, changes: &TagChanges) -> Result<String, UnknownEntity> {
        let mut file = self.parsed.file.clone();
        for change in changes.by_entity() {
            let (name, options) =
                options_of(&mut file, &change.entity).ok_or_else(|| change.unknown())?;
            apply(name, options, &change);
        }
        Ok(print::print(&file))
    }
}

fn messages(types: &[TypeDecl]) -> impl DoubleEndedIterator<Item = &Message> {
    types.iter().filter_map(|decl| match decl {
        TypeDecl::Message(message) => Some(message),
        TypeDecl::Enum(_) => None,
    })
}

fn add(
    found: &mut Vec<EntityTags>,
    name: &str,
    options: &[OptionNode],
    entity: impl FnOnce() -> Entity,
) {
    let merged = merged(options);
    let meta = merged.iter().find(|option| is_named(option, name));
    let tags = meta.map(|meta| tags_of(&meta.value)).unwrap_or_default();
    if !tags.is_empty() {
        found.push(EntityTags { entity: entity(), tags });
    }
}

/// The options that hold the tags of an entity, and the name of the one that does. The path of a
/// field may name its oneof before it.
fn options_of<'f>(
    file: &'f mut File,
    entity: &Entity,
) -> Option<(&'static str, &'f mut Vec<OptionNode>)> {
    let mut words: Vec<&str> = entity.path.split('.').collect();
    let field = match entity.kind {
        EntityKind::Record => None,
        EntityKind::Field => words.pop(),
    };
    let (&first, nested) = words.split_first()?;
    let mut message = message_named(&mut file.types, first)?;
    for (index, name) in nested.iter().enumerate() {
        if messages(&message.nested).any(|nested| nested.name == *name) {
            message = message_named(&mut message.nested, name)?;
        } else if index + 1 == nested.len() {
            let oneof = message.oneofs.items.iter_mut().find(|oneof| oneof.name == *name)?;
            return field_named(&mut oneof.fields, field?).map(|options| (FIELD_META, options));
        } else {
            return None;
        }
    }
    let Some(field) = field else { return Some((MESSAGE_META, &mut message.options)) };
    let in_oneofs = message.oneofs.items.iter_mut().flat_map(|oneof| &mut oneof.fields);
    let mut fields = message.fields.iter_mut().chain(in_oneofs);
    fields.find(|known| known.name == field).map(|known| (FIELD_META, &mut known.options))
}

fn message_named<'m>(types: &'m mut [TypeDecl], name: &str) -> Option<&'m mut Message> {
    types.iter_mut().find_map(|decl| match decl {
        TypeDecl::Message(message) if message.name == name => Some(message),
        _ => None,
    })
}

fn field_named<'m>(fields: &'m mut [Field], name: &str) -> Option<&'m mut Vec<OptionNode>> {
    fields.iter_mut().find(|field| field.name == name).map(|field| &mut field.options)
}

fn is_named(option: &OptionNode, name: &str) -> bool {
    option.is_custom && option.name.strip_prefix('.').unwrap_or(&option.name) == name
}

fn apply(name: &str, options: &mut Vec<OptionNode>, change: &EntityChange) {
    *options = merged(options);
    let at = options.iter().position(|option| is_named(option, name));
    let known = at.map(|at| options.remove(at));
    let mut entries = match known.map(|known| known.value) {
        Some(OptionValue::Map(entries)) => entries,
        _ => Vec::new(),
    };
    let tags = change.applied(tags_in(&entries));
    let tags =
        OptionValue::List(tags.into_iter().map(|tag| OptionValue::Text(tag.into())).collect());
    let is_empty = matches!(&tags, OptionValue::List(items) if items.is_empty());
    match entries.iter().position(|(key, _)| key == TAGS) {
        Some(at) if is_empty => drop(entries.remove(at)),
        Some(at) => entries.splice(at..=at, [(TAGS.into(), tags)]).for_each(drop),
        None if is_empty => {}
        None => entries.push((TAGS.into(), tags)),
    }
    if !entries.is_empty() {
        let value = OptionValue::Map(entries);
        let option = OptionNode { name: name.into(), is_custom: true, value };
        options.insert(at.unwrap_or(options.len()), option);
    }
}

/// Each option once; several settings of one message are one message, their lists joined.
fn merged(options: &[OptionNode]) -> Vec<OptionNode> {
    let mut merged: Vec<OptionNode> = Vec::with_capacity(options.len());
    for option in options {
        let value = as_map(option.value.clone());
        let known = merged
            .iter_mut()
            .find(|known| known.is_custom == option.is_custom && known.name == option.name);
        match known {
            None => merged.push(OptionNode { value, ..option.clone() }),
            Some(known) => match (&mut known.value, value) {
                (OptionValue::Map(entries), OptionValue::Map(more)) => join(entries, more),
                (known, value) => *known = value,
            },
        }
    }
    merged
}

fn join(entries: &mut Entries, more: Entries) {
    for (key, value) in more {
        match entries.iter_mut().find(|(known, _)| *known == key) {
            None => entries.push((key, value)),
            Some((_, known)) => {
                let mut items = items_of(known.clone());
                let new = items_of(value).into_iter().filter(|item| !items.contains(item));
                let new: Vec<OptionValue> = new.collect();
                items.extend(new);
                *known = OptionValue::List(items);
            }
        }
    }
}

fn items_of(value: OptionValue) -> Vec<OptionValue> {
    match value {
        OptionValue::List(items) => items,
        value => vec![value],
    }
}

fn tags_of(meta: &OptionValue) -> Vec<String> {
    match meta {
        OptionValue::Map(entries) => tags_in(entries),
        _ => Vec::new(),
    }
}

fn tags_in(entries: &Entries) -> Vec<String> {
    let tags = entries.iter().find(|(key, _)| key == TAGS).map(|(_, value)| value.clone());
    let items = tags.map(items_of).unwrap_or_default();
    let texts = items.into_iter().filter_map(|item| match item {
        OptionValue::Text(text) => Some(text.into()),
        _ => None,
    });
    texts.collect()
}
