//! Reading the attributes of a schema object, with errors that say where.

use crate::json_text::{Data, Items, Json, Members, Object, Value};
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

pub(super) fn invalid(message: impl Into<String>, place: Json<'_>) -> ParseError {
    invalid_at(message, place.location())
}

pub(super) fn invalid_at(message: impl Into<String>, place: Location) -> ParseError {
    ParseError::new(ParseErrorKind::Invalid, message).at(place)
}

/// The member's text; a member of another kind counts as absent, as in the reference.
pub(super) fn text<'v>(object: Members<'v>, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Json::as_str)
}

pub(super) fn required<'v>(
    object: Members<'v>,
    key: &str,
    place: Json<'_>,
) -> Result<Json<'v>, ParseError> {
    object.get(key).ok_or_else(|| invalid(format!("attribute {key:?} is missing"), place))
}

pub(super) fn required_text<'v>(
    object: Members<'v>,
    key: &str,
    place: Json<'_>,
) -> Result<&'v str, ParseError> {
    let value = required(object, key, place)?;
    value.as_str().ok_or_else(|| {
        invalid(format!("attribute {key:?} is a string, not {}", value.kind()), value)
    })
}

pub(super) fn required_array<'v>(
    object: Members<'v>,
    key: &str,
    place: Json<'_>,
) -> Result<Items<'v>, ParseError> {
    let value = required(object, key, place)?;
    value.as_array().ok_or_else(|| {
        invalid(format!("attribute {key:?} is an array, not {}", value.kind()), value)
    })
}

/// The aliases of a definition as written, with their places.
pub(super) fn aliases_of(object: Members<'_>) -> Result<Vec<(&str, Json<'_>)>, ParseError> {
    object.get("aliases").map_or_else(|| Ok(Vec::new()), aliases)
}

/// The members of an attribute "aliases", with their places.
pub(super) fn aliases(value: Json<'_>) -> Result<Vec<(&str, Json<'_>)>, ParseError> {
    let Some(items) = value.as_array() else {
        return Err(invalid(
            format!("attribute \"aliases\" is an array, not {}", value.kind()),
            value,
        ));
    };
    let alias =
        |item: Json<'_>| invalid(format!("an alias is a string, not {}", item.kind()), item);
    items.map(|item| Ok((item.as_str().ok_or_else(|| alias(item))?, item))).collect()
}

/// The reference copies the properties of records, arrays and maps when it resolves names, and
/// cannot hold integers of more than 64 bits then.
pub(super) fn check_integers(props: &Object) -> Result<(), ParseError> {
    let mut open: Vec<&Value> = props.iter().map(|member| &member.value).collect();
    while let Some(value) = open.pop() {
        match &value.data {
            Data::Number(number) if number.is_integer() && number.as_i64().is_none() => {
                let message = format!("{} does not fit 64 bits", number.source());
                return Err(invalid_at(message, value.location));
            }
            Data::Array(items) => open.extend(items.iter()),
            Data::Object(object) => open.extend(object.iter().map(|member| &member.value)),
            _ => {}
        }
    }
    Ok(())
}

/// The members that are not reserved.
pub(super) fn props(object: Members<'_>, is_reserved: impl Fn(&str) -> bool) -> Object {
    object.only(|key| !is_reserved(key))
}
