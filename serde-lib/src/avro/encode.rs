//! Writes values by a schema: Rust types through serde, generic values checked part by part.

use apache_avro::Schema;
use apache_avro::schema::{RecordField, RecordSchema};
use apache_avro::types::Value;
use serde::Serialize;

use super::base::{Base, base, fixed_of};
use super::default::default_value;
use super::resolve::{Typed, join_path};
use super::schema::ParsedSchema;
use crate::error::{EncodeError, EncodeKind};
use crate::wire_format::{Varint, varint, write_zigzag};

pub(super) type Encoded<T> = Result<T, Box<EncodeError>>;

/// Appends a Rust value; on an error `out` is as before.
pub(super) fn encode_typed<T: Serialize>(
    schema: &ParsedSchema,
    value: &T,
    out: &mut Vec<u8>,
) -> Encoded<()> {
    let start = out.len();
    if schema.write_plan().write(value, out).is_ok() {
        strip_length_of_bare_bytes(schema, start, out);
        return Ok(());
    }
    out.truncate(start);
    let written = apache_avro::write_avro_datum_ref(schema.root(), &schema.names(), value, out);
    if let Err(reason) = written {
        out.truncate(start);
        return Err(error(EncodeKind::Other(reason.to_string())));
    }
    strip_length_of_bare_bytes(schema, start, out);
    Ok(())
}

/// Appends a generic value; on an error `out` is as before.
///
/// A value must be of its schema's type, logical types included; a logical type's base value is
/// taken too. `int` and `long` take each other's values as far as they fit, `double` takes a
/// float. A union takes [`Value::Union`] or, bare, the first branch of exactly that type. A
/// record's missing fields get their defaults; fields that the schema lacks are errors.
pub(super) fn encode_generic(
    schema: &ParsedSchema,
    value: &Value,
    out: &mut Vec<u8>,
) -> Encoded<()> {
    let start = out.len();
    encode_datum(schema, value, out)?;
    strip_length_of_bare_bytes(schema, start, out);
    Ok(())
}

/// Appends a generic value as it stands outside of messages: top-level `bytes` with their length.
pub(super) fn encode_datum(schema: &ParsedSchema, value: &Value, out: &mut Vec<u8>) -> Encoded<()> {
    let start = out.len();
    write(Typed::root(schema, &schema.names()), value, out).inspect_err(|_| out.truncate(start))
}

/// A top-level `bytes` datum stands in a message without its length.
fn strip_length_of_bare_bytes(schema: &ParsedSchema, start: usize, out: &mut Vec<u8>) {
    if base(schema.root()) == Base::Bytes
        && let Varint::Value(_, used) = varint(out.get(start..).unwrap_or_default())
    {
        out.drain(start..start + used);
    }
}

fn write(typed: Typed<'_>, value: &Value, out: &mut Vec<u8>) -> Encoded<()> {
    match (typed.schema, value) {
        (Schema::Union(union), Value::Union(index, inner)) => {
            let branch = usize::try_from(*index).ok();
            let branch = branch.and_then(|index| union.variants().get(index));
            let branch = branch.ok_or_else(|| error(EncodeKind::NoUnionBranch(kind_of(inner))))?;
            write_zigzag(i64::from(*index), out);
            write(typed.part(branch), inner, out)
        }
        (Schema::Union(union), bare) => {
            let takes = |branch: &Schema| takes_exactly(typed.part(branch), bare);
            let index = union.variants().iter().position(takes);
            let index = index.ok_or_else(|| error(EncodeKind::NoUnionBranch(kind_of(bare))))?;
            write_zigzag(i64::try_from(index).unwrap_or(i64::MAX), out);
            write(typed.part(&union.variants()[index]), bare, out)
        }
        (Schema::Record(record), Value::Record(fields)) => write_record(typed, record, fields, out),
        (Schema::Array(array), Value::Array(items)) => {
            write_count(items.len(), out);
            for (index, item) in items.iter().enumerate() {
                write(typed.part(&array.items), item, out)
                    .map_err(|error| inside(error, &format!("[{index}]")))?;
            }
            end_blocks(items.len(), out);
            Ok(())
        }
        (Schema::Map(map), Value::Map(entries)) => {
            write_count(entries.len(), out);
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key); // equal maps give equal bytes
            for (key, value) in sorted {
                write_bytes(key.as_bytes(), out);
                write(typed.part(&map.types), value, out).map_err(|error| inside(error, key))?;
            }
            end_blocks(entries.len(), out);
            Ok(())
        }
        (Schema::Enum(symbols), Value::Enum(_, name) | Value::String(name)) => {
            let index = symbols.symbols.iter().position(|symbol| symbol == name);
            let index = index.ok_or_else(|| error(EncodeKind::UnknownEnumSymbol(name.clone())))?;
            write_zigzag(i64::try_from(index).unwrap_or(i64::MAX), out);
            Ok(())
        }
        _ => write_leaf(typed, value, out),
    }
}

