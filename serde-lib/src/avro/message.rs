//! Avro values as rules see them: without logical types, as JSON, and field by field.

use std::collections::BTreeSet;

use apache_avro::Schema;
use apache_avro::schema::{RecordField, UnionSchema};
use apache_avro::types::Value;
use serde_json::Value as Json;

use super::base::{Base, base, fixed_of};
use super::constraints::Constraints;
use super::encode::encode_generic;
use super::json::{float, value_of};
use super::plan::{DecodeLimits, ReadPlan};
use super::resolve::Typed;
use super::schema::ParsedSchema;
use crate::Error;
use crate::rules::{
    FieldContext, FieldType, FieldValue, Form, Inspection, MessageView, RuleError, Walk, misfit,
};

/// The member of a field that names its tags.
const TAGS: &str = "confluent:tags";

/// A value of a schema without logical types, as its decoder gives it.
#[derive(Clone, Debug)]
pub(crate) struct AvroMessage<'s> {
    codec: &'s RuleCodec,
    pub(crate) value: Value,
}

/// Reads and writes bodies for rules.
#[derive(Debug)]
pub(crate) struct RuleCodec {
    schema: ParsedSchema,
    read: ReadPlan,
    /// Reads what [`Self::write`] writes.
    own: ReadPlan,
    limits: DecodeLimits,
    constraints: Constraints,
}

impl RuleCodec {
    /// For bodies of `writer` that become values, and bodies, of `reader`.
    pub(super) fn new(
        writer: &ParsedSchema,
        reader: &ParsedSchema,
        limits: DecodeLimits,
    ) -> Result<Self, Error> {
        let schema = reader.without_logical_types()?;
        let read = ReadPlan::compile(&writer.without_logical_types()?, &schema)?;
        let own = ReadPlan::compile(&schema, &schema)?;
        let constraints = Constraints::of(&schema);
        Ok(Self { schema, read, own, limits, constraints })
    }

    pub(super) fn read(&self, body: &[u8], allows_trailing: bool) -> Result<Form<'_>, Error> {
        let value = self.read.decode(body, &self.limits, allows_trailing)?;
        Ok(Form::Avro(AvroMessage { codec: self, value }))
    }

    /// The value that JSON stands for, for a codec of one schema alone.
    pub(super) fn of_json(&self, json: Json) -> Result<Form<'_>, RuleError> {
        let mut message = AvroMessage { codec: self, value: Value::Null };
        message.set_json(json)?;
        Ok(Form::Avro(message))
    }

    pub(super) fn write(&self, form: &Form<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        match form {
            Form::Avro(message) => Ok(encode_generic(&self.schema, &message.value, out)?),
            _ => Err(Error::Config("a value of another format has no Avro body".to_owned())),
        }
    }
}

impl AvroMessage<'_> {
    pub(crate) fn to_json(&self) -> Json {
        bare_json(&self.value)
    }

    /// Members that no field has are dropped and fields that are missing get their defaults, as in
    /// the reference.
    pub(crate) fn set_json(&mut self, mut json: Json) -> Result<(), RuleError> {
        let RuleCodec { schema, own, limits, .. } = self.codec;
        let names = schema.names();
        let typed = Typed::root(schema, &names);
        prune(&mut json, typed);
        let failed = |error: Error| RuleError::Failed(error.to_string());
        let value = value_of(&json, typed).map_err(|error| failed(error.into()))?;
        // Read again, so that it is as the decoder gives it.
        let mut body = Vec::new();
        encode_generic(schema, &value, &mut body).map_err(|error| failed(error.into()))?;
        self.value = own.decode(&body, limits, false).map_err(failed)?;
        Ok(())
    }

    pub(crate) fn inspect(&self, inspection: &mut Inspection) {
        self.codec.constraints.inspect(&self.codec.schema, &self.value, inspection);
    }

    pub(crate) fn walk(&mut self, walk: &Walk<'_>) -> Result<(), RuleError> {
        let schema = &self.codec.schema;
        let names = schema.names();
        let typed = Typed::root(schema, &names);
        if let Some(changed) = part(walk, typed, &self.value, None)? {
            self.value = changed;
        }
        Ok(())
    }
}

