//! Reading the attributes of a schema object, with errors that say where.

use crate::json_text::{Items, Json, Members, NodeId, Number, View, Vocabulary};
use crate::{ParseError, ParseErrorKind};

/// What stands in the object of a type or a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    /// None of those that mean something.
    Other,
    Type,
    Name,
    Namespace,
    Doc,
    Aliases,
    Fields,
    Symbols,
    Items,
    Values,
    Size,
    Default,
    Order,
}

impl Attribute {
    const COUNT: usize = Self::Order as usize + 1;
    /// By number.
    pub(super) const WORDS: Vocabulary = Vocabulary::new(&[
        "",
        "type",
        "name",
        "namespace",
        "doc",
        "aliases",
        "fields",
        "symbols",
        "items",
        "values",
        "size",
        "default",
        "order",
    ]);
    /// What the object of a type may hold that is a custom property.
    pub(super) const PROPS: &[Self] = &[Self::Other, Self::Default, Self::Order];
    /// The same for an enum, whose own default is an attribute, unlike that of other types.
    pub(super) const ENUM_PROPS: &[Self] = &[Self::Other, Self::Order];
    /// The same for a field.
    pub(super) const FIELD_PROPS: &[Self] = &[
        Self::Other,
        Self::Namespace,
        Self::Fields,
        Self::Symbols,
        Self::Items,
        Self::Values,
        Self::Size,
    ];

    /// Whether the key is one of these.
    pub(super) fn is_any(listed: &[Self], key: Json<'_>) -> bool {
        listed.iter().any(|listed| *listed as u8 == key.word())
    }
}

/// The attributes of a type or a field, found in one pass.
pub(super) struct Attributes<'v> {
    /// The object.
    pub(super) place: Json<'v>,
    /// By the number of the attribute.
    found: [Option<NodeId>; Attribute::COUNT],
}

impl<'v> Attributes<'v> {
    pub(super) fn of(object: Members<'v>, place: Json<'v>) -> Self {
        let mut found = [None; Attribute::COUNT];
        for (key, value) in object.iter() {
            if let Some(slot) = found.get_mut(usize::from(key.word())) {
                *slot = Some(value.id());
            }
        }
        Self { place, found }
    }

    #[inline]
    pub(super) fn get(&self, wanted: Attribute) -> Option<Json<'v>> {
        let found = self.found.get(wanted as usize).copied().flatten();
        found.map(|id| self.place.other(id))
    }

    /// Whether there is one of these.
    pub(super) fn has(&self, wanted: &[Attribute]) -> bool {
        wanted.iter().any(|wanted| self.get(*wanted).is_some())
    }

    /// The text of an attribute; one of another kind counts as absent, as in the reference.
    pub(super) fn text(&self, wanted: Attribute) -> Option<Json<'v>> {
        self.get(wanted).filter(|value| value.as_str().is_some())
    }
}

pub(super) fn invalid(message: impl Into<String>, place: Json<'_>) -> ParseError {
    at(ParseError::new(ParseErrorKind::Invalid, message), place)
}

/// The error with the place of what is wrong.
pub(super) fn at(error: ParseError, place: Json<'_>) -> ParseError {
    ParseError { location: place.location(), ..error }
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