fn write_record(
    typed: Typed<'_>,
    record: &RecordSchema,
    values: &[(String, Value)],
    out: &mut Vec<u8>,
) -> Encoded<()> {
    // Values mostly stand in the order of the schema, and then none is unknown.
    let mut in_order = values.iter().zip(&record.fields);
    if values.len() > record.fields.len() || !in_order.all(|((name, _), f)| *name == f.name) {
        let is_unknown = |name: &String| !record.fields.iter().any(|field| field.name == *name);
        if let Some((name, _)) = values.iter().find(|(name, _)| is_unknown(name)) {
            return Err(error(EncodeKind::UnknownField(name.clone())));
        }
    }
    for (position, field) in record.fields.iter().enumerate() {
        let in_place = values.get(position).filter(|(name, _)| *name == field.name);
        let found = in_place.or_else(|| values.iter().find(|(name, _)| *name == field.name));
        let written = match found {
            Some((_, value)) => write(typed.field(record, field), value, out),
            None => write_default(typed, record, field, out),
        };
        written.map_err(|error| inside(error, &field.name))?;
    }
    Ok(())
}

fn write_default(
    typed: Typed<'_>,
    record: &RecordSchema,
    field: &RecordField,
    out: &mut Vec<u8>,
) -> Encoded<()> {
    let missing = || error(EncodeKind::MissingField(field.name.clone()));
    let json = field.default.as_ref().ok_or_else(missing)?;
    let typed = typed.field(record, field);
    let value =
        default_value(json, typed).map_err(|mismatch| error(EncodeKind::Other(mismatch.reason)))?;
    write(typed, &value, out)
}

fn write_leaf(typed: Typed<'_>, value: &Value, out: &mut Vec<u8>) -> Encoded<()> {
    let expected = base(typed.schema);
    let mismatch =
        || EncodeKind::TypeMismatch { expected: expected.as_str(), actual: kind_of(value) };
    match (expected, value) {
        (Base::Null, Value::Null) => {}
        (Base::Boolean, Value::Boolean(value)) => out.push(u8::from(*value)),
        (Base::Int | Base::Long, _) => {
            let number = integer(value).ok_or_else(|| error(mismatch()))?;
            if expected == Base::Int && i32::try_from(number).is_err() {
                return Err(error(EncodeKind::IntOverflow(number)));
            }
            write_zigzag(number, out);
        }
        (Base::Float, Value::Float(value)) => out.extend_from_slice(&value.to_le_bytes()),
        (Base::Double, Value::Double(value)) => out.extend_from_slice(&value.to_le_bytes()),
        (Base::Double, Value::Float(value)) => {
            out.extend_from_slice(&f64::from(*value).to_le_bytes());
        }
        (Base::String, Value::String(text)) => write_bytes(text.as_bytes(), out),
        (Base::String, Value::Uuid(uuid)) => write_bytes(uuid.to_string().as_bytes(), out),
        (Base::Bytes, Value::Bytes(bytes)) => write_bytes(bytes, out),
        (Base::Bytes, Value::Uuid(uuid)) => write_bytes(uuid.as_bytes(), out),
        (Base::Bytes, Value::Decimal(decimal)) => {
            let bytes = Vec::<u8>::try_from(decimal).map_err(|reason| other(&reason))?;
            write_bytes(&bytes, out);
        }
        (Base::Bytes, Value::BigDecimal(_)) => write_big_decimal(value, out)?,
        (Base::Fixed, _) => write_fixed(fixed_of(typed.schema).unwrap_or_default(), value, out)
            .map_err(|kind| error(kind.unwrap_or_else(mismatch)))?,
        _ => return Err(error(mismatch())),
    }
    Ok(())
}

/// `Err(None)` is a value that is no fixed at all.
fn write_fixed(size: usize, value: &Value, out: &mut Vec<u8>) -> Result<(), Option<EncodeKind>> {
    let start = out.len();
    match value {
        Value::Fixed(_, bytes) | Value::Bytes(bytes) => out.extend_from_slice(bytes),
        Value::Uuid(uuid) => out.extend_from_slice(uuid.as_bytes()),
        Value::Duration(duration) => out.extend_from_slice(&<[u8; 12]>::from(duration)),
        Value::Decimal(decimal) => {
            let bytes = Vec::<u8>::try_from(decimal)
                .map_err(|reason| Some(EncodeKind::Other(reason.to_string())))?;
            let is_negative = bytes.first().is_some_and(|&byte| byte >= 0x80);
            let padding = size.saturating_sub(bytes.len());
            out.resize(out.len() + padding, if is_negative { 0xff } else { 0 });
            out.extend_from_slice(&bytes);
        }
        _ => return Err(None),
    }
    let actual = out.len() - start;
    if actual == size {
        Ok(())
    } else {
        Err(Some(EncodeKind::FixedSizeMismatch { expected: size, actual }))
    }
}