/// Drops what no field has. In a union only where a single branch can be meant.
fn prune(json: &mut Json, typed: Typed<'_>) {
    match (typed.schema, json) {
        (Schema::Record(record), Json::Object(members)) => {
            members.retain(|name, _| record.fields.iter().any(|field| field.name == *name));
            for field in &record.fields {
                if let Some(member) = members.get_mut(&field.name) {
                    prune(member, typed.field(record, field));
                }
            }
        }
        (Schema::Array(array), Json::Array(items)) => {
            for item in items {
                prune(item, typed.part(&array.items));
            }
        }
        (Schema::Map(map), Json::Object(members)) => {
            for member in members.values_mut() {
                prune(member, typed.part(&map.types));
            }
        }
        (Schema::Union(union), json @ (Json::Object(_) | Json::Array(_))) => {
            let is_apt = |branch: &Typed<'_>| match branch.schema {
                Schema::Record(_) | Schema::Map(_) => json.is_object(),
                Schema::Array(_) => json.is_array(),
                _ => false,
            };
            let mut apt = union.variants().iter().map(|branch| typed.part(branch)).filter(is_apt);
            if let (Some(branch), None) = (apt.next(), apt.next()) {
                prune(json, branch);
            }
        }
        _ => {}
    }
}

/// As JSON, where a union's value stands for itself.
fn bare_json(value: &Value) -> Json {
    match value {
        Value::Union(_, inner) => bare_json(inner),
        Value::Record(fields) => Json::Object(
            fields.iter().map(|(name, value)| (name.clone(), bare_json(value))).collect(),
        ),
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            let entries = entries.into_iter();
            Json::Object(entries.map(|(key, value)| (key.clone(), bare_json(value))).collect())
        }
        Value::Array(items) => items.iter().map(bare_json).collect(),
        Value::Boolean(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Long(value) => Json::from(*value),
        // The digits of the float, and not those of the double beside it.
        Value::Float(value) => float(value.to_string().parse().unwrap_or(f64::NAN)),
        Value::Double(value) => float(*value),
        Value::String(text) | Value::Enum(_, text) => Json::String(text.clone()),
        Value::Bytes(bytes) | Value::Fixed(_, bytes) => {
            Json::String(bytes.iter().map(|&byte| char::from(byte)).collect())
        }
        _ => Json::Null,
    }
}

/// The field that a value belongs to.
struct Place<'a> {
    full_name: String,
    name: &'a str,
    tags: BTreeSet<String>,
    record: &'a Value,
}

/// Walks a value; gives the one to put in its place, if it is another. Recurses as deep as the
/// decoder let the value be.
fn part(
    walk: &Walk<'_>,
    typed: Typed<'_>,
    value: &Value,
    place: Option<&Place<'_>>,
) -> Result<Option<Value>, RuleError> {
    match (typed.schema, value) {
        (Schema::Record(_), Value::Record(_)) => record(walk, typed, value).map(Some),
        (Schema::Union(union), Value::Union(index, inner)) => {
            union_value(walk, (typed, union), *index, inner, place)
        }
        (Schema::Array(array), Value::Array(items)) => {
            let mut changed = None;
            for (index, item) in items.iter().enumerate() {
                if let Some(new) = part(walk, typed.part(&array.items), item, place)? {
                    changed.get_or_insert_with(|| items.clone())[index] = new;
                }
            }
            Ok(changed.map(Value::Array))
        }
        (Schema::Map(map), Value::Map(entries)) => {
            let mut changed = None;
            let mut keys: Vec<_> = entries.keys().collect();
            keys.sort_unstable();
            for key in keys {
                if let Some(new) = part(walk, typed.part(&map.types), &entries[key], place)? {
                    changed.get_or_insert_with(|| entries.clone()).insert(key.clone(), new);
                }
            }
            Ok(changed.map(Value::Map))
        }
        _ => {
            let Some((field, new)) = leaf(walk, typed, value, place)? else { return Ok(None) };
            let fitting = avro_value(typed, &new);
            fitting.map(Some).ok_or_else(|| misfit(&field, &new))
        }
    }
}

/// Each field sees those before it as they have become.
fn record(walk: &Walk<'_>, typed: Typed<'_>, value: &Value) -> Result<Value, RuleError> {
    let mut value = value.clone();
    let Schema::Record(schema) = typed.schema else { return Ok(value) };
    let record_name = typed.full_name();
    for (position, field) in schema.fields.iter().enumerate() {
        let Value::Record(fields) = &value else { continue };
        // The decoder gives the fields in the order of the schema.
        let Some((name, old)) = fields.get(position) else { continue };
        let full_name = format!("{record_name}.{name}");
        let tags = walk.tags(&full_name, inline_tags(field));
        let place = Place { full_name, name, tags, record: &value };
        let new = part(walk, typed.field(schema, field), old, Some(&place))?;
        if let (Some(new), Value::Record(fields)) = (new, &mut value) {
            fields[position].1 = new;
        }
    }
    Ok(value)
}

