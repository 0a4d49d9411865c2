//! The `DEFAULT` of a field, read as a value of the field's type.

use std::str::FromStr;

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use levada_schema_core::Location;
use num_bigint::BigInt;

use super::cursor::Cursor;
use super::lexer::{Token, invalid};
use crate::error::LogicalError;
use crate::model::{FieldDefault, Kind, UNBOUNDED};

/// Largest exponent of a decimal of a stored schema, of either sign.
const DECIMAL_EXPONENT_MAX: u64 = 1_000;

/// A literal, before it is known of which type.
enum Literal {
    Null,
    Boolean(bool),
    /// Any number as it was written, with its sign, and whether it is whole.
    Number {
        text: String,
        is_whole: bool,
    },
    Text(String),
    Bytes(Vec<u8>),
}

/// Reads the literal behind `DEFAULT` for a field of this kind.
pub(super) fn read(cursor: &mut Cursor<'_>, kind: &Kind) -> Result<FieldDefault, LogicalError> {
    let place = cursor.place();
    let literal = literal(cursor)?;
    let digits_max = cursor.limits.number_digits_max;
    value(literal, kind, digits_max).map_err(|reason| invalid(reason, place))
}

fn literal(cursor: &mut Cursor<'_>) -> Result<Literal, LogicalError> {
    let place = cursor.place();
    let is_negative = cursor.take_symbol('-')?;
    let whole = match cursor.peek() {
        Token::Integer(_) => true,
        Token::Decimal(_) | Token::Double(_) => false,
        _ if is_negative => return Err(cursor.expected("a number")),
        Token::Word(word) if word.eq_ignore_ascii_case("TIMESTAMP") => {
            cursor.advance()?;
            return cursor.text().map(Literal::Text);
        }
        _ => return plain_literal(cursor, place),
    };
    let sign = if is_negative { "-" } else { "" };
    match cursor.advance()? {
        Token::Integer(digits) | Token::Decimal(digits) | Token::Double(digits) => {
            Ok(Literal::Number { text: format!("{sign}{digits}"), is_whole: whole })
        }
        other => Err(invalid(format!("expected a number, found {}", other.describe()), place)),
    }
}

fn plain_literal(cursor: &mut Cursor<'_>, place: Location) -> Result<Literal, LogicalError> {
    for (word, literal) in [
        ("NULL", Literal::Null),
        ("TRUE", Literal::Boolean(true)),
        ("FALSE", Literal::Boolean(false)),
    ] {
        if cursor.take_word(word)? {
            return Ok(literal);
        }
    }
    if !matches!(cursor.peek(), Token::Text(_) | Token::Hex(_)) {
        return Err(cursor.expected("a literal"));
    }
    match cursor.advance()? {
        Token::Hex(text) => bytes(&text).map(Literal::Bytes).map_err(|why| invalid(why, place)),
        Token::Text(text) => Ok(Literal::Text(text)),
        other => Err(invalid(format!("expected a literal, found {}", other.describe()), place)),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("x'{text}' is not made of pairs of hexadecimal digits");
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or_else(wrong)?;
    let pair = |pair: &[u32]| pair.iter().fold(0, |sum, digit| sum * 16 + digit);
    digits.chunks(2).map(|two| u8::try_from(pair(two)).map_err(|_| wrong())).collect()
}

fn value(literal: Literal, kind: &Kind, digits_max: usize) -> Result<FieldDefault, String> {
    let literal = match literal {
        Literal::Null => return Ok(FieldDefault::Null),
        other => other,
    };
    match (kind, literal) {
        (Kind::Boolean, Literal::Boolean(value)) => Ok(FieldDefault::Boolean(value)),
        (Kind::TinyInt, literal) => integer(literal, kind, i8::MIN.into(), i8::MAX.into()),
        (Kind::SmallInt, literal) => integer(literal, kind, i16::MIN.into(), i16::MAX.into()),
        (Kind::Int, literal) => integer(literal, kind, i32::MIN.into(), i32::MAX.into()),
        (Kind::BigInt, literal) => integer(literal, kind, i64::MIN, i64::MAX),
        (Kind::Float, Literal::Number { text, .. }) => match text.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(FieldDefault::Float(number)),
            _ => Err(format!("the default {text} is out of the range of FLOAT")),
        },
        (Kind::Double, Literal::Number { text, .. }) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(FieldDefault::Double(number)),
            _ => Err(format!("the default {text} is out of the range of DOUBLE")),
        },
        (
            Kind::Decimal { precision, scale },
            Literal::Number { text, .. } | Literal::Text(text),
        ) => decimal(&text, *precision, scale.unwrap_or(0), digits_max),
        (Kind::Char(length), Literal::Text(text)) => {
            length_fits(text.encode_utf16().count(), *length, true, kind)?;
            Ok(FieldDefault::Text(text))
        }
        (Kind::VarChar(length), Literal::Text(text)) => {
            length_fits(text.encode_utf16().count(), *length, false, kind)?;
            Ok(FieldDefault::Text(text))
        }
        (Kind::Binary(length), Literal::Bytes(bytes)) => {
            length_fits(bytes.len(), *length, true, kind)?;
            Ok(FieldDefault::Bytes(bytes))
        }
        (Kind::VarBinary(length), Literal::Bytes(bytes)) => {
            length_fits(bytes.len(), *length, false, kind)?;
            Ok(FieldDefault::Bytes(bytes))
        }
        (
            Kind::Date | Kind::Time(_) | Kind::Timestamp(_) | Kind::TimestampLtz(_),
            Literal::Text(text),
        ) => moment(&text, kind),
        (
            Kind::Variant
            | Kind::Struct(_)
            | Kind::Union(_)
            | Kind::Array(_)
            | Kind::Map(..)
            | Kind::Multiset(_)
            | Kind::Named(_),
            _,
        ) => Err(format!("the default of {} can only be NULL", kind.name())),
        (kind, _) => Err(format!("the default is no value of {}", kind.name())),
    }
}

