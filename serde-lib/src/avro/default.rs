//! Default values of a reader's fields, from their JSON in the schema to values.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::types::Value;
use serde_json::Value as Json;

use super::base::{Base, base, fixed_of, leaf_of};
use super::leaf::{leaf_from_bytes, leaf_from_int, leaf_from_long};
use super::plan::Leaf;
use super::resolve::{Mismatch, Typed};

/// The value that `json` stands for in a field of type `typed`.
pub(super) fn default_value(json: &Json, typed: Typed<'_>) -> Result<Value, Mismatch> {
    match typed.schema {
        Schema::Union(union) => {
            // The specification wants the first branch; newer writers allow any, so any is read.
            let mut first_error = None;
            for (index, branch) in (0u32..).zip(union.variants()) {
                match default_value(json, typed.part(branch)) {
                    Ok(value) => return Ok(Value::Union(index, Box::new(value))),
                    Err(error) => drop(first_error.get_or_insert(error)),
                }
            }
            Err(first_error.unwrap_or_else(|| wrong(json, typed)))
        }
        Schema::Array(array) => {
            let items = json.as_array().ok_or_else(|| wrong(json, typed))?;
            let items = items.iter().map(|item| default_value(item, typed.part(&array.items)));
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        Schema::Map(map) => {
            let entries = json.as_object().ok_or_else(|| wrong(json, typed))?;
            let entries = entries.iter().map(|(key, value)| {
                Ok((key.clone(), default_value(value, typed.part(&map.types))?))
            });
            entries.collect::<Result<HashMap<_, _>, Mismatch>>().map(Value::Map)
        }
        Schema::Record(record) => {
            let members = json.as_object().ok_or_else(|| wrong(json, typed))?;
            let fields = record.fields.iter().map(|field| {
                let json = members.get(&field.name).or(field.default.as_ref());
                let json = json.ok_or_else(|| {
                    Mismatch::new("the default lacks this field").inside(&field.name)
                })?;
                let value = default_value(json, typed.field(record, field));
                Ok((field.name.clone(), value.map_err(|error| error.inside(&field.name))?))
            });
            fields.collect::<Result<_, Mismatch>>().map(Value::Record)
        }
        Schema::Enum(symbols) => {
            let name = json.as_str().ok_or_else(|| wrong(json, typed))?;
            let index = symbols.symbols.iter().position(|symbol| symbol == name);
            let index = index.and_then(|index| u32::try_from(index).ok());
            let index = index.ok_or_else(|| wrong(json, typed))?;
            Ok(Value::Enum(index, name.to_owned()))
        }
        schema => {
            let value = leaf_of(schema).and_then(|leaf| leaf_value(json, leaf, typed));
            value.ok_or_else(|| wrong(json, typed))
        }
    }
}

/// The value without parts that `json` stands for; none where it is none of the type.
pub(super) fn leaf_value(json: &Json, leaf: Leaf, typed: Typed<'_>) -> Option<Value> {
    match base(typed.schema) {
        Base::Null => json.as_null().map(|()| Value::Null),
        Base::Boolean => json.as_bool().map(Value::Boolean),
        Base::Int => json
            .as_i64()
            .and_then(|value| i32::try_from(value).ok())
            .and_then(|value| leaf_from_int(value, leaf).ok()),
        Base::Long => json.as_i64().and_then(|value| leaf_from_long(value, leaf).ok()),
        #[expect(clippy::cast_possible_truncation, reason = "a float default is the nearest float")]
        Base::Float => floating(json).map(|value| Value::Float(value as f32)),
        Base::Double => floating(json).map(Value::Double),
        Base::String if leaf == Leaf::String => json.as_str().map(Value::from),
        Base::String => json.as_str().and_then(|text| leaf_from_bytes(text.as_bytes(), leaf).ok()),
        Base::Bytes => latin1_bytes(json).and_then(|bytes| leaf_from_bytes(&bytes, leaf).ok()),
        Base::Fixed => latin1_bytes(json)
            .filter(|bytes| Some(bytes.len()) == fixed_of(typed.schema))
            .and_then(|bytes| leaf_from_bytes(&bytes, leaf).ok()),
        Base::Enum | Base::Array | Base::Map | Base::Record | Base::Union => None,
    }
}

/// JSON has no literal for the special values, so writers put them as words.
fn floating(json: &Json) -> Option<f64> {
    match json.as_str() {
        None => json.as_f64(),
        Some("NaN") => Some(f64::NAN),
        Some("Infinity" | "INF") => Some(f64::INFINITY),
        Some("-Infinity" | "-INF") => Some(f64::NEG_INFINITY),
        Some(_) => None,
    }
}

/// Bytes stand in JSON as one character per byte, U+0000 to U+00FF.
fn latin1_bytes(json: &Json) -> Option<Vec<u8>> {
    json.as_str()?.chars().map(|character| u8::try_from(character).ok()).collect()
}

fn wrong(json: &Json, typed: Typed<'_>) -> Mismatch {
    Mismatch::new(format!("the default {json} is no {}", base(typed.schema)))
}