/// A union's new value keeps its branch if it can, else it takes the first that holds it.
fn union_value(
    walk: &Walk<'_>,
    (typed, union): (Typed<'_>, &UnionSchema),
    index: u32,
    inner: &Value,
    place: Option<&Place<'_>>,
) -> Result<Option<Value>, RuleError> {
    let branches = union.variants();
    let at = usize::try_from(index).ok();
    let Some(branch) = at.and_then(|at| branches.get(at)) else { return Ok(None) };
    let branch = typed.part(branch);
    if matches!(branch.schema, Schema::Record(_) | Schema::Array(_) | Schema::Map(_)) {
        let new = part(walk, branch, inner, place)?;
        return Ok(new.map(|new| Value::Union(index, Box::new(new))));
    }
    let Some((field, new)) = leaf(walk, branch, inner, place)? else { return Ok(None) };
    if let Some(value) = avro_value(branch, &new) {
        return Ok(Some(Value::Union(index, Box::new(value))));
    }
    let mut candidates = (0..).zip(branches);
    let found = candidates.find_map(|(index, branch)| {
        avro_value(typed.part(branch), &new).map(|value| Value::Union(index, Box::new(value)))
    });
    found.map(Some).ok_or_else(|| misfit(&field, &new))
}

/// Applies the rule to a value without parts, if it wants its field.
fn leaf<'p>(
    walk: &Walk<'_>,
    typed: Typed<'_>,
    value: &Value,
    place: Option<&'p Place<'p>>,
) -> Result<Option<(FieldContext<'p>, FieldValue)>, RuleError> {
    let Some(place) = place.filter(|place| walk.wants(&place.tags)) else { return Ok(None) };
    let Some((field_type, value)) = field_value(typed, value) else { return Ok(None) };
    let field = FieldContext {
        full_name: &place.full_name,
        name: place.name,
        field_type,
        tags: &place.tags,
        message: MessageView::Avro(place.record),
    };
    Ok(walk.apply(&field, &value)?.map(|new| (field, new)))
}

fn inline_tags(field: &RecordField) -> BTreeSet<String> {
    let tags = field.custom_attributes.get(TAGS).and_then(Json::as_array);
    tags.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

fn field_value(typed: Typed<'_>, value: &Value) -> Option<(FieldType, FieldValue)> {
    Some(match value {
        Value::Null => (FieldType::Null, FieldValue::Null),
        Value::Boolean(value) => (FieldType::Boolean, FieldValue::Boolean(*value)),
        Value::Int(value) => (FieldType::Int, FieldValue::Integer(i64::from(*value))),
        Value::Long(value) => (FieldType::Long, FieldValue::Integer(*value)),
        Value::Float(value) => (FieldType::Float, FieldValue::Double(f64::from(*value))),
        Value::Double(value) => (FieldType::Double, FieldValue::Double(*value)),
        Value::Enum(_, symbol) => (FieldType::Enum, FieldValue::String(symbol.clone())),
        Value::String(text) => (FieldType::String, FieldValue::String(text.clone())),
        Value::Bytes(bytes) if fixed_of(typed.schema).is_none() => {
            (FieldType::Bytes, FieldValue::Bytes(bytes.clone()))
        }
        Value::Fixed(_, bytes) | Value::Bytes(bytes) => {
            (FieldType::Fixed, FieldValue::Bytes(bytes.clone()))
        }
        _ => return None,
    })
}

/// What a rule made, as this type has it.
fn avro_value(typed: Typed<'_>, value: &FieldValue) -> Option<Value> {
    Some(match (base(typed.schema), value) {
        (Base::Null, FieldValue::Null) => Value::Null,
        (Base::Boolean, FieldValue::Boolean(value)) => Value::Boolean(*value),
        (Base::Int, FieldValue::Integer(value)) => Value::Int(i32::try_from(*value).ok()?),
        (Base::Int, FieldValue::Unsigned(value)) => Value::Int(i32::try_from(*value).ok()?),
        (Base::Long, FieldValue::Integer(value)) => Value::Long(*value),
        (Base::Long, FieldValue::Unsigned(value)) => Value::Long(i64::try_from(*value).ok()?),
        #[expect(clippy::cast_possible_truncation, reason = "the nearest float is meant")]
        (Base::Float, FieldValue::Double(value)) => Value::Float(*value as f32),
        (Base::Double, FieldValue::Double(value)) => Value::Double(*value),
        (Base::String, FieldValue::String(text)) => Value::String(text.clone()),
        (Base::Enum, FieldValue::String(symbol)) => Value::String(symbol.clone()),
        (Base::Bytes, FieldValue::Bytes(bytes)) => Value::Bytes(bytes.clone()),
        (Base::Fixed, FieldValue::Bytes(bytes)) => {
            let size = fixed_of(typed.schema).filter(|size| *size == bytes.len())?;
            Value::Fixed(size, bytes.clone())
        }
        _ => return None,
    })
}
