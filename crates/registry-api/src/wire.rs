//! How scalars are read: as leniently as the reference's JSON reader, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::Patch;

/// A string; numbers and booleans are read as their text (observed: `"schema": 1` is the text 1).
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    to_text(Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// A 32-bit integer. Text that holds one is taken, blank text counts as null, and a fraction is
/// cut off.
pub(crate) fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => text.trim().parse().map(Some).map_err(D::Error::custom),
        Value::Number(number) => {
            let digits = number.to_string();
            let whole = digits.split_once('.').map_or(digits.as_str(), |(whole, _)| whole);
            whole.parse().map(Some).map_err(|_| no_int(&number))
        }
        other => Err(no_int(&other)),
    }
}

fn no_int<E: Error>(value: &impl std::fmt::Display) -> E {
    E::custom(format!("{value} is no 32-bit integer"))
}

/// A boolean; the words true and false are taken as text too, null counts as false.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    some_flag(deserializer).map(Option::unwrap_or_default)
}

/// A boolean, or null.
pub(crate) fn some_flag<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<bool>, D::Error> {
    to_flag(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// An object; alone, serde would also read a list, as the members in their order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }

        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

/// An object that must be there.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Object::deserialize(deserializer).map(|object| object.0)
}

/// An object, or null.
pub(crate) fn some_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|object| object.0))
}

/// An object as the member of an update.
pub(crate) fn object_patch<'de, D, T>(deserializer: D) -> Result<Patch<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(some_object(deserializer)?.map_or(Patch::Clear, Patch::Set))
}

/// A list of objects; null counts as left out.
pub(crate) fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list: Vec<Object<T>> = Option::deserialize(deserializer)?.unwrap_or_default();
    Ok(list.into_iter().map(|object| object.0).collect())
}

/// A map of strings.
pub(crate) fn text_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let map: BTreeMap<String, Value> = Option::deserialize(deserializer)?.unwrap_or_default();
    map.into_iter()
        .filter_map(|(key, value)| to_text(value).map(|text| Some((key, text?))).transpose())
        .collect::<Result<_, _>>()
        .map_err(D::Error::custom)
}

/// A map of strings as the member of an update.
pub(crate) fn text_map_patch<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Patch<BTreeMap<String, String>>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(Patch::Clear),
        map => text_map(map).map(Patch::Set).map_err(D::Error::custom),
    }
}

/// A list of strings, or null.
pub(crate) fn some_texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    let list: Option<Vec<Value>> = Option::deserialize(deserializer)?;
    list.map(to_texts).transpose().map_err(D::Error::custom)
}

/// A list of strings; null counts as left out.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    some_texts(deserializer).map(Option::unwrap_or_default)
}

/// A set of strings; unlike a list it may not hold null.
pub(crate) fn text_set<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeSet<String>, D::Error> {
    let list: Option<Vec<Value>> = Option::deserialize(deserializer)?;
    to_set(list.unwrap_or_default()).map_err(D::Error::custom)
}

/// A map of sets of strings.
pub(crate) fn set_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, BTreeSet<String>>, D::Error> {
    let map: BTreeMap<String, Vec<Value>> = Option::deserialize(deserializer)?.unwrap_or_default();
    map.into_iter()
        .map(|(key, list)| Ok((key, to_set(list)?)))
        .collect::<Result<_, &str>>()
        .map_err(D::Error::custom)
}

/// A string that must be there.
pub(crate) fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer)?.ok_or_else(|| D::Error::custom("expected a string, not null"))
}

/// A string in which nothing counts as left out.
pub(crate) fn filled_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(text(deserializer)?.filter(|text| !text.is_empty()))
}

/// A string member of an update.
pub(crate) fn text_patch<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Patch<String>, D::Error> {
    Ok(text(deserializer)?.map_or(Patch::Clear, Patch::Set))
}

/// A boolean member of an update.
pub(crate) fn flag_patch<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Patch<bool>, D::Error> {
    Ok(some_flag(deserializer)?.map_or(Patch::Clear, Patch::Set))
}

/// A collection or value that is left out of a document when it equals its default.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Null is no element.
fn to_texts(list: Vec<Value>) -> Result<Vec<String>, &'static str> {
    list.into_iter().filter_map(|value| to_text(value).transpose()).collect()
}

fn to_set(list: Vec<Value>) -> Result<BTreeSet<String>, &'static str> {
    list.into_iter().map(|value| to_text(value)?.ok_or("a set of strings holds null")).collect()
}

fn to_text(value: Value) -> Result<Option<String>, &'static str> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(flag) => Ok(Some(flag.to_string())),
        Value::Array(_) | Value::Object(_) => Err("expected a string"),
    }
}

fn to_flag(value: &Value) -> Result<Option<bool>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        Value::Number(number) if number.is_i64() => Ok(Some(number.as_i64() != Some(0))),
        Value::String(text) => match text.trim() {
            "true" | "True" | "TRUE" => Ok(Some(true)),
            "false" | "False" | "FALSE" => Ok(Some(false)),
            "" => Ok(None),
            other => Err(format!("'{other}' is no boolean")),
        },
        other => Err(format!("{other} is no boolean")),
    }
}
