//! Primitive values of a writer as the reader has them: promoted, or with their logical type.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::{Days, Decimal, Duration, Millis, Months, Schema, Uuid};

use super::plan::Leaf;
use crate::error::DecodeKind;
use crate::wire_format::{Varint, unzigzag, varint, write_zigzag};

const MILLIS_PER_DAY: i32 = 86_400_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// An `int` of the writer as the reader has it.
pub(super) fn leaf_from_int(value: i32, leaf: Leaf) -> Result<Value, DecodeKind> {
    Ok(match leaf {
        Leaf::Int => Value::Int(value),
        Leaf::Date => Value::Date(value),
        Leaf::TimeMillis if (0..MILLIS_PER_DAY).contains(&value) => Value::TimeMillis(value),
        Leaf::TimeMillis => return Err(outside_a_day("time-millis", i64::from(value))),
        Leaf::Double => Value::Double(f64::from(value)),
        _ => return leaf_from_long(i64::from(value), leaf),
    })
}

/// A `long` of the writer as the reader has it.
#[expect(clippy::cast_precision_loss, reason = "Avro promotes long to the nearest float or double")]
pub(super) fn leaf_from_long(value: i64, leaf: Leaf) -> Result<Value, DecodeKind> {
    Ok(match leaf {
        Leaf::Float => Value::Float(value as f32),
        Leaf::Double => Value::Double(value as f64),
        Leaf::TimeMicros if (0..MICROS_PER_DAY).contains(&value) => Value::TimeMicros(value),
        Leaf::TimeMicros => return Err(outside_a_day("time-micros", value)),
        Leaf::TimestampMillis => Value::TimestampMillis(value),
        Leaf::TimestampMicros => Value::TimestampMicros(value),
        Leaf::TimestampNanos => Value::TimestampNanos(value),
        Leaf::LocalTimestampMillis => Value::LocalTimestampMillis(value),
        Leaf::LocalTimestampMicros => Value::LocalTimestampMicros(value),
        Leaf::LocalTimestampNanos => Value::LocalTimestampNanos(value),
        _ => Value::Long(value),
    })
}

/// A `bytes`, `fixed` or `string` of the writer as the reader has it.
pub(super) fn leaf_from_bytes(bytes: &[u8], leaf: Leaf) -> Result<Value, DecodeKind> {
    let invalid = |logical, reason: String| DecodeKind::InvalidLogicalValue { logical, reason };
    Ok(match leaf {
        Leaf::String => {
            let text = std::str::from_utf8(bytes).map_err(|_| DecodeKind::InvalidUtf8)?;
            Value::from(text)
        }
        Leaf::Fixed => Value::Fixed(bytes.len(), bytes.to_vec()),
        // No digits are none but zero; a value without a byte could not be written again.
        Leaf::Decimal if bytes.is_empty() => Value::Decimal(Decimal::from([0])),
        Leaf::Decimal => Value::Decimal(Decimal::from(bytes)),
        Leaf::BigDecimal => big_decimal(bytes)?,
        Leaf::UuidText => {
            let uuid = Uuid::try_parse_ascii(bytes);
            Value::Uuid(uuid.map_err(|error| invalid("uuid", error.to_string()))?)
        }
        Leaf::UuidBytes => {
            let uuid = Uuid::from_slice(bytes);
            Value::Uuid(uuid.map_err(|error| invalid("uuid", error.to_string()))?)
        }
        Leaf::Duration => Value::Duration(duration(bytes)?),
        _ => Value::Bytes(bytes.to_vec()),
    })
}

fn outside_a_day(logical: &'static str, value: i64) -> DecodeKind {
    let reason = format!("{value} is not within one day");
    DecodeKind::InvalidLogicalValue { logical, reason }
}

/// Months, days and milliseconds, each a little-endian u32.
fn duration(bytes: &[u8]) -> Result<Duration, DecodeKind> {
    let bytes: &[u8; 12] = bytes.try_into().map_err(|_| DecodeKind::InvalidLogicalValue {
        logical: "duration",
        reason: format!("{} bytes instead of 12", bytes.len()),
    })?;
    let part =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    Ok(Duration::new(Months::new(part(0)), Days::new(part(4)), Millis::new(part(8))))
}

/// An unscaled number with its length before it, then the scale.
fn big_decimal(bytes: &[u8]) -> Result<Value, DecodeKind> {
    let invalid =
        |reason: String| DecodeKind::InvalidLogicalValue { logical: "big-decimal", reason };
    // The codec below sets memory aside for any length it reads, so the length is judged first.
    match varint(bytes) {
        Varint::Value(length, used)
            if usize::try_from(unzigzag(length)).is_ok_and(|len| len <= bytes.len() - used) => {}
        _ => return Err(invalid("its length is not that of its digits".to_owned())),
    }
    let mut framed = Vec::with_capacity(bytes.len() + 10);
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    write_zigzag(length, &mut framed);
    framed.extend_from_slice(bytes);
    GenericDatumReader::builder(&Schema::BigDecimal)
        .build()
        .and_then(|reader| reader.read_value(&mut framed.as_slice()))
        .map_err(|error| invalid(error.to_string()))
}