fn integer(literal: Literal, kind: &Kind, min: i64, max: i64) -> Result<FieldDefault, String> {
    let Literal::Number { text, is_whole: true } = literal else {
        return Err(format!("the default of {} is a whole number", kind.name()));
    };
    match text.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(FieldDefault::Integer(number)),
        _ => Err(format!("the default {text} is out of the range of {}", kind.name())),
    }
}

fn decimal(
    text: &str,
    precision: i32,
    scale: i32,
    digits_max: usize,
) -> Result<FieldDefault, String> {
    let described = format!("DECIMAL({precision}, {scale})");
    let wrong = || format!("the default {text} is no value of {described}");
    if text.len() > digits_max {
        return Err(wrong());
    }
    let value = BigDecimal::from_str(text).map_err(|_| wrong())?;
    // Written-out zeros after the point count as digits, as in the reference.
    let (_, value_scale) = value.as_bigint_and_exponent();
    let digits = i64::try_from(value.digits()).map_err(|_| wrong())?;
    let whole_digits = digits - value_scale.max(0) + (-value_scale).max(0);
    if value_scale > i64::from(scale) || whole_digits > i64::from(precision) - i64::from(scale) {
        return Err(format!("the default {text} has more digits than {described}"));
    }
    Ok(FieldDefault::Decimal(value.with_scale(i64::from(scale))))
}

/// The value of a decimal as the whole number that formats store.
pub(crate) fn unscaled(value: &BigDecimal) -> BigInt {
    value.as_bigint_and_exponent().0
}

/// A decimal of a stored schema. One with more digits than strangers may ask for, written out, is
/// none.
pub(crate) fn plain_decimal(text: &str) -> Option<BigDecimal> {
    let value = BigDecimal::from_str(text).ok()?;
    (value.fractional_digit_count().unsigned_abs() <= DECIMAL_EXPONENT_MAX).then_some(value)
}

fn length_fits(length: usize, max: i32, is_exact: bool, kind: &Kind) -> Result<(), String> {
    let max_length = usize::try_from(max).unwrap_or_default();
    if max == UNBOUNDED || length == max_length || (!is_exact && length < max_length) {
        return Ok(());
    }
    Err(format!(
        "the default has {length} characters or bytes, and the type is {}({max})",
        kind.name()
    ))
}

/// A date or a time in the ISO form that the reference reads.
pub(crate) fn moment(text: &str, kind: &Kind) -> Result<FieldDefault, String> {
    let (form, value) = match kind {
        Kind::Date => ("2024-12-31", NaiveDate::from_str(text).ok().map(FieldDefault::Date)),
        Kind::Time(_) => ("23:59:59.999", time(text).map(FieldDefault::Time)),
        Kind::Timestamp(_) => ("2024-12-31T23:59:59.999", local(text).map(FieldDefault::Timestamp)),
        _ => (
            "2024-12-31T23:59:59.999Z",
            DateTime::parse_from_rfc3339(text)
                .ok()
                .map(|moment| FieldDefault::Timestamp(moment.naive_utc())),
        ),
    };
    let value = value
        .ok_or_else(|| format!("the default '{text}' of {} is not like '{form}'", kind.name()))?;
    let (Kind::Time(digits) | Kind::Timestamp(digits) | Kind::TimestampLtz(digits)) = kind else {
        return Ok(value);
    };
    let nanos = match &value {
        FieldDefault::Time(time) => time.nanosecond(),
        FieldDefault::Timestamp(moment) => moment.nanosecond(),
        _ => 0,
    };
    let unit = 10_u32.pow(u32::from(9 - digits));
    if nanos % unit == 0 && nanos < 1_000_000_000 {
        return Ok(value);
    }
    Err(format!("the default '{text}' is finer than {}({digits})", kind.name()))
}

/// A date or a time as [`moment`] reads it; `None` for any other default.
pub(crate) fn iso_text(default: &FieldDefault, kind: &Kind) -> Option<String> {
    Some(match default {
        FieldDefault::Date(date) => date.to_string(),
        FieldDefault::Time(time) => short_time(*time),
        FieldDefault::Timestamp(moment) if matches!(kind, Kind::TimestampLtz(_)) => {
            format!("{moment:?}Z")
        }
        FieldDefault::Timestamp(moment) => {
            format!("{}T{}", moment.date(), short_time(moment.time()))
        }
        _ => return None,
    })
}

/// Without seconds where there are none, as the reference writes times.
fn short_time(time: NaiveTime) -> String {
    if time.second() == 0 && time.nanosecond() == 0 {
        return time.format("%H:%M").to_string();
    }
    time.to_string()
}

fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::from_str(text).ok()
}

fn local(text: &str) -> Option<NaiveDateTime> {
    let (date, time_of_day) = text.split_once(['T', 't'])?;
    Some(NaiveDate::from_str(date).ok()?.and_time(time(time_of_day)?))
}