fn write_big_decimal(value: &Value, out: &mut Vec<u8>) -> Encoded<()> {
    apache_avro::writer::datum::GenericDatumWriter::builder(&Schema::BigDecimal)
        .build()
        .and_then(|writer| writer.write_value_ref(out, value))
        .map(drop)
        .map_err(|reason| other(&reason))
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) | Value::Date(value) | Value::TimeMillis(value) => {
            Some(i64::from(*value))
        }
        Value::Long(value)
        | Value::TimeMicros(value)
        | Value::TimestampMillis(value)
        | Value::TimestampMicros(value)
        | Value::TimestampNanos(value)
        | Value::LocalTimestampMillis(value)
        | Value::LocalTimestampMicros(value)
        | Value::LocalTimestampNanos(value) => Some(*value),
        _ => None,
    }
}

#[inline]
pub(super) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_zigzag(i64::try_from(bytes.len()).unwrap_or(i64::MAX), out);
    out.extend_from_slice(bytes);
}

/// All items go into one block, which is what every other writer does.
#[inline]
pub(super) fn write_count(count: usize, out: &mut Vec<u8>) {
    write_zigzag(i64::try_from(count).unwrap_or(i64::MAX), out);
}

/// The count of an empty array or map already ended it.
#[inline]
pub(super) fn end_blocks(count: usize, out: &mut Vec<u8>) {
    if count > 0 {
        out.push(0);
    }
}

/// Whether a bare value belongs to this branch of a union.
fn takes_exactly(branch: Typed<'_>, value: &Value) -> bool {
    let is_leaf_of = |expected| base(branch.schema) == expected;
    match value {
        Value::Null => is_leaf_of(Base::Null),
        Value::Boolean(_) => is_leaf_of(Base::Boolean),
        Value::Int(_) | Value::Date(_) | Value::TimeMillis(_) => is_leaf_of(Base::Int),
        Value::Float(_) => is_leaf_of(Base::Float),
        Value::Double(_) => is_leaf_of(Base::Double),
        Value::Bytes(_) | Value::BigDecimal(_) => is_leaf_of(Base::Bytes),
        Value::String(_) => is_leaf_of(Base::String),
        Value::Fixed(size, _) => fixed_of(branch.schema) == Some(*size),
        Value::Duration(_) => matches!(branch.schema, Schema::Duration(_)),
        Value::Uuid(_) => matches!(branch.schema, Schema::Uuid(_)),
        Value::Decimal(_) => matches!(branch.schema, Schema::Decimal(_)),
        Value::Array(_) => is_leaf_of(Base::Array),
        Value::Map(_) => is_leaf_of(Base::Map),
        Value::Enum(_, name) => match branch.schema {
            Schema::Enum(symbols) => symbols.symbols.contains(name),
            _ => false,
        },
        Value::Record(fields) => match branch.schema {
            Schema::Record(record) => {
                let has = |name: &String| record.fields.iter().any(|field| field.name == *name);
                fields.len() == record.fields.len() && fields.iter().all(|(name, _)| has(name))
            }
            _ => false,
        },
        Value::Union(..) => false,
        _ => integer(value).is_some() && is_leaf_of(Base::Long),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Boolean(_) => "a boolean",
        Value::Int(_) => "an int",
        Value::Long(_) => "a long",
        Value::Float(_) => "a float",
        Value::Double(_) => "a double",
        Value::Bytes(_) => "bytes",
        Value::String(_) => "a string",
        Value::Fixed(..) => "a fixed",
        Value::Enum(..) => "an enum symbol",
        Value::Union(..) => "a union",
        Value::Array(_) => "an array",
        Value::Map(_) => "a map",
        Value::Record(_) => "a record",
        _ => "a logical value",
    }
}

fn error(kind: EncodeKind) -> Box<EncodeError> {
    Box::new(EncodeError::new("AVRO", kind))
}

fn other(reason: &apache_avro::Error) -> Box<EncodeError> {
    error(EncodeKind::Other(reason.to_string()))
}

#[cold]
fn inside(mut error: Box<EncodeError>, segment: &str) -> Box<EncodeError> {
    error.path = join_path(segment, &error.path);
    error
}
