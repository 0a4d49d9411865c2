//! Values of messages as the language has them, and back.

use std::collections::HashMap;

use apache_avro::types::Value as Avro;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cel::Value;
use cel::objects::Key;
use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, MapKey, ReflectMessage, Value as Proto,
};
use serde_json::{Map, Number, Value as Json};

use crate::rules::{FieldValue, MessageView, RuleError, This};

pub(super) fn of_field(value: &FieldValue) -> Value {
    match value {
        FieldValue::Null => Value::Null,
        FieldValue::Boolean(value) => Value::Bool(*value),
        FieldValue::Integer(value) => Value::Int(*value),
        FieldValue::Unsigned(value) => Value::UInt(*value),
        FieldValue::Double(value) => Value::Float(*value),
        FieldValue::String(text) => text.as_str().into(),
        FieldValue::Bytes(bytes) => Value::Bytes(bytes.clone().into()),
    }
}

/// None for what a field without parts cannot hold.
pub(super) fn to_field(value: &Value) -> Option<FieldValue> {
    Some(match value {
        Value::Null => FieldValue::Null,
        Value::Bool(value) => FieldValue::Boolean(*value),
        Value::Int(value) => FieldValue::Integer(*value),
        Value::UInt(value) => FieldValue::Unsigned(*value),
        Value::Float(value) => FieldValue::Double(*value),
        Value::String(text) => FieldValue::String(text.as_str().to_owned()),
        Value::Bytes(bytes) => FieldValue::Bytes(bytes.to_vec()),
        _ => return None,
    })
}

/// What a condition or a guard comes to.
pub(super) fn truth(value: &Value) -> Result<bool, RuleError> {
    match value {
        Value::Bool(value) => Ok(*value),
        other => {
            let reason =
                format!("a condition must give a bool, and this gives a {}", other.type_of());
            Err(RuleError::Failed(reason))
        }
    }
}

pub(super) fn of_view(view: MessageView<'_>) -> Value {
    match view {
        MessageView::Avro(value) => of_avro(value),
        MessageView::Protobuf(message) => of_protobuf(message),
        MessageView::Json(value) => of_json(value),
    }
}

pub(super) fn of_this(this: This<'_>) -> Value {
    match this {
        This::Avro(value) => of_avro(value),
        This::Protobuf(message) => of_protobuf(message),
        This::ProtobufField(field, value) => of_field_of_protobuf(field, value),
        This::Json(value) => of_json(value),
    }
}

fn map(entries: impl Iterator<Item = (Key, Value)>) -> Value {
    Value::Map(entries.collect::<HashMap<_, _>>().into())
}

fn list(items: impl Iterator<Item = Value>) -> Value {
    Value::List(items.collect::<Vec<_>>().into())
}

fn of_avro(value: &Avro) -> Value {
    match value {
        Avro::Union(_, inner) => of_avro(inner),
        Avro::Record(fields) => {
            map(fields.iter().map(|(name, value)| (name.as_str().into(), of_avro(value))))
        }
        Avro::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            map(sorted.into_iter().map(|(key, value)| (key.as_str().into(), of_avro(value))))
        }
        Avro::Array(items) => list(items.iter().map(of_avro)),
        Avro::Boolean(value) => Value::Bool(*value),
        Avro::Int(value) => Value::Int(i64::from(*value)),
        Avro::Long(value) => Value::Int(*value),
        Avro::Float(value) => Value::Float(f64::from(*value)),
        Avro::Double(value) => Value::Float(*value),
        Avro::String(text) | Avro::Enum(_, text) => text.as_str().into(),
        Avro::Bytes(bytes) | Avro::Fixed(_, bytes) => Value::Bytes(bytes.clone().into()),
        // Rules see no logical types.
        _ => Value::Null,
    }
}

fn of_json(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Value::Int(value),
            (None, Some(value)) => Value::UInt(value),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => list(items.iter().map(of_json)),
        Json::Object(members) => {
            map(members.iter().map(|(name, value)| (name.as_str().into(), of_json(value))))
        }
    }
}

/// A message under the names of its fields. Fields that can be absent are there only if set.
fn of_protobuf(message: &DynamicMessage) -> Value {
    if let Some(value) = well_known(message) {
        return value;
    }
    let descriptor = message.descriptor();
    let there =
        descriptor.fields().filter(|field| !field.supports_presence() || message.has_field(field));
    map(there.map(|field| {
        let value = of_field_of_protobuf(&field, &message.get_field(&field));
        (field.name().into(), value)
    }))
}

