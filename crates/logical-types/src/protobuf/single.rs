//! The types that a single field stands for which holds a scalar or a well-known message.

use levada_schema_core::protobuf::DeclaredField;

use super::meta::{Meta, param};
use super::{known, prop};
use crate::error::Mismatch;
use crate::model::{Kind, UNBOUNDED};

/// Digits of a DECIMAL of which nothing is said.
const DECIMAL_DIGITS: i32 = 10;
/// Digits of the second, where nothing is said.
const SECOND_DIGITS: u8 = 9;

/// The type of a field, and what is said of it to tell its logical type.
pub(super) struct Single {
    pub(super) ty: &'static str,
    /// The file of the type.
    pub(super) import: Option<&'static str>,
    pub(super) meta: Meta,
}

pub(super) fn single(kind: &Kind, is_nullable: bool) -> Result<Single, Mismatch> {
    let mut meta = Meta::default();
    if let Some([ty, import]) = message(kind) {
        if !is_nullable {
            meta.refine(prop::NOT_NULL, "true");
        }
        refine_message(kind, &mut meta);
        return Ok(Single { ty, import: Some(import), meta });
    }
    let ty = match kind {
        Kind::Boolean => "bool",
        Kind::TinyInt => {
            meta.refine(prop::CONNECT_TYPE, "int8");
            "int32"
        }
        Kind::SmallInt => {
            meta.refine(prop::CONNECT_TYPE, "int16");
            "int32"
        }
        Kind::Int => "int32",
        Kind::BigInt => "int64",
        Kind::Float => "float",
        Kind::Double => "double",
        Kind::Char(length) | Kind::VarChar(length) => {
            bound(*length, matches!(kind, Kind::Char(_)), &mut meta);
            "string"
        }
        Kind::Binary(length) | Kind::VarBinary(length) => {
            bound(*length, matches!(kind, Kind::Binary(_)), &mut meta);
            "bytes"
        }
        other => return Err(Mismatch::new(format!("Protobuf has no {}", other.name()))),
    };
    Ok(Single { ty, import: None, meta })
}

/// The message that stands for a type, with a leading dot, and its file.
fn message(kind: &Kind) -> Option<[&'static str; 2]> {
    Some(match kind {
        Kind::Decimal { .. } => known::DECIMAL,
        Kind::Date => known::DATE,
        Kind::Time(_) => known::TIME,
        Kind::Timestamp(_) | Kind::TimestampLtz(_) => known::TIMESTAMP,
        Kind::Variant => known::VARIANT,
        _ => return None,
    })
}

fn refine_message(kind: &Kind, meta: &mut Meta) {
    match kind {
        Kind::Decimal { precision, scale } => {
            meta.refine(prop::PRECISION, precision.to_string());
            meta.refine(prop::SCALE, scale.unwrap_or(-1).to_string());
        }
        Kind::Time(digits) | Kind::Timestamp(digits) | Kind::TimestampLtz(digits) => {
            if *digits != 9 {
                meta.refine(prop::DIGITS, digits.to_string());
            }
            if matches!(kind, Kind::Timestamp(_)) {
                meta.refine(prop::TYPE, prop::TYPE_TIMESTAMP);
            }
        }
        _ => {}
    }
}

fn bound(length: i32, is_fixed: bool, meta: &mut Meta) {
    if is_fixed && length > 0 {
        meta.refine(prop::MIN_LENGTH, length.to_string());
        meta.refine(prop::MAX_LENGTH, length.to_string());
    } else if length != UNBOUNDED {
        meta.refine(prop::MAX_LENGTH, length.to_string());
    }
}

/// The type that one of the messages around a scalar stands for.
pub(super) fn unwrapped(name: &str) -> Option<Kind> {
    if name == known::VARIANT[0] {
        return Some(Kind::Variant);
    }
    Some(match name.strip_prefix("google.protobuf.")? {
        "DoubleValue" => Kind::Double,
        "FloatValue" => Kind::Float,
        "Int64Value" | "UInt64Value" | "UInt32Value" => Kind::BigInt,
        "Int32Value" => Kind::Int,
        "BoolValue" => Kind::Boolean,
        "StringValue" => Kind::VarChar(UNBOUNDED),
        "BytesValue" => Kind::VarBinary(UNBOUNDED),
        _ => return None,
    })
}

pub(super) fn scalar(name: &str, field: &DeclaredField) -> Result<Kind, Mismatch> {
    let said = field.meta.as_ref();
    Ok(match name {
        "int32" | "sint32" | "sfixed32" => match param(said, prop::CONNECT_TYPE) {
            Some("int8") => Kind::TinyInt,
            Some("int16") => Kind::SmallInt,
            _ => Kind::Int,
        },
        "float" => Kind::Float,
        "double" => Kind::Double,
        "bool" => Kind::Boolean,
        "string" => match lengths(field)? {
            (true, length) => Kind::Char(length),
            (false, length) => Kind::VarChar(length),
        },
        "bytes" => match lengths(field)? {
            (true, length) => Kind::Binary(length),
            (false, length) => Kind::VarBinary(length),
        },
        _ => Kind::BigInt,
    })
}

/// Whether the length is fixed, and the largest one.
fn lengths(field: &DeclaredField) -> Result<(bool, i32), Mismatch> {
    let min = number(field, prop::MIN_LENGTH)?.unwrap_or(-1);
    let max = number(field, prop::MAX_LENGTH)?.unwrap_or(UNBOUNDED);
    Ok((min > 0 && min == max, max))
}

fn number(field: &DeclaredField, key: &str) -> Result<Option<i32>, Mismatch> {
    let Some(text) = param(field.meta.as_ref(), key) else { return Ok(None) };
    let wrong = || Mismatch::new(format!("{key} of field '{}' is '{text}'", field.name));
    text.parse().map(Some).map_err(|_| wrong())
}

/// Digits of the second.
fn digits(field: &DeclaredField) -> Result<u8, Mismatch> {
    let Some(digits) = number(field, prop::DIGITS)? else { return Ok(SECOND_DIGITS) };
    let fits = u8::try_from(digits).ok().filter(|digits| *digits <= SECOND_DIGITS);
    fits.ok_or_else(|| Mismatch::new(format!("{} is 0 to 9, not {digits}", prop::DIGITS)))
}

/// The type that a well-known message stands for.
pub(super) fn well_known(name: &str, field: &DeclaredField) -> Result<Option<Kind>, Mismatch> {
    let said = field.meta.as_ref();
    Ok(Some(match name {
        _ if name == known::DECIMAL[0] => {
            let size = |key| param(said, key).and_then(|text| text.parse::<i32>().ok());
            let scale = size(prop::SCALE).unwrap_or(0);
            Kind::Decimal {
                precision: size(prop::PRECISION).unwrap_or(DECIMAL_DIGITS),
                scale: (scale >= 0).then_some(scale),
            }
        }
        _ if name == known::VARIANT[0] => Kind::Variant,
        _ if name == known::DATE[0] => Kind::Date,
        _ if name == known::TIME[0] => Kind::Time(digits(field)?),
        _ if name == known::TIMESTAMP[0] => {
            let digits = digits(field)?;
            if param(said, prop::TYPE) == Some(prop::TYPE_TIMESTAMP) {
                Kind::Timestamp(digits)
            } else {
                Kind::TimestampLtz(digits)
            }
        }
        _ => return Ok(None),
    }))
}
