//! Protobuf messages as rules see them: in their JSON mapping, and field by field.

use std::collections::{BTreeSet, HashMap};

use levada_schema_core::Limits;
use levada_schema_core::protobuf::{DeclaredMessage, ProtobufSchema};
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage,
    SerializeOptions, Value,
};
use serde_json::Value as Json;

use crate::Error;
use crate::client::RegisteredSchema;
use crate::rules::{
    Constraint, FieldContext, FieldType, FieldValue, Inspection, MessageView, RuleError, This,
    Walk, joined, misfit,
};

/// A message with the tags of the schema that it follows.
#[derive(Clone, Debug)]
pub(crate) struct ProtobufMessage<'s> {
    tags: &'s Meta,
    pub(crate) message: DynamicMessage,
}

impl<'s> ProtobufMessage<'s> {
    pub(super) fn new(tags: &'s Meta, message: DynamicMessage) -> Self {
        Self { tags, message }
    }

    pub(super) fn of_json(
        tags: &'s Meta,
        descriptor: MessageDescriptor,
        json: Json,
    ) -> Result<Self, RuleError> {
        Ok(Self::new(tags, of_json(descriptor, json)?))
    }

    pub(crate) fn to_json(&self) -> Result<Json, RuleError> {
        to_json(&self.message)
    }

    pub(crate) fn set_json(&mut self, json: Json) -> Result<(), RuleError> {
        self.message = of_json(self.message.descriptor(), json)?;
        Ok(())
    }

    pub(crate) fn inspect(&self, inspection: &mut Inspection) {
        inspect(&self.message, self.tags, "", inspection);
    }

    pub(crate) fn walk(&mut self, rule: &Walk<'_>) -> Result<(), RuleError> {
        walk(&mut self.message, rule, self.tags)
    }
}

/// What the text of a schema says with the options of `confluent/meta.proto`.
#[derive(Debug, Default)]
pub(crate) struct Meta {
    /// The tags of fields, by their full names.
    tags: HashMap<String, BTreeSet<String>>,
    /// The rules of messages, by their full names.
    of_messages: HashMap<String, Vec<Constraint>>,
    /// The rules of fields, by their full names.
    of_fields: HashMap<String, Vec<Constraint>>,
}

impl Meta {
    pub(super) fn of(schema: &RegisteredSchema) -> Result<Self, Error> {
        let limits = Limits::default();
        let parsed = ProtobufSchema::parse(&schema.text, &schema.references, &limits)?;
        let declarations = parsed.declarations();
        let mut meta = Self::default();
        let referenced = declarations.referenced.iter().map(|(_, file)| file);
        for file in referenced.chain([&declarations.own]) {
            file.messages.iter().for_each(|message| meta.collect(message));
        }
        Ok(meta)
    }

    /// Recurses as deep as the parser lets messages nest.
    fn collect(&mut self, message: &DeclaredMessage) {
        let in_oneofs = message.oneofs.iter().flat_map(|oneof| &oneof.fields);
        for field in message.fields.iter().chain(in_oneofs) {
            let Some(meta) = &field.meta else { continue };
            let name = format!("{}.{}", message.name, field.name);
            if !meta.tags.is_empty() {
                self.tags.insert(name.clone(), meta.tags.iter().cloned().collect());
            }
            if !meta.rules.is_empty() {
                let rules = meta.rules.iter().map(Constraint::of_protobuf);
                self.of_fields.insert(name, rules.collect());
            }
        }
        if let Some(meta) = message.meta.as_ref().filter(|meta| !meta.rules.is_empty()) {
            let rules = meta.rules.iter().map(Constraint::of_protobuf);
            self.of_messages.insert(message.name.clone(), rules.collect());
        }
        message.messages.iter().for_each(|message| self.collect(message));
    }

    fn get(&self, field: &FieldDescriptor) -> BTreeSet<String> {
        self.tags.get(field.full_name()).cloned().unwrap_or_default()
    }
}

