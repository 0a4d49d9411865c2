//! Values of a message that could show what a reader makes of it.

use std::collections::HashMap;

use prost_reflect::prost::bytes::Bytes;
use prost_reflect::{
    Cardinality, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    ReflectMessage as _, Syntax, Value,
};

use super::place::Member;

/// Deepest message inside a message.
const DEPTH_MAX: usize = 24;
const ANY: &str = "google.protobuf.Any";
/// A number that 32 bits do not hold.
const WIDE: i64 = 1 << 40;
/// Most fields of a message that is written for its own sake.
const FILLED_MAX: usize = 3;

pub(super) struct Sampler {
    /// How many more messages and required fields may be written.
    left: usize,
    depth: usize,
    /// The pairs of messages, writer's and reader's, whose values are made up already.
    tried: Vec<(String, String)>,
}

impl Sampler {
    pub(super) fn new(values_max: usize) -> Self {
        Self { left: values_max, depth: 0, tried: Vec::new() }
    }

    /// Values in which nothing is set but what must be and what is looked at, the most telling
    /// first.
    pub(super) fn values_at(
        &mut self,
        writer: &MessageDescriptor,
        reader: &MessageDescriptor,
        member: &Member,
    ) -> Vec<DynamicMessage> {
        self.tried.clear();
        match member {
            Member::Whole => self.values(writer, reader),
            Member::Field(number) => match writer.get_field(*number) {
                Some(field) => {
                    let mut values = self.with_field(writer, &field, reader);
                    values.extend(self.smallest(writer));
                    values
                }
                None => self.smallest(writer).into_iter().collect(),
            },
            Member::Oneof(name) => self.pairs(writer, reader, name),
        }
    }

    /// Values of `writer` with one more field than must be.
    fn values(
        &mut self,
        writer: &MessageDescriptor,
        reader: &MessageDescriptor,
    ) -> Vec<DynamicMessage> {
        let pair = (writer.full_name().to_owned(), reader.full_name().to_owned());
        if self.tried.contains(&pair) {
            return self.smallest(writer).into_iter().collect();
        }
        self.tried.push(pair);
        let mut values = Vec::new();
        for field in writer.fields() {
            values.extend(self.with_field(writer, &field, reader));
        }
        values.extend(self.smallest(writer));
        values
    }

    fn with_field(
        &mut self,
        writer: &MessageDescriptor,
        field: &FieldDescriptor,
        reader: &MessageDescriptor,
    ) -> Vec<DynamicMessage> {
        let Some(smallest) = self.smallest(writer) else { return Vec::new() };
        let size = 1 + smallest.fields().count();
        let read = reader.get_field(field.number());
        let values = self.of_field(field, read.as_ref());
        let with = |value| {
            self.left = self.left.checked_sub(size)?;
            let mut message = smallest.clone();
            message.set_field(field, value);
            Some(message)
        };
        values.into_iter().map_while(with).collect()
    }

    /// Values with two fields that the reader's oneof holds and the writer's oneofs do not.
    fn pairs(
        &mut self,
        writer: &MessageDescriptor,
        reader: &MessageDescriptor,
        oneof: &str,
    ) -> Vec<DynamicMessage> {
        let Some(smallest) = self.smallest(writer) else { return Vec::new() };
        let oneof = reader.oneofs().find(|known| known.name() == oneof);
        let members: Vec<FieldDescriptor> = oneof
            .iter()
            .flat_map(prost_reflect::OneofDescriptor::fields)
            .filter_map(|field| writer.get_field(field.number()))
            .collect();
        let mut values = Vec::new();
        for (index, first) in members.iter().enumerate() {
            for second in members.iter().skip(index + 1) {
                let exclude = first.containing_oneof().is_some()
                    && first.containing_oneof() == second.containing_oneof();
                let one =
                    |sampler: &mut Self, field| sampler.of_field(field, None).into_iter().next();
                let both = (one(self, first), one(self, second));
                if let (Some(a), Some(b), false) = (both.0, both.1, exclude) {
                    let mut message = smallest.clone();
                    message.set_field(first, a);
                    message.set_field(second, b);
                    values.push(message);
                }
            }
        }
        values
    }

    /// The message with its required fields alone; `None` if they go on without end.
    fn smallest(&mut self, message: &MessageDescriptor) -> Option<DynamicMessage> {
        self.left = self.left.checked_sub(1)?;
        if self.depth >= DEPTH_MAX {
            return None;
        }
        self.depth += 1;
        let mut value = DynamicMessage::new(message.clone());
        let mut required = message.fields().filter(|f| f.cardinality() == Cardinality::Required);
        let is_complete = required.all(|field| {
            let Some(left) = self.left.checked_sub(1) else { return false };
            self.left = left;
            let inner = match field.kind() {
                Kind::Message(inner) => self.smallest(&inner).map(Value::Message),
                kind => scalars(&kind).into_iter().next(),
            };
            inner.map(|inner| value.set_field(&field, inner)).is_some()
        });
        self.depth -= 1;
        if message.full_name() == ANY {
            hold_something(&mut value);
        }
        is_complete.then_some(value)
    }

