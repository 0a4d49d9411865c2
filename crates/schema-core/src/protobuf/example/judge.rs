//! What a reader makes of a message: whether it decodes, and whether the same is in it.
//!
//! Numbers are the same whatever type holds them, so are text and bytes, a value and a list of it
//! alone, a map and the list of its entries. Names do not count, as on the wire.

use std::collections::HashMap;

use prost_reflect::prost::Message as _;
use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, MapKey, MessageDescriptor, ReflectMessage as _,
    Value,
};

use super::place::Member;
use crate::Rule;

/// Longest message that a sentence shows whole, in characters.
const SHOWN_CHARS_MAX: usize = 200;

/// Why `reader` cannot take the member of `value` that is looked at; `None` if it can.
pub(super) fn refusal(
    value: &DynamicMessage,
    reader: &MessageDescriptor,
    member: &Member,
) -> Option<String> {
    let read = match decoded(value, reader) {
        Ok(read) => read,
        Err(error) => return Some(format!("decoding fails: {error}")),
    };
    let counts = |field: &FieldDescriptor| match member {
        Member::Whole => true,
        Member::Field(number) => field.number() == *number,
        Member::Oneof(name) => reader
            .get_field(field.number())
            .and_then(|field| field.containing_oneof())
            .is_some_and(|oneof| oneof.name() == name),
    };
    let changed = value.fields().filter(|(field, _)| counts(field)).find_map(|(field, written)| {
        let name = format!("field '{}' ({})", field.name(), field.number());
        let Some(kept) = reader.get_field(field.number()) else {
            return Some(format!(
                "the reader has no field {}: '{}' is lost",
                field.number(),
                field.name()
            ));
        };
        // A message without fields set is there all the same.
        let is_there = read.has_field(&kept) || !kept.supports_presence();
        if is_there && is_same(written, &read.get_field(&kept)) {
            return None;
        }
        match kept.containing_oneof().filter(|_| !read.has_field(&kept)) {
            Some(oneof) => Some(format!(
                "the reader keeps one field of the oneof '{}', {name} is lost: it reads {}",
                oneof.name(),
                json(&read)
            )),
            None => Some(format!("{name} comes back changed: the reader reads {}", json(&read))),
        }
    });
    changed.or_else(|| missing(&read, &counts))
}

/// Where the fields of a message that takes another one's place have other names, by which a
/// program finds what is in them.
pub(super) fn renamed(
    value: &DynamicMessage,
    reader: &MessageDescriptor,
    rule: Rule,
    member: &Member,
) -> Option<String> {
    let (Rule::ProtobufFieldNamedTypeChanged, Member::Field(number)) = (rule, member) else {
        return None;
    };
    let read = decoded(value, reader).ok()?;
    let (from, to) = (value.descriptor().get_field(*number)?, reader.get_field(*number)?);
    let part = |message: &DynamicMessage, field: &FieldDescriptor| {
        let whole = serde_json::to_value(message).ok()?;
        whole.get(field.json_name()).cloned()
    };
    let (before, after) = (part(value, &from)?, part(&read, &to)?);
    let is_other_shape = before.is_array() != after.is_array();
    (before != after && !is_other_shape).then(|| {
        let name = from.name();
        format!(
            "what is in field '{name}' ({number}) comes back under other names: the reader reads {}",
            json(&read)
        )
    })
}

fn decoded(value: &DynamicMessage, reader: &MessageDescriptor) -> Result<DynamicMessage, String> {
    DynamicMessage::decode(reader.clone(), value.encode_to_vec().as_slice()).map_err(|error| {
        let text = error.to_string();
        text.trim_start_matches("failed to decode Protobuf message: ").to_owned()
    })
}

fn json(message: &DynamicMessage) -> String {
    cut(serde_json::to_string(message).unwrap_or_else(|_| "what has no JSON form".to_owned()))
}

fn cut(text: String) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// The first required field that is absent, of those that count or inside one that does.
fn missing(read: &DynamicMessage, counts: &dyn Fn(&FieldDescriptor) -> bool) -> Option<String> {
    read.descriptor().fields().filter(|field| counts(field)).find_map(|field| {
        if !read.has_field(&field) {
            let (name, number) = (field.name(), field.number());
            let is_missing = field.cardinality() == Cardinality::Required;
            return is_missing
                .then(|| format!("the reader misses its required field '{name}' ({number})"));
        }
        let within = |value: &Value| missing(value.as_message()?, &|_| true);
        match &*read.get_field(&field) {
            Value::List(items) => items.iter().find_map(within),
            Value::Map(entries) => entries.values().find_map(within),
            value => within(value),
        }
    })
}

fn is_same(written: &Value, read: &Value) -> bool {
    match (written, read) {
        (Value::Message(a), Value::Message(b)) => is_same_message(a, b),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let known = |(key, value): (&MapKey, &Value)| {
                b.iter().any(|(k, v)| is_same(&key_value(key), &key_value(k)) && is_same(value, v))
            };
            a.len() == b.len() && a.iter().all(known)
        }
        (Value::Map(map), Value::List(list)) | (Value::List(list), Value::Map(map)) => {
            is_list_of_entries(map, list)
        }
        (Value::List(list), single) => {
            matches!(list.as_slice(), [only] if is_same(only, single))
        }
        (single, Value::List(list)) => {
            matches!(list.as_slice(), [only] if is_same(single, only))
        }
        _ => match (number(written), number(read)) {
            (Some(a), Some(b)) => a == b,
            (None, None) => {
                octets(written).is_some() && octets(written) == octets(read)
                    || is_same_float(written, read)
            }
            _ => false,
        },
    }
}

fn is_same_message(written: &DynamicMessage, read: &DynamicMessage) -> bool {
    let descriptor = read.descriptor();
    let mut fields = written.fields();
    fields.all(|(field, value)| {
        let kept = descriptor.get_field(field.number());
        kept.is_some_and(|kept| is_same(value, &read.get_field(&kept)))
    })
}

fn is_list_of_entries(map: &HashMap<MapKey, Value>, list: &[Value]) -> bool {
    let is_entry = |(key, value): (&MapKey, &Value)| {
        list.iter().filter_map(Value::as_message).any(|entry| {
            let part = |number| entry.get_field_by_number(number);
            part(1).is_some_and(|part| is_same(&key_value(key), &part))
                && part(2).is_some_and(|part| is_same(value, &part))
        })
    };
    map.len() == list.len() && map.iter().all(is_entry)
}

fn key_value(key: &MapKey) -> Value {
    Value::from(key.clone())
}

fn number(value: &Value) -> Option<i128> {
    match value {
        Value::Bool(truth) => Some(i128::from(*truth)),
        Value::I32(number) | Value::EnumNumber(number) => Some(i128::from(*number)),
        Value::I64(number) => Some(i128::from(*number)),
        Value::U32(number) => Some(i128::from(*number)),
        Value::U64(number) => Some(i128::from(*number)),
        _ => None,
    }
}

fn octets(value: &Value) -> Option<&[u8]> {
    match value {
        Value::String(text) => Some(text.as_bytes()),
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

/// Bit for bit, which is how the wire carries them.
fn is_same_float(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::F32(a), Value::F32(b)) => a.to_bits() == b.to_bits(),
        (Value::F64(a), Value::F64(b)) => a.to_bits() == b.to_bits(),
        _ => false,
    }
}
