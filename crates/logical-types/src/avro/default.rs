//! Defaults as Avro's JSON has them, of each logical type.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike};
use num_bigint::BigInt;
use serde_json::Value;

use crate::annotation::{plain_default, plain_text};
use crate::ddl::unscaled;
use crate::error::Mismatch;
use crate::model::{FieldDefault, Kind};

/// The JSON of a default.
pub(super) fn to_json(default: &FieldDefault, kind: &Kind) -> Result<Value, Mismatch> {
    let out_of_range =
        || Mismatch::new(format!("the default is out of the range of {}", kind.name()));
    if let Some(plain) = plain_default(default)? {
        return Ok(plain);
    }
    Ok(match default {
        FieldDefault::Bytes(bytes) => latin1(bytes).into(),
        FieldDefault::Decimal(value) => latin1(&unscaled(value).to_signed_bytes_be()).into(),
        FieldDefault::Date(date) => {
            date.signed_duration_since(NaiveDate::default()).num_days().into()
        }
        FieldDefault::Time(time) => {
            let since = time.signed_duration_since(NaiveTime::default());
            let units = if digits(kind) <= 3 {
                Some(since.num_milliseconds())
            } else {
                since.num_microseconds()
            };
            units.ok_or_else(out_of_range)?.into()
        }
        FieldDefault::Timestamp(moment) => {
            let moment = moment.and_utc();
            let units = match digits(kind) {
                0..=3 => Some(moment.timestamp_millis()),
                4..=6 => Some(moment.timestamp_micros()),
                _ => moment.timestamp_nanos_opt(),
            };
            units.ok_or_else(out_of_range)?.into()
        }
        // NULL: whatever else there is, is plain.
        _ => Value::Null,
    })
}

/// The default that JSON means for a type; what no definition can spell becomes its text.
pub(super) fn from_json(value: &Value, kind: &Kind) -> FieldDefault {
    typed(value, kind).unwrap_or_else(|| FieldDefault::Text(plain_text(value)))
}

fn typed(value: &Value, kind: &Kind) -> Option<FieldDefault> {
    Some(match kind {
        _ if value.is_null() => FieldDefault::Null,
        Kind::Boolean => FieldDefault::Boolean(value.as_bool()?),
        Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt => {
            FieldDefault::Integer(value.as_i64()?)
        }
        Kind::Float => FieldDefault::Float(value.to_string().parse().ok()?),
        Kind::Double => FieldDefault::Double(value.as_f64()?),
        Kind::Binary(_) | Kind::VarBinary(_) => FieldDefault::Bytes(from_latin1(value.as_str()?)?),
        Kind::Decimal { scale, .. } => {
            let bytes = from_latin1(value.as_str()?)?;
            let unscaled = BigInt::from_signed_bytes_be(&bytes);
            FieldDefault::Decimal(BigDecimal::new(unscaled, i64::from(scale.unwrap_or(0))))
        }
        Kind::Date => {
            let days = TimeDelta::try_days(value.as_i64()?)?;
            FieldDefault::Date(NaiveDate::default().checked_add_signed(days)?)
        }
        Kind::Time(digits) => {
            let units = value.as_i64()?;
            let nanos = units.checked_mul(if *digits <= 3 { 1_000_000 } else { 1_000 })?;
            let (seconds, nanos) =
                (nanos.checked_div_euclid(1_000_000_000)?, nanos.rem_euclid(1_000_000_000));
            let time = NaiveTime::from_num_seconds_from_midnight_opt(
                u32::try_from(seconds).ok()?,
                u32::try_from(nanos).ok()?,
            )?;
            debug_assert!(time.nanosecond() < 1_000_000_000);
            FieldDefault::Time(time)
        }
        Kind::Timestamp(digits) | Kind::TimestampLtz(digits) => {
            let units = value.as_i64()?;
            let moment = match digits {
                0..=3 => DateTime::from_timestamp_millis(units)?,
                4..=6 => DateTime::from_timestamp_micros(units)?,
                _ => DateTime::from_timestamp_nanos(units),
            };
            FieldDefault::Timestamp(moment.naive_utc())
        }
        // The default of a union is one of its first branch.
        Kind::Union(branches) => typed(value, &branches.first()?.ty.kind)?,
        _ => return None,
    })
}

fn digits(kind: &Kind) -> u8 {
    match kind {
        Kind::Time(digits) | Kind::Timestamp(digits) | Kind::TimestampLtz(digits) => *digits,
        _ => 0,
    }
}

/// One character a byte, as Avro writes bytes.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn from_latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(c).ok()).collect()
}