    /// The message with some of its fields.
    pub(super) fn filled(&mut self, message: &MessageDescriptor) -> Option<DynamicMessage> {
        let mut value = self.smallest(message)?;
        if message.full_name() == ANY {
            return Some(value);
        }
        let plain = |field: &FieldDescriptor| {
            !matches!(field.kind(), Kind::Message(_)) && !value_is_set(&value, field)
        };
        let fields: Vec<_> = message.fields().filter(plain).take(FILLED_MAX).collect();
        for field in fields {
            if let Some(inner) = self.of_field(&field, None).into_iter().next() {
                value.set_field(&field, inner);
            }
        }
        Some(value)
    }

    /// Values of a field; `reader` is the field that decodes them.
    fn of_field(
        &mut self,
        field: &FieldDescriptor,
        reader: Option<&FieldDescriptor>,
    ) -> Vec<Value> {
        if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
            let read = reader.filter(|reader| reader.is_map()).map(FieldDescriptor::kind);
            let read = read
                .as_ref()
                .and_then(Kind::as_message)
                .map(|entry| entry.map_entry_value_field().kind());
            let key = scalars(&entry.map_entry_key_field().kind());
            let Some(key) = key.into_iter().find_map(Value::into_map_key) else {
                return Vec::new();
            };
            let values = self.of_kind(&entry.map_entry_value_field().kind(), read.as_ref());
            return values.into_iter().map(|value| entries(key.clone(), value)).collect();
        }
        let values = self.of_kind(&field.kind(), reader.map(FieldDescriptor::kind).as_ref());
        if !field.is_list() {
            return values;
        }
        let next = values.get(1).or(values.first()).cloned();
        let pairs = values.iter().cloned().zip(next);
        let mut lists: Vec<Value> = pairs.map(|(a, b)| Value::List(vec![a, b])).collect();
        // A map keeps one of two entries with one key.
        let is_to_map = reader.is_some_and(FieldDescriptor::is_map);
        let twice = values.first().filter(|_| is_to_map);
        lists.extend(twice.map(|first| Value::List(vec![first.clone(), first.clone()])));
        lists.extend(values.into_iter().map(|value| Value::List(vec![value])));
        lists
    }

    fn of_kind(&mut self, kind: &Kind, reader: Option<&Kind>) -> Vec<Value> {
        let Kind::Message(message) = kind else { return scalars(kind) };
        if self.depth >= DEPTH_MAX {
            return Vec::new();
        }
        self.depth += 1;
        let values = match reader {
            Some(Kind::Message(reader)) if message.full_name() != ANY => {
                self.values(message, reader)
            }
            _ => self.filled(message).into_iter().chain(self.smallest(message)).collect(),
        };
        self.depth -= 1;
        values.into_iter().map(Value::Message).collect()
    }
}

/// An `Any` has a JSON form only if it says what it holds.
fn hold_something(any: &mut DynamicMessage) {
    let pool = any.descriptor().parent_pool().clone();
    let held = pool.all_messages().find(|message| !message.full_name().starts_with("google."));
    if let Some(held) = held {
        let url = Value::String(format!("type.googleapis.com/{}", held.full_name()));
        // A file of this name that the schema brings itself may hold something else.
        let _ = any.try_set_field_by_name("type_url", url);
    }
}

fn value_is_set(value: &DynamicMessage, field: &FieldDescriptor) -> bool {
    let oneof = field.containing_oneof();
    let others = oneof.iter().flat_map(prost_reflect::OneofDescriptor::fields);
    others.chain([field.clone()]).any(|field| value.has_field(&field))
}

fn entries(key: MapKey, value: Value) -> Value {
    Value::Map(HashMap::from([(key, value)]))
}

/// Values of a scalar or enum, none of them the one that an absent field has.
fn scalars(kind: &Kind) -> Vec<Value> {
    match kind {
        Kind::Bool => vec![Value::Bool(true)],
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => [1, 2, -1].map(Value::I32).to_vec(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => [1, 2, -1, WIDE].map(Value::I64).to_vec(),
        Kind::Uint32 | Kind::Fixed32 => [1, 2].map(Value::U32).to_vec(),
        Kind::Uint64 | Kind::Fixed64 => [1, 2, WIDE.unsigned_abs()].map(Value::U64).to_vec(),
        Kind::Float => [1.5, 2.5].map(Value::F32).to_vec(),
        Kind::Double => [1.5, 2.5].map(Value::F64).to_vec(),
        Kind::String => ["a", "b"].map(|text| Value::String(text.to_owned())).to_vec(),
        Kind::Bytes => ["a", "b"].map(|text| Value::Bytes(Bytes::from(text))).to_vec(),
        Kind::Enum(decl) => enum_numbers(decl).into_iter().map(Value::EnumNumber).collect(),
        Kind::Message(_) => Vec::new(),
    }
}

/// The constants, zero last; an enum of proto3 that has no other one may hold any number.
fn enum_numbers(decl: &EnumDescriptor) -> Vec<i32> {
    let mut numbers: Vec<i32> = decl.values().map(|value| value.number()).collect();
    numbers.sort_by_key(|number| (*number == 0, number.unsigned_abs(), *number < 0));
    numbers.dedup();
    if numbers == [0] && decl.parent_file().syntax() == Syntax::Proto3 {
        numbers.insert(0, 1);
    }
    numbers.truncate(4);
    numbers
}
