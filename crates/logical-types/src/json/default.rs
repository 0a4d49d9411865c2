//! Defaults as a JSON Schema has them, of each logical type.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::annotation::plain_default;
use crate::ddl::{decimal_text, iso_text, moment, plain_decimal};
use crate::error::Mismatch;
use crate::model::{FieldDefault, Kind};

/// The JSON of a default; `None` for NULL, which a JSON Schema does not say.
pub(super) fn to_json(default: &FieldDefault, kind: &Kind) -> Result<Option<Value>, Mismatch> {
    if let Some(plain) = plain_default(default)? {
        return Ok(Some(plain));
    }
    Ok(Some(match default {
        FieldDefault::Decimal(value) => decimal_text(value).into(),
        FieldDefault::Text(text) => text.as_str().into(),
        FieldDefault::Bytes(bytes) => STANDARD.encode(bytes).into(),
        moment => match iso_text(moment, kind) {
            Some(text) => text.into(),
            None => return Ok(None),
        },
    }))
}

/// The default that JSON means for a type; one that is no value of it counts as none.
pub(super) fn from_json(value: &Value, kind: &Kind) -> Option<FieldDefault> {
    Some(match kind {
        Kind::Boolean => FieldDefault::Boolean(value.as_bool()?),
        Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt => {
            FieldDefault::Integer(value.as_i64()?)
        }
        Kind::Float => FieldDefault::Float(value.as_number()?.to_string().parse().ok()?),
        Kind::Double => FieldDefault::Double(value.as_f64()?),
        Kind::Char(_) | Kind::VarChar(_) | Kind::Named(_) => {
            FieldDefault::Text(value.as_str()?.to_owned())
        }
        Kind::Binary(_) | Kind::VarBinary(_) => {
            FieldDefault::Bytes(STANDARD.decode(value.as_str()?).ok()?)
        }
        Kind::Decimal { .. } => {
            let text =
                value.as_str().map(str::to_owned).or_else(|| Some(value.as_number()?.to_string()));
            FieldDefault::Decimal(plain_decimal(&text?)?)
        }
        Kind::Date | Kind::Time(_) | Kind::Timestamp(_) | Kind::TimestampLtz(_) => {
            moment(value.as_str()?, kind).ok()?
        }
        // The default of a union is one of its first branch.
        Kind::Union(branches) => from_json(value, &branches.first()?.ty.kind)?,
        _ => return None,
    })
}
