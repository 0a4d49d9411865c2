//! Protobuf messages as rules see them: in their JSON mapping, and field by field.

use std::collections::BTreeSet;

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, SerializeOptions,
    Value,
};
use serde_json::Value as Json;

use crate::rules::{FieldContext, FieldType, FieldValue, MessageView, RuleError, Walk, misfit};

/// The option of a field that names its tags.
const META: &str = "confluent.field_meta";

/// In the JSON mapping, with fields that have their default.
pub(crate) fn to_json(message: &DynamicMessage) -> Result<Json, RuleError> {
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
pub(crate) fn of_json(
    descriptor: MessageDescriptor,
    json: Json,
) -> Result<DynamicMessage, RuleError> {
    DynamicMessage::deserialize(descriptor, json)
        .map_err(|error| RuleError::Failed(error.to_string()))
}

/// Applies a rule to the fields of a message and of those within. Recurses as deep as the decoder
/// let the message be.
pub(crate) fn walk(message: &mut DynamicMessage, walk: &Walk<'_>) -> Result<(), RuleError> {
    let descriptor = message.descriptor();
    for field in descriptor.fields() {
        // What is not set has no value to look at.
        if field.supports_presence() && !message.has_field(&field) {
            continue;
        }
        let tags = walk.tags(field.full_name(), inline_tags(&field));
        let place = Place { field: &field, tags: &tags, message };
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
            self::walk(&mut inner, walk)?;
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
    let Some(new) = walk.apply(&field, old)? else { return Ok(None) };
    proto_value(kind, &new).map(Some).ok_or_else(|| misfit(&field, &new))
}

fn inline_tags(field: &FieldDescriptor) -> BTreeSet<String> {
    let options = field.options();
    let extension = field.parent_pool().get_extension_by_name(META);
    let meta =
        extension.filter(|it| options.has_extension(it)).map(|it| options.get_extension(&it));
    let meta = meta.as_deref().and_then(Value::as_message);
    let tags = meta.and_then(|meta| meta.get_field_by_name("tags"));
    let tags = tags.as_deref().and_then(Value::as_list);
    tags.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
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