/// In the JSON mapping, with fields that have their default.
fn to_json(message: &DynamicMessage) -> Result<Json, RuleError> {
    let options = SerializeOptions::new().skip_default_fields(false);
    let mut text = Vec::new();
    // Through text, because a value has no floats: 0.1 would become what the double beside it is.
    let mut writer = serde_json::Serializer::new(&mut text);
    let written = message.serialize_with_options(&mut writer, &options);
    written
        .and_then(|()| serde_json::from_slice(&text))
        .map_err(|error| RuleError::Failed(error.to_string()))
}

/// The message that JSON stands for, in its JSON mapping or under the names of the text.
fn of_json(descriptor: MessageDescriptor, json: Json) -> Result<DynamicMessage, RuleError> {
    DynamicMessage::deserialize(descriptor, json)
        .map_err(|error| RuleError::Failed(error.to_string()))
}

/// Applies the rules that the schema carries itself to a message and to those within. Recurses as deep
/// as the decoder let the message be.
fn inspect(message: &DynamicMessage, meta: &Meta, path: &str, inspection: &mut Inspection) {
    let descriptor = message.descriptor();
    if let Some(constraints) = meta.of_messages.get(descriptor.full_name()) {
        inspection.of(constraints, This::Protobuf(message), path);
    }
    for field in descriptor.fields() {
        if inspection.is_over() {
            return;
        }
        // What is not set has no value to look at.
        if field.supports_presence() && !message.has_field(&field) {
            continue;
        }
        let path = joined(path, field.name());
        let value = message.get_field(&field);
        if let Some(constraints) = meta.of_fields.get(field.full_name()) {
            inspection.of(constraints, This::ProtobufField(&field, &value), &path);
        }
        match &*value {
            Value::Message(inner) => inspect(inner, meta, &path, inspection),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let Value::Message(item) = item else { break };
                    inspect(item, meta, &format!("{path}[{index}]"), inspection);
                }
            }
            Value::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                for (key, item) in entries {
                    let Value::Message(item) = item else { break };
                    inspect(item, meta, &format!("{path}[\"{}\"]", shown(key)), inspection);
                }
            }
            _ => {}
        }
    }
}

/// A key of a map as it stands in a path.
pub(super) fn shown(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

/// Applies a rule to the fields of a message and of those within. Recurses as deep as the decoder
/// let the message be.
fn walk(message: &mut DynamicMessage, walk: &Walk<'_>, inline: &Meta) -> Result<(), RuleError> {
    let descriptor = message.descriptor();
    for field in descriptor.fields() {
        // What is not set has no value to look at.
        if field.supports_presence() && !message.has_field(&field) {
            continue;
        }
        let tags = walk.tags(field.full_name(), inline.get(&field));
        let place = Place { field: &field, tags: &tags, message, inline };
        let value = place.message.get_field(&field);
        let new = part(walk, &field.kind(), &value, &place)?;
        drop(value);
        if let Some(new) = new {
            message.set_field(&field, new);
        }
    }
    Ok(())
}

/// The field that a value belongs to.
struct Place<'a> {
    field: &'a FieldDescriptor,
    tags: &'a BTreeSet<String>,
    message: &'a DynamicMessage,
    inline: &'a Meta,
}

fn part(
    walk: &Walk<'_>,
    kind: &Kind,
    value: &Value,
    place: &Place<'_>,
) -> Result<Option<Value>, RuleError> {
    match value {
        Value::List(items) => {
            let mut changed = None;
            for (index, item) in items.iter().enumerate() {
                if let Some(new) = part(walk, kind, item, place)? {
                    changed.get_or_insert_with(|| items.clone())[index] = new;
                }
            }
            Ok(changed.map(Value::List))
        }
        Value::Map(entries) => {
            let Kind::Message(entry) = kind else { return Ok(None) };
            let kind = entry.map_entry_value_field().kind();
            let mut keys: Vec<_> = entries.keys().collect();
            keys.sort_unstable();
            let mut changed = None;
            for key in keys {
                if let Some(new) = part(walk, &kind, &entries[key], place)? {
                    changed.get_or_insert_with(|| entries.clone()).insert(key.clone(), new);
                }
            }
            Ok(changed.map(Value::Map))
        }
        Value::Message(inner) => {
            let mut inner = inner.clone();
            self::walk(&mut inner, walk, place.inline)?;
            Ok(Some(Value::Message(inner)))
        }
        _ if walk.wants(place.tags) => leaf(walk, kind, value, place),
        _ => Ok(None),
    }
}

