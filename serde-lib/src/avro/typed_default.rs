//! Gives the default of a field that only the reader has to serde.

use apache_avro::types::Value;
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::typed_encode::Declined;

/// A default; what logical types and records make of one is left to the way over generic values.
#[derive(Clone, Copy)]
pub(super) struct DefaultValue<'a>(pub(super) &'a Value);

impl<'de> Deserializer<'de> for DefaultValue<'_> {
    type Error = Declined;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Int(value) | Value::Date(value) | Value::TimeMillis(value) => {
                visitor.visit_i32(*value)
            }
            Value::Long(value)
            | Value::TimeMicros(value)
            | Value::TimestampMillis(value)
            | Value::TimestampMicros(value)
            | Value::TimestampNanos(value)
            | Value::LocalTimestampMillis(value)
            | Value::LocalTimestampMicros(value)
            | Value::LocalTimestampNanos(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f32(*value),
            Value::Double(value) => visitor.visit_f64(*value),
            Value::String(text) => visitor.visit_str(text),
            Value::Bytes(bytes) | Value::Fixed(_, bytes) => visitor.visit_bytes(bytes),
            Value::Array(items) => {
                visitor.visit_seq(SeqDeserializer::new(items.iter().map(DefaultValue)))
            }
            Value::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| (key.as_str(), DefaultValue(value)));
                visitor.visit_map(MapDeserializer::new(entries))
            }
            Value::Union(_, inner) => DefaultValue(inner).deserialize_any(visitor),
            _ => Err(Declined),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        match self.0 {
            Value::Union(_, inner) if matches!(**inner, Value::Null) => visitor.visit_none(),
            Value::Union(_, inner) => visitor.visit_some(DefaultValue(inner)),
            _ => Err(Declined),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Declined> {
        match self.0 {
            Value::Enum(_, symbol) => visitor.visit_enum(StrDeserializer::new(symbol)),
            _ => Err(Declined),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _visitor: V,
    ) -> Result<V::Value, Declined> {
        Err(Declined)
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Declined> for DefaultValue<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