/// Times, durations and wrappers, which the language has types for.
fn well_known(message: &DynamicMessage) -> Option<Value> {
    let descriptor = message.descriptor();
    let name = descriptor.full_name().strip_prefix("google.protobuf.")?;
    let number = |name| message.get_field_by_name(name)?.as_i64();
    match name {
        "Timestamp" | "Duration" => {
            let nanos = message.get_field_by_name("nanos")?.as_i32()?;
            let seconds = number("seconds")?;
            if name == "Duration" {
                let seconds = chrono::Duration::try_seconds(seconds)?;
                let sum = seconds.checked_add(&chrono::Duration::nanoseconds(i64::from(nanos)))?;
                return Some(Value::Duration(sum));
            }
            let time = chrono::DateTime::from_timestamp(seconds, u32::try_from(nanos).ok()?)?;
            Some(Value::Timestamp(time.fixed_offset()))
        }
        "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value"
        | "UInt32Value" | "BoolValue" | "StringValue" | "BytesValue" => {
            Some(of_proto_value(&*message.get_field_by_name("value")?))
        }
        _ => None,
    }
}

fn of_field_of_protobuf(field: &FieldDescriptor, value: &Proto) -> Value {
    match value {
        Proto::List(items) if field.cardinality() == Cardinality::Repeated => {
            list(items.iter().map(of_proto_value))
        }
        other => of_proto_value(other),
    }
}

fn of_proto_value(value: &Proto) -> Value {
    match value {
        Proto::Bool(value) => Value::Bool(*value),
        Proto::I32(value) | Proto::EnumNumber(value) => Value::Int(i64::from(*value)),
        Proto::I64(value) => Value::Int(*value),
        Proto::U32(value) => Value::UInt(u64::from(*value)),
        Proto::U64(value) => Value::UInt(*value),
        Proto::F32(value) => Value::Float(f64::from(*value)),
        Proto::F64(value) => Value::Float(*value),
        Proto::String(text) => text.as_str().into(),
        Proto::Bytes(bytes) => Value::Bytes(bytes.to_vec().into()),
        Proto::Message(message) => of_protobuf(message),
        Proto::List(items) => list(items.iter().map(of_proto_value)),
        Proto::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            map(sorted.into_iter().map(|(key, value)| (key_of(key), of_proto_value(value))))
        }
    }
}

fn key_of(key: &MapKey) -> Key {
    match key {
        MapKey::Bool(value) => Key::Bool(*value),
        MapKey::I32(value) => Key::Int(i64::from(*value)),
        MapKey::I64(value) => Key::Int(*value),
        MapKey::U32(value) => Key::Uint(u64::from(*value)),
        MapKey::U64(value) => Key::Uint(*value),
        MapKey::String(text) => text.as_str().into(),
    }
}

/// A result as JSON, as the format of `view` has it.
pub(super) fn to_json(value: &Value, view: MessageView<'_>) -> Result<Json, RuleError> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::UInt(value) => Json::from(*value),
        Value::Float(value) => match Number::from_f64(*value) {
            Some(number) => Json::Number(number),
            None if value.is_nan() => Json::from("NaN"),
            None => Json::from(if *value > 0.0 { "Infinity" } else { "-Infinity" }),
        },
        Value::String(text) => Json::String(text.as_str().to_owned()),
        Value::Bytes(bytes) => Json::String(match view {
            MessageView::Avro(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
            MessageView::Protobuf(_) | MessageView::Json(_) => BASE64_STANDARD.encode(&**bytes),
        }),
        Value::Timestamp(time) => Json::String(time.to_rfc3339()),
        Value::Duration(duration) => {
            let seconds = duration.num_seconds();
            let nanos = duration.subsec_nanos();
            let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
            let (seconds, nanos) = (seconds.unsigned_abs(), nanos.unsigned_abs());
            Json::String(format!("{sign}{seconds}.{nanos:09}s"))
        }
        Value::List(items) => {
            items.iter().map(|item| to_json(item, view)).collect::<Result<_, _>>()?
        }
        Value::Map(entries) => {
            let mut members: Vec<_> = entries.map.iter().collect();
            members.sort_unstable_by_key(|(key, _)| key.to_string());
            let members = members.into_iter();
            let members = members.map(|(key, value)| Ok((key.to_string(), to_json(value, view)?)));
            Json::Object(members.collect::<Result<Map<_, _>, RuleError>>()?)
        }
        other => {
            let reason = format!("a message cannot hold a {}", other.type_of());
            return Err(RuleError::Failed(reason));
        }
    })
}
