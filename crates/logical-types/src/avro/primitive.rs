//! The logical types that Avro's primitive types mean, with their annotations.

use serde_json::{Map, Value};

use super::{VARIANT, prop};
use crate::error::Mismatch;
use crate::model::{Kind, UNBOUNDED};

type Object = Map<String, Value>;

/// The meaning of a type by name with its properties; `None` for a name that is no primitive.
pub(super) fn read(name: &str, props: &Object) -> Result<Option<Kind>, Mismatch> {
    let annotation =
        |key: &str| props.get(key).and_then(Value::as_str).map(str::to_ascii_lowercase);
    let logical = annotation(prop::LOGICAL_TYPE);
    let logical = logical.as_deref();
    Ok(Some(match name {
        "null" => return Err(Mismatch::new("null alone is no type")),
        "boolean" => Kind::Boolean,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "string" => string(props)?,
        "bytes" | "fixed" if logical == Some("decimal") => decimal(props)?,
        "fixed" => Kind::Binary(number(props, "size")?.unwrap_or_default()),
        "bytes" => Kind::VarBinary(number(props, prop::MAX_LENGTH)?.unwrap_or(UNBOUNDED)),
        "int" => int(props, logical, annotation(prop::CONNECT_TYPE).as_deref())?,
        "long" => long(props, logical)?,
        _ => return Ok(None),
    }))
}

fn string(props: &Object) -> Result<Kind, Mismatch> {
    let max = number(props, prop::MAX_LENGTH)?.unwrap_or(UNBOUNDED);
    let is_fixed = number(props, prop::MIN_LENGTH)? == Some(max);
    Ok(if is_fixed { Kind::Char(max) } else { Kind::VarChar(max) })
}

fn decimal(props: &Object) -> Result<Kind, Mismatch> {
    let precision = number(props, "precision")?.unwrap_or(10);
    let scale = props.get("scale").and_then(Value::as_i64);
    let scale = scale.and_then(|scale| i32::try_from(scale).ok()).unwrap_or(0);
    Ok(Kind::Decimal { precision, scale: Some(scale) })
}

fn int(props: &Object, logical: Option<&str>, connect: Option<&str>) -> Result<Kind, Mismatch> {
    match (logical, connect) {
        (Some("date"), _) => Ok(Kind::Date),
        (Some("time-millis"), _) => Ok(Kind::Time(narrowed(props, "time-millis", 3)?)),
        (Some(_), _) | (None, None) => Ok(Kind::Int),
        (None, Some("int8")) => Ok(Kind::TinyInt),
        (None, Some("int16")) => Ok(Kind::SmallInt),
        (None, Some(other)) => Err(Mismatch::new(format!("an int with connect.type '{other}'"))),
    }
}

fn long(props: &Object, logical: Option<&str>) -> Result<Kind, Mismatch> {
    let Some(logical) = logical else { return Ok(Kind::BigInt) };
    Ok(match logical {
        // The finest there is, so that it carries finer times too.
        "time-micros" => Kind::Time(annotated(props)?.unwrap_or(6)),
        "timestamp-millis" => Kind::TimestampLtz(narrowed(props, logical, 3)?),
        "timestamp-micros" => Kind::TimestampLtz(narrowed(props, logical, 6)?),
        "timestamp-nanos" => Kind::TimestampLtz(annotated(props)?.unwrap_or(9)),
        "local-timestamp-millis" => Kind::Timestamp(narrowed(props, logical, 3)?),
        "local-timestamp-micros" => Kind::Timestamp(narrowed(props, logical, 6)?),
        "local-timestamp-nanos" => Kind::Timestamp(annotated(props)?.unwrap_or(9)),
        _ => Kind::BigInt,
    })
}

/// The annotated digits of a second, which must not be more than the type carries.
fn narrowed(props: &Object, logical: &str, carried: u8) -> Result<u8, Mismatch> {
    let digits = annotated(props)?.unwrap_or(carried);
    if digits <= carried {
        return Ok(digits);
    }
    let key = prop::PRECISION;
    Err(Mismatch::new(format!(
        "{key} {digits} is finer than '{logical}', which has {carried} digits"
    )))
}

/// The annotated digits of a second; what is no number counts as absent.
fn annotated(props: &Object) -> Result<Option<u8>, Mismatch> {
    let Some(digits) = props.get(prop::PRECISION).filter(|value| value.is_number()) else {
        return Ok(None);
    };
    let fits =
        digits.as_u64().and_then(|digits| u8::try_from(digits).ok()).filter(|digits| *digits <= 9);
    let wrong = || Mismatch::new(format!("{} is 0 to 9, not {digits}", prop::PRECISION));
    fits.ok_or_else(wrong).map(Some)
}

fn number(props: &Object, key: &str) -> Result<Option<i32>, Mismatch> {
    let Some(value) = props.get(key) else { return Ok(None) };
    let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| Mismatch::new(format!("{key} is a whole number, not {value}"))).map(Some)
}

/// Whether a record stands for a VARIANT: by its logical type, or by its name and fields.
pub(super) fn is_variant(record: &Object, full: &str) -> bool {
    if record.get(prop::LOGICAL_TYPE).and_then(Value::as_str) == Some("variant") {
        return true;
    }
    let fields = record.get("fields").and_then(Value::as_array);
    let has = |name: &str| {
        let says = |field: &Value, key: &str, what: &str| {
            field.get(key).and_then(Value::as_str) == Some(what)
        };
        fields
            .into_iter()
            .flatten()
            .any(|field| says(field, "name", name) && says(field, "type", "bytes"))
    };
    full == VARIANT
        && fields.is_some_and(|fields| fields.len() == 2)
        && has("metadata")
        && has("value")
}
