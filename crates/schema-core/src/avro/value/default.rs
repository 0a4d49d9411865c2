//! The default of a reader's field, from its JSON to a value.

use super::{DecodeError, Value, depth_max};
use crate::Limits;
use crate::avro::types::{Primitive, Record, Shape, TypeId, Types};
use crate::json_text::{Json, Members, Number, View};

/// Defaults can fill each other in without end in sight, so all of one read share a count.
pub(super) struct Defaults<'a> {
    types: &'a Types,
    values_left: usize,
    depth_max: usize,
}

impl<'a> Defaults<'a> {
    pub(super) fn new(types: &'a Types, limits: &Limits) -> Self {
        Self { types, values_left: limits.pairs_max, depth_max: depth_max(limits) }
    }

    /// The value of a type that `json` stands for, so deep in a record; `None` if it is no value of
    /// the type.
    pub(super) fn value(
        &mut self,
        id: TypeId,
        json: &View<'_>,
        depth: usize,
    ) -> Result<Option<Value>, DecodeError> {
        self.values_left = self.values_left.checked_sub(1).ok_or(DecodeError::TooComplex)?;
        if depth > self.depth_max {
            return Err(DecodeError::TooComplex);
        }
        Ok(match (self.types.shape(id), json) {
            (Shape::Primitive(kind), json) => primitive(*kind, json),
            (Shape::Enum(symbols), View::Text(name)) => {
                self.types.symbols(symbols).position(|symbol| symbol == *name).map(Value::Enum)
            }
            (Shape::Fixed(fixed), View::Text(text)) => {
                // As in Java, what is too long is cut and what is too short filled with zeros.
                let mut bytes = latin1(text);
                bytes.resize(usize::try_from(fixed.size).unwrap_or_default(), 0);
                Some(Value::Fixed(bytes))
            }
            (Shape::Array(items), View::Array(values)) => {
                let values = values.clone();
                let values = values.map(|value| self.value(*items, &value.view(), depth + 1));
                values.collect::<Result<Option<_>, _>>()?.map(Value::Array)
            }
            (Shape::Map(inside), View::Object(object)) => {
                let entries = object.iter().map(|(key, value)| {
                    let value = self.value(*inside, &value.view(), depth + 1)?;
                    Ok(value.map(|value| (key.as_str().unwrap_or_default().to_owned(), value)))
                });
                entries.collect::<Result<Option<_>, DecodeError>>()?.map(Value::Map)
            }
            (Shape::Record(record), View::Object(object)) => self.record(record, *object, depth)?,
            (Shape::Union(branches), _) => {
                for (place, &branch) in branches.iter().enumerate() {
                    if let Some(value) = self.value(branch, json, depth + 1)? {
                        return Ok(Some(Value::Union(place, Box::new(value))));
                    }
                }
                None
            }
            _ => None,
        })
    }

    fn record(
        &mut self,
        record: &Record,
        object: Members<'_>,
        depth: usize,
    ) -> Result<Option<Value>, DecodeError> {
        let fields = record.fields.iter().map(|field| {
            let given = object.get(self.types.text(field.name)).map(Json::view);
            match given.or_else(|| self.types.default(field)) {
                Some(json) => self.value(field.type_id, &json, depth + 1),
                None => Ok(None),
            }
        });
        Ok(fields.collect::<Result<Option<_>, _>>()?.map(Value::Record))
    }
}

fn primitive(kind: Primitive, json: &View<'_>) -> Option<Value> {
    let number = Number::new;
    Some(match (kind, json) {
        (Primitive::Null, View::Null) => Value::Null,
        (Primitive::Boolean, View::Boolean(value)) => Value::Boolean(*value),
        (Primitive::Int, View::Number(source)) => {
            Value::Int(i32::try_from(number(source).as_i64()?).ok()?)
        }
        (Primitive::Long, View::Number(source)) => Value::Long(number(source).as_i64()?),
        #[expect(clippy::cast_possible_truncation, reason = "a float is the nearest float")]
        (Primitive::Float, View::Number(source)) => Value::Float(number(source).as_f64() as f32),
        (Primitive::Double, View::Number(source)) => Value::Double(number(source).as_f64()),
        (Primitive::Bytes, View::Text(text)) => Value::Bytes(latin1(text)),
        (Primitive::String, View::Text(text)) => Value::String((*text).to_owned()),
        _ => return None,
    })
}

/// One byte a character, as defaults spell bytes; Java puts `?` for what is beyond.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect()
}