fn leaf(
    walk: &Walk<'_>,
    kind: &Kind,
    value: &Value,
    place: &Place<'_>,
) -> Result<Option<Value>, RuleError> {
    let Some(old) = field_value(value) else { return Ok(None) };
    let field = FieldContext {
        full_name: place.field.full_name(),
        name: place.field.name(),
        field_type: type_of(kind),
        tags: place.tags,
        message: MessageView::Protobuf(place.message),
    };
    let Some(new) = walk.apply(&field, &old)? else { return Ok(None) };
    proto_value(kind, &new).map(Some).ok_or_else(|| misfit(&field, &new))
}

fn type_of(kind: &Kind) -> FieldType {
    match kind {
        Kind::Double => FieldType::Double,
        Kind::Float => FieldType::Float,
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Fixed32 | Kind::Sfixed32 => {
            FieldType::Int
        }
        Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64 => {
            FieldType::Long
        }
        Kind::Bool => FieldType::Boolean,
        Kind::String => FieldType::String,
        Kind::Bytes => FieldType::Bytes,
        Kind::Enum(_) => FieldType::Enum,
        // A message is walked and is no leaf.
        Kind::Message(_) => FieldType::Null,
    }
}

fn field_value(value: &Value) -> Option<FieldValue> {
    Some(match value {
        Value::Bool(value) => FieldValue::Boolean(*value),
        Value::I32(value) | Value::EnumNumber(value) => FieldValue::Integer(i64::from(*value)),
        Value::I64(value) => FieldValue::Integer(*value),
        Value::U32(value) => FieldValue::Unsigned(u64::from(*value)),
        Value::U64(value) => FieldValue::Unsigned(*value),
        Value::F32(value) => FieldValue::Double(f64::from(*value)),
        Value::F64(value) => FieldValue::Double(*value),
        Value::String(text) => FieldValue::String(text.clone()),
        Value::Bytes(bytes) => FieldValue::Bytes(bytes.to_vec()),
        Value::Message(_) | Value::List(_) | Value::Map(_) => return None,
    })
}

fn proto_value(kind: &Kind, value: &FieldValue) -> Option<Value> {
    let signed = || match value {
        FieldValue::Integer(value) => Some(*value),
        FieldValue::Unsigned(value) => i64::try_from(*value).ok(),
        _ => None,
    };
    let unsigned = || match value {
        FieldValue::Integer(value) => u64::try_from(*value).ok(),
        FieldValue::Unsigned(value) => Some(*value),
        _ => None,
    };
    Some(match (kind, value) {
        (Kind::Bool, FieldValue::Boolean(value)) => Value::Bool(*value),
        (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, _) => {
            Value::I32(i32::try_from(signed()?).ok()?)
        }
        (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64, _) => Value::I64(signed()?),
        (Kind::Uint32 | Kind::Fixed32, _) => Value::U32(u32::try_from(unsigned()?).ok()?),
        (Kind::Uint64 | Kind::Fixed64, _) => Value::U64(unsigned()?),
        (Kind::Enum(_), _) => Value::EnumNumber(i32::try_from(signed()?).ok()?),
        #[expect(clippy::cast_possible_truncation, reason = "the nearest float is meant")]
        (Kind::Float, FieldValue::Double(value)) => Value::F32(*value as f32),
        (Kind::Double, FieldValue::Double(value)) => Value::F64(*value),
        (Kind::String, FieldValue::String(text)) => Value::String(text.clone()),
        (Kind::Bytes, FieldValue::Bytes(bytes)) => Value::Bytes(bytes.clone().into()),
        _ => return None,
    })
}
