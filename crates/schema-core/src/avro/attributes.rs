//! Reading the attributes of a schema object, with errors that say where.

use crate::json_text::{Items, Json, Members, NodeId, Number, View};
use crate::{ParseError, ParseErrorKind};

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

/// An enum's own default is an attribute, unlike that of other types.
pub(super) fn is_enum_reserved(key: &str) -> bool {
    is_reserved(key) || key == "default"
}

/// Attributes of a field with a meaning of their own.
pub(super) fn is_field_reserved(key: &str) -> bool {
    matches!(key, "default" | "doc" | "name" | "order" | "type" | "aliases")
}

/// The attributes of a type with a meaning of their own, found in one pass.
pub(super) struct Attributes<'v> {
    /// The object.
    pub(super) place: Json<'v>,
    pub(super) kind: Option<NodeId>,
    pub(super) name: Option<NodeId>,
    pub(super) namespace: Option<NodeId>,
    pub(super) doc: Option<NodeId>,
    pub(super) aliases: Option<NodeId>,
    pub(super) fields: Option<NodeId>,
    pub(super) symbols: Option<NodeId>,
    pub(super) items: Option<NodeId>,
    pub(super) values: Option<NodeId>,
    pub(super) size: Option<NodeId>,
    pub(super) default: Option<NodeId>,
    /// Whether there are others.
    has_others: bool,
}

impl<'v> Attributes<'v> {
    pub(super) fn of(object: Members<'v>, place: Json<'v>) -> Self {
        let mut found = Self {
            place,
            kind: None,
            name: None,
            namespace: None,
            doc: None,
            aliases: None,
            fields: None,
            symbols: None,
            items: None,
            values: None,
            size: None,
            default: None,
            has_others: false,
        };
        for (key, value) in object.iter() {
            let slot = match key.as_str().unwrap_or_default() {
                "type" => &mut found.kind,
                "name" => &mut found.name,
                "namespace" => &mut found.namespace,
                "doc" => &mut found.doc,
                "aliases" => &mut found.aliases,
                "fields" => &mut found.fields,
                "symbols" => &mut found.symbols,
                "items" => &mut found.items,
                "values" => &mut found.values,
                "size" => &mut found.size,
                "default" => &mut found.default,
                _ => {
                    found.has_others = true;
                    continue;
                }
            };
            *slot = Some(value.id());
        }
        found
    }

    /// The value of an attribute.
    pub(super) fn json(&self, attribute: Option<NodeId>) -> Option<Json<'v>> {
        attribute.map(|id| self.place.other(id))
    }

    /// Whether a type that is no enum has custom properties.
    pub(super) fn has_props(&self) -> bool {
        self.has_others || self.default.is_some()
    }

    /// Whether an enum has custom properties.
    pub(super) fn has_enum_props(&self) -> bool {
        self.has_others
    }
}

/// The attributes of a field with a meaning of their own, found in one pass.
pub(super) struct FieldAttributes<'v> {
    /// The object.
    pub(super) place: Json<'v>,
    pub(super) name: Option<NodeId>,
    pub(super) kind: Option<NodeId>,
    pub(super) doc: Option<NodeId>,
    pub(super) default: Option<NodeId>,
    pub(super) order: Option<NodeId>,
    pub(super) aliases: Option<NodeId>,
    pub(super) has_props: bool,
}

impl<'v> FieldAttributes<'v> {
    pub(super) fn of(object: Members<'v>, place: Json<'v>) -> Self {
        let (name, kind, doc, default, order, aliases) = (None, None, None, None, None, None);
        let mut found = Self { place, name, kind, doc, default, order, aliases, has_props: false };
        for (key, value) in object.iter() {
            let slot = match key.as_str().unwrap_or_default() {
                "name" => &mut found.name,
                "type" => &mut found.kind,
                "doc" => &mut found.doc,
                "default" => &mut found.default,
                "order" => &mut found.order,
                "aliases" => &mut found.aliases,
                _ => {
                    found.has_props = true;
                    continue;
                }
            };
            *slot = Some(value.id());
        }
        found
    }

    /// The value of an attribute.
    pub(super) fn json(&self, attribute: Option<NodeId>) -> Option<Json<'v>> {
        attribute.map(|id| self.place.other(id))
    }
}

pub(super) fn invalid(message: impl Into<String>, place: Json<'_>) -> ParseError {
    at(ParseError::new(ParseErrorKind::Invalid, message), place)
}

/// The error with the place of what is wrong.
pub(super) fn at(error: ParseError, place: Json<'_>) -> ParseError {
    ParseError { location: place.location(), ..error }
}

/// The text of an attribute; one of another kind counts as absent, as in the reference.
pub(super) fn text(attribute: Option<Json<'_>>) -> Option<&str> {
    attribute.and_then(Json::as_str)
}

#[inline]
pub(super) fn required<'v>(
    attribute: Option<Json<'v>>,
    key: &str,
    place: Json<'_>,
) -> Result<Json<'v>, ParseError> {
    attribute.ok_or_else(|| missing(key, place))
}

#[inline]
pub(super) fn required_text<'v>(
    attribute: Option<Json<'v>>,
    key: &str,
    place: Json<'_>,
) -> Result<&'v str, ParseError> {
    let value = required(attribute, key, place)?;
    value.as_str().ok_or_else(|| no("a string", key, value))
}

pub(super) fn required_array<'v>(
    attribute: Option<Json<'v>>,
    key: &str,
    place: Json<'_>,
) -> Result<Items<'v>, ParseError> {
    let value = required(attribute, key, place)?;
    value.as_array().ok_or_else(|| no("an array", key, value))
}

#[cold]
fn missing(key: &str, place: Json<'_>) -> ParseError {
    invalid(format!("attribute {key:?} is missing"), place)
}

#[cold]
fn no(wanted: &str, key: &str, value: Json<'_>) -> ParseError {
    invalid(format!("attribute {key:?} is {wanted}, not {}", value.kind()), value)
}

/// The members of an attribute "aliases", with their places.
pub(super) fn aliases(value: Json<'_>) -> Result<Vec<(&str, Json<'_>)>, ParseError> {
    let listed = required_array(Some(value), "aliases", value)?;
    let alias =
        |item: Json<'_>| invalid(format!("an alias is a string, not {}", item.kind()), item);
    listed.map(|item| Ok((item.as_str().ok_or_else(|| alias(item))?, item))).collect()
}

/// The reference copies the properties of records, arrays and maps when it resolves names, and
/// cannot hold integers of more than 64 bits then.
pub(super) fn check_integers<'v>(
    props: impl Iterator<Item = (&'v str, Json<'v>)>,
) -> Result<(), ParseError> {
    let mut open: Vec<Json<'_>> = props.map(|(_, value)| value).collect();
    while let Some(value) = open.pop() {
        match value.view() {
            View::Number(source) => {
                let number = Number::new(source);
                if number.is_integer() && number.as_i64().is_none() {
                    return Err(invalid(format!("{source} does not fit 64 bits"), value));
                }
            }
            View::Array(items) => open.extend(items),
            View::Object(object) => open.extend(object.iter().map(|(_, value)| value)),
            View::Null | View::Boolean(_) | View::Text(_) => {}
        }
    }
    Ok(())
}
