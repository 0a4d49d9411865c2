//! Style of Avro schemas: names, docs, and what makes later changes hard.

use crate::json_text::{self, Data, Dialect, Object, Value};
use crate::style::{StyleFinding, StyleRule, is_lower_camel, is_lower_snake, is_pascal};
use crate::{Limits, ParseError};

pub(crate) fn style(text: &str, limits: &Limits) -> Result<Vec<StyleFinding>, ParseError> {
    let root = json_text::read(text, Dialect::AVRO, limits)?;
    let mut found = Vec::new();
    if let Some(object) = root.as_object()
        && let Some(name) = name_of(object)
        && is_definition(object)
        && object.get("namespace").is_none()
        && !name.contains('.')
    {
        found.push(StyleFinding::new(StyleRule::AvroNamespaceMissing, name, root.location));
    }
    schema(&root, &mut found);
    Ok(found)
}

fn name_of(object: &Object) -> Option<&str> {
    object.get("name")?.as_str()
}

fn is_definition(object: &Object) -> bool {
    let kind = object.get("type").and_then(Value::as_str);
    matches!(kind, Some("record" | "error" | "enum" | "fixed"))
}

/// As deep as the reader let the text be.
fn schema(value: &Value, found: &mut Vec<StyleFinding>) {
    match &value.data {
        Data::Array(branches) => branches.iter().for_each(|branch| schema(branch, found)),
        Data::Object(object) => {
            if is_definition(object) {
                definition(object, value, found);
            }
            for key in ["type", "items", "values"] {
                if let Some(inner) = object.get(key) {
                    schema(inner, found);
                }
            }
            let fields = object.get("fields").and_then(Value::as_array).unwrap_or_default();
            for inner in fields {
                field(inner, found);
            }
        }
        _ => {}
    }
}

fn definition(object: &Object, at: &Value, found: &mut Vec<StyleFinding>) {
    let Some(name) = name_of(object) else { return };
    let mut add = |rule| found.push(StyleFinding::new(rule, name, at.location));
    let simple = name.rsplit('.').next().unwrap_or(name);
    if !is_pascal(simple) {
        add(StyleRule::AvroTypeName);
    }
    if object.get("doc").is_none() {
        add(StyleRule::AvroDocMissing);
    }
    if object.get("symbols").is_some() && object.get("default").is_none() {
        add(StyleRule::AvroEnumWithoutDefault);
    }
}

fn field(value: &Value, found: &mut Vec<StyleFinding>) {
    let Some(object) = value.as_object() else { return };
    let name = name_of(object).unwrap_or_default();
    let mut add = |rule| found.push(StyleFinding::new(rule, name, value.location));
    if !is_lower_snake(name) && !is_lower_camel(name) {
        add(StyleRule::AvroFieldName);
    }
    if object.get("doc").is_none() {
        add(StyleRule::AvroDocMissing);
    }
    let branches = object.get("type").and_then(Value::as_array).unwrap_or_default();
    let is_optional = branches.iter().any(|branch| branch.as_str() == Some("null"));
    if is_optional && object.get("default").is_none() {
        add(StyleRule::AvroOptionalWithoutDefault);
    }
    if let Some(inner) = object.get("type") {
        schema(inner, found);
    }
}
