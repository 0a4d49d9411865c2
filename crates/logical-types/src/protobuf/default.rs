//! Defaults as a parameter of a Protobuf field has them: texts of each logical type.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::ddl::{decimal_text, double_text, float_text, iso_text, moment, plain_decimal};
use crate::model::{FieldDefault, Kind};

/// The text of a default; `None` for NULL, which no parameter can say.
pub(super) fn to_text(default: &FieldDefault, kind: &Kind) -> Option<String> {
    Some(match default {
        FieldDefault::Null => return None,
        FieldDefault::Boolean(value) => value.to_string(),
        FieldDefault::Integer(number) => number.to_string(),
        FieldDefault::Float(number) => float_text(*number),
        FieldDefault::Double(number) => double_text(*number),
        FieldDefault::Decimal(value) => decimal_text(value),
        FieldDefault::Text(text) => text.clone(),
        FieldDefault::Bytes(bytes) => STANDARD.encode(bytes),
        moment => iso_text(moment, kind)?,
    })
}

/// The default that a text means for a type; one that is no value of it counts as none.
pub(super) fn from_text(text: &str, kind: &Kind) -> Option<FieldDefault> {
    Some(match kind {
        Kind::Boolean => FieldDefault::Boolean(text.eq_ignore_ascii_case("true")),
        Kind::TinyInt => FieldDefault::Integer(text.parse::<i8>().ok()?.into()),
        Kind::SmallInt => FieldDefault::Integer(text.parse::<i16>().ok()?.into()),
        Kind::Int => FieldDefault::Integer(text.parse::<i32>().ok()?.into()),
        Kind::BigInt => FieldDefault::Integer(text.parse().ok()?),
        Kind::Float => {
            FieldDefault::Float(text.parse().ok().filter(|number: &f32| number.is_finite())?)
        }
        Kind::Double => {
            FieldDefault::Double(text.parse().ok().filter(|number: &f64| number.is_finite())?)
        }
        Kind::Decimal { .. } => FieldDefault::Decimal(plain_decimal(text)?),
        Kind::Char(_) | Kind::VarChar(_) | Kind::Enum(_) => FieldDefault::Text(text.to_owned()),
        Kind::Binary(_) | Kind::VarBinary(_) => FieldDefault::Bytes(STANDARD.decode(text).ok()?),
        Kind::Date | Kind::Time(_) | Kind::Timestamp(_) | Kind::TimestampLtz(_) => {
            moment(text, kind).ok()?
        }
        _ => return None,
    })
}

/// The default that the field's own option `default` means.
pub(super) fn from_native(text: &str, kind: &Kind) -> Option<FieldDefault> {
    match kind {
        Kind::Binary(_) | Kind::VarBinary(_) => Some(FieldDefault::Bytes(text.into())),
        // A constant of the enum.
        Kind::Named(_) => Some(FieldDefault::Text(text.to_owned())),
        _ => from_text(text, kind),
    }
}
