//! The types that a single field of a known type stands for.

use super::meta::Meta;
use super::{known, prop};
use crate::error::Mismatch;
use crate::model::{Kind, UNBOUNDED};

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
