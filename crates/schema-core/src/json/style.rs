//! Style of JSON schemas: what they leave open without saying so.

use crate::json_text::{Data, Object, Value};
use crate::style::{StyleFinding, StyleRule};
use crate::{Limits, ParseError};

/// Keywords that say what a value is.
const KINDS: [&str; 9] =
    ["type", "$ref", "enum", "const", "allOf", "anyOf", "oneOf", "not", "$dynamicRef"];

pub(crate) fn style(text: &str, limits: &Limits) -> Result<Vec<StyleFinding>, ParseError> {
    let root = super::read_any(text, limits)?;
    let mut found = Vec::new();
    if let Some(object) = root.as_object() {
        let mut add = |rule| found.push(StyleFinding::new(rule, "the schema", root.location));
        if object.get("$schema").is_none() {
            add(StyleRule::JsonDialectMissing);
        }
        let is_library = object.get("definitions").or(object.get("$defs")).is_some();
        let has_rules = object.get("properties").is_some() || !is_library;
        if has_rules && !KINDS.iter().any(|key| object.get(key).is_some()) {
            add(StyleRule::JsonTypeMissing);
        }
        properties(&root, &mut found);
    }
    Ok(found)
}

/// As deep as the reader let the text be.
fn properties(value: &Value, found: &mut Vec<StyleFinding>) {
    match &value.data {
        Data::Array(items) => items.iter().for_each(|item| properties(item, found)),
        Data::Object(object) => {
            if let Some(listed) = object.get("properties").and_then(Value::as_object) {
                described(listed, found);
            }
            object.iter().for_each(|member| properties(&member.value, found));
        }
        _ => {}
    }
}

fn described(listed: &Object, found: &mut Vec<StyleFinding>) {
    for member in listed.iter() {
        let Some(property) = member.value.as_object() else { continue };
        if property.get("description").is_none() && property.get("$ref").is_none() {
            let (rule, at) = (StyleRule::JsonDescriptionMissing, member.value.location);
            found.push(StyleFinding::new(rule, member.key.as_str(), at));
        }
    }
}
