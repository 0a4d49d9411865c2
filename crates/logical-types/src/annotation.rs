//! What Avro and JSON schemas say of a type in properties of their own, the same in both.

use serde_json::{Map, Number, Value};

use crate::error::Mismatch;
use crate::model::{
    Branch, Check, EnumValue, FieldDefault, Kind, Notes, Params, Type, UNBOUNDED, free_params,
};

type Object = Map<String, Value>;

pub(crate) const FLINK_TYPE: &str = "flink.type";
const KEY_LENGTH: &str = "logical.key.length";
const KEY_TYPE: &str = "logical.key.type";
const TAGS: &str = "confluent:tags";
const PARAMS: &str = "confluent:params";
const ENUM: &str = "confluent:enum";
pub(crate) const UNION: &str = "confluent:union";
pub(crate) const RULES: &str = "confluent:rules";

/// `key` is what the format calls a description.
pub(crate) fn put_doc(out: &mut Object, key: &str, doc: Option<&String>) {
    if let Some(doc) = doc {
        out.insert(key.into(), doc.as_str().into());
    }
}

pub(crate) fn put_tags(out: &mut Object, notes: &Notes) {
    if !notes.tags.is_empty() {
        out.insert(TAGS.into(), notes.tags.clone().into());
    }
}

pub(crate) fn put_params<'p>(
    out: &mut Object,
    params: impl Iterator<Item = (&'p String, &'p String)>,
) {
    put_object(out, PARAMS, params);
}

fn put_object<'p>(
    out: &mut Object,
    key: &str,
    params: impl Iterator<Item = (&'p String, &'p String)>,
) {
    let params: Object = params.map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    if !params.is_empty() {
        out.insert(key.into(), params.into());
    }
}

fn entry<'p>(
    name: &str,
    doc: Option<&String>,
    params: impl Iterator<Item = (&'p String, &'p String)>,
) -> Value {
    let mut entry = Object::from_iter([("name".to_owned(), Value::from(name))]);
    put_doc(&mut entry, "doc", doc);
    put_object(&mut entry, "params", params);
    entry.into()
}

/// What is said of the symbols of an enum, if anything is.
pub(crate) fn put_enum_values(out: &mut Object, values: &[EnumValue]) {
    if values.iter().any(|value| value.doc.is_some() || !value.params.is_empty()) {
        let entry =
            |value: &EnumValue| entry(&value.symbol, value.doc.as_ref(), value.params.iter());
        out.insert(ENUM.into(), values.iter().map(entry).collect());
    }
}

/// The names of the branches of a union, with what is said of them.
pub(crate) fn branch_entries(branches: &[Branch]) -> Value {
    let entry =
        |branch: &Branch| entry(&branch.name, branch.doc.as_ref(), free_params(&branch.params));
    branches.iter().map(entry).collect()
}

/// The symbols of an enum with what the schema says of them; a repeated one counts once.
pub(crate) fn enum_values(
    symbols: impl Iterator<Item = String>,
    schema: &Object,
) -> Vec<EnumValue> {
    let said = schema.get(ENUM).and_then(Value::as_array);
    let mut seen = std::collections::HashSet::new();
    let value = |(at, symbol): (usize, String)| {
        let said = said.and_then(|said| said.get(at));
        let doc = said.and_then(|said| text(said, "doc"));
        seen.insert(symbol.clone()).then(|| EnumValue { symbol, doc, params: entry_params(said) })
    };
    symbols.enumerate().filter_map(value).collect()
}

pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// A string without its quotes, anything else as JSON.
pub(crate) fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `doc` is what the format calls a description.
pub(crate) fn notes(object: &Object, doc: &str) -> Notes {
    let tags = object.get(TAGS).and_then(Value::as_array);
    Notes {
        doc: object.get(doc).and_then(Value::as_str).map(str::to_owned),
        tags: tags.into_iter().flatten().map(plain_text).collect(),
        params: params(object.get(PARAMS)),
    }
}

pub(crate) fn entry_params(entry: Option<&Value>) -> Params {
    params(entry.and_then(|entry| entry.get("params")))
}

fn params(value: Option<&Value>) -> Params {
    let pairs = value.and_then(Value::as_object);
    pairs.into_iter().flatten().map(|(key, value)| (key.clone(), plain_text(value))).collect()
}

/// The checks of a schema; an entry that is none is passed over, as in the reference.
pub(crate) fn checks(rules: Option<&Value>) -> Vec<Check> {
    let filled = |rule: &Value, key: &str| text(rule, key).filter(|text| !text.is_empty());
    let check = |rule: &Value| {
        filled(rule, "expr")?;
        let sql = filled(rule, "sql")?;
        Some(Check { name: filled(rule, "name"), message: filled(rule, "doc"), sql })
    };
    let rules = rules.and_then(Value::as_array);
    rules.into_iter().flatten().filter_map(check).collect()
}

/// The length of a map's keys, which the keys of JSON objects do not tell.
pub(crate) fn put_map_key(out: &mut Object, key: &Kind) {
    if let Kind::Char(length) | Kind::VarChar(length) = key
        && *length < UNBOUNDED
    {
        out.insert(KEY_LENGTH.into(), (*length).into());
        if matches!(key, Kind::Char(_)) {
            out.insert(KEY_TYPE.into(), "CHAR".into());
        }
    }
}

/// The type of a map's keys.
pub(crate) fn map_key(map: &Object) -> Kind {
    let length = map.get(KEY_LENGTH).and_then(Value::as_i64);
    let Some(length) = length.and_then(|length| i32::try_from(length).ok()) else {
        return Kind::VarChar(UNBOUNDED);
    };
    match map.get(KEY_TYPE).and_then(Value::as_str) {
        Some("CHAR") => Kind::Char(length),
        _ => Kind::VarChar(length),
    }
}

/// A map, or a multiset where the schema says so.
pub(crate) fn map_kind(object: &Object, key: Type, value: Type) -> Result<Kind, Mismatch> {
    if object.get(FLINK_TYPE).and_then(Value::as_str) != Some("multiset") {
        return Ok(Kind::Map(Box::new(key), Box::new(value)));
    }
    if value.kind != Kind::Int {
        let found = value.kind.name();
        return Err(Mismatch::new(format!("a multiset counts with INT, not with {found}")));
    }
    Ok(Kind::Multiset(Box::new(key)))
}

/// The JSON of a default that both formats write alike; `None` for any other.
pub(crate) fn plain_default(default: &FieldDefault) -> Result<Option<Value>, Mismatch> {
    let number = |number: f64| {
        let number = Number::from_f64(number).map(Value::Number);
        number.ok_or_else(|| Mismatch::new("a default is no finite number"))
    };
    Ok(Some(match default {
        FieldDefault::Boolean(value) => (*value).into(),
        FieldDefault::Integer(number) => (*number).into(),
        // The shortest digits that mean this float, not those of the nearest double.
        FieldDefault::Float(float) => {
            let digits = float.to_string().parse();
            number(digits.map_err(|_| Mismatch::new("a default is no number"))?)?
        }
        FieldDefault::Double(double) => number(*double)?,
        FieldDefault::Text(text) => text.as_str().into(),
        _ => return Ok(None),
    }))
}
