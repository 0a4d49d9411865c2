//! Reading the attributes of a schema object, with errors that say where.

use smol_str::SmolStr;

use crate::json_text::{Data, Object, Value};
use crate::{Location, ParseError, ParseErrorKind};

/// Attributes of a type with a meaning of their own; all others are custom properties.
pub(super) fn is_reserved(key: &str) -> bool {
    matches!(
        key,
        "doc"
            | "fields"
            | "items"
            | "name"
            | "namespace"
            | "size"
            | "symbols"
            | "values"
            | "type"
            | "aliases"
    )
}

pub(super) fn invalid(message: impl Into<String>, place: Location) -> ParseError {
    ParseError::new(ParseErrorKind::Invalid, message).at(place)
}

/// The member's text; a member of another kind counts as absent, as in the reference.
pub(super) fn text<'v>(object: &'v Object, key: &str) -> Option<&'v SmolStr> {
    object.get(key).and_then(Value::as_text)
}

pub(super) fn required<'v>(
    object: &'v Object,
    key: &str,
    place: Location,
) -> Result<&'v Value, ParseError> {
    object.get(key).ok_or_else(|| invalid(format!("attribute {key:?} is missing"), place))
}

pub(super) fn required_text<'v>(
    object: &'v Object,
    key: &str,
    place: Location,
) -> Result<&'v SmolStr, ParseError> {
    let value = required(object, key, place)?;
    value.as_text().ok_or_else(|| {
        invalid(format!("attribute {key:?} is a string, not {}", value.kind()), value.location)
    })
}

pub(super) fn required_array<'v>(
    object: &'v Object,
    key: &str,
    place: Location,
) -> Result<&'v [Value], ParseError> {
    let value = required(object, key, place)?;
    value.as_array().ok_or_else(|| {
        invalid(format!("attribute {key:?} is an array, not {}", value.kind()), value.location)
    })
}

/// The aliases of a definition as written, with their places.
pub(super) fn aliases_of(object: &Object) -> Result<Vec<(&SmolStr, Location)>, ParseError> {
    object.get("aliases").map_or_else(|| Ok(Vec::new()), aliases)
}

/// The members of an attribute "aliases", with their places.
pub(super) fn aliases(value: &Value) -> Result<Vec<(&SmolStr, Location)>, ParseError> {
    let Some(items) = value.as_array() else {
        return Err(invalid(
            format!("attribute \"aliases\" is an array, not {}", value.kind()),
            value.location,
        ));
    };
    items
        .iter()
        .map(|item| match item.as_text() {
            Some(alias) => Ok((alias, item.location)),
            None => {
                Err(invalid(format!("an alias is a string, not {}", item.kind()), item.location))
            }
        })
        .collect()
}

/// The reference copies the properties of records, arrays and maps when it resolves names, and
/// cannot hold integers of more than 64 bits then.
pub(super) fn check_integers(props: &Object) -> Result<(), ParseError> {
    let mut open: Vec<&Value> = props.iter().map(|member| &member.value).collect();
    while let Some(value) = open.pop() {
        match &value.data {
            Data::Number(number) if number.is_integer() && number.as_i64().is_none() => {
                let message = format!("{} does not fit 64 bits", number.source());
                return Err(invalid(message, value.location));
            }
            Data::Array(items) => open.extend(items.iter()),
            Data::Object(object) => open.extend(object.iter().map(|member| &member.value)),
            _ => {}
        }
    }
    Ok(())
}

/// The members that are not reserved.
pub(super) fn props(object: &Object, is_reserved: impl Fn(&str) -> bool) -> Object {
    object.only(|key| !is_reserved(key))
}
