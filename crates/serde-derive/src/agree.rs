//! A type against the schema file that `#[avro(schema = "…")]` names.
//!
//! What is compared is what stands in the type itself: names, order, types, defaults, aliases. The types
//! of fields that are no standard types are compared where they are derived. Documentation does not
//! count, and neither do properties that Avro does not know.

use std::path::PathBuf;

use serde_json::{Map, Value as Json};
use syn::{LitStr, Result};

use crate::attributes::Attributes;
use crate::file_type::{agrees, is_decimal, is_logical};
use crate::model::{Field, Shape, Type, error};

/// Where the file is: paths are relative to the package.
pub(crate) fn location(path: &LitStr) -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    PathBuf::from(package).join(path.value())
}

/// Errors stand where the type differs.
pub(crate) fn check(parsed: &Type) -> Result<()> {
    let Some(path) = &parsed.attributes.schema else { return Ok(()) };
    if let Shape::Union(_) = parsed.shape {
        return Err(error(path, "a union has no name by which a schema file could have it"));
    }
    let text = std::fs::read_to_string(location(path))
        .map_err(|reason| error(path, &format!("cannot read this file: {reason}")))?;
    let json: Json = serde_json::from_str(&text)
        .map_err(|reason| error(path, &format!("this file is no JSON: {reason}")))?;
    let wanted = parsed.attributes.namespace.as_ref().map(LitStr::value);
    let Some((found, namespace)) = definition(&json, "", parsed) else {
        let within = wanted.map(|it| format!(" in namespace `{it}`")).unwrap_or_default();
        let message = format!("this file defines no type `{}`{within}", parsed.name);
        return Err(error(path, &message));
    };
    if wanted.is_none() && !namespace.is_empty() {
        let message = format!("this file has it in a namespace; say namespace = \"{namespace}\"");
        return Err(error(path, &message));
    }
    let mut own_aliases: Vec<_> = parsed.attributes.aliases.iter().map(LitStr::value).collect();
    if !same_aliases(&mut own_aliases, found) {
        let message = format!("the file has other aliases: {}", shown(found.get("aliases")));
        return Err(error(path, &message));
    }
    match &parsed.shape {
        Shape::Record(fields) => record(path, fields, found),
        Shape::Enum(symbols) => {
            let own: Vec<&str> = symbols.iter().map(|(_, symbol)| symbol.as_str()).collect();
            if found.get("symbols") != Some(&Json::from(own)) {
                let message =
                    format!("the file has other symbols: {}", shown(found.get("symbols")));
                return Err(error(path, &message));
            }
            let own = parsed.attributes.default.as_ref().map(|it| Json::from(it.value()));
            same_default(path, own.as_ref(), found)
        }
        Shape::Fixed(size) => fixed(path, *size, parsed, found),
        Shape::Union(_) => Ok(()),
    }
}

/// The definition of the type in a schema, and its namespace. Recurses as deep as the text nests, which
/// its parser bounds.
fn definition<'j>(
    json: &'j Json,
    enclosing: &str,
    parsed: &Type,
) -> Option<(&'j Map<String, Json>, String)> {
    let object = match json {
        Json::Array(parts) => {
            return parts.iter().find_map(|part| definition(part, enclosing, parsed));
        }
        Json::Object(object) => object,
        _ => return None,
    };
    let kind = object.get("type").and_then(Json::as_str).unwrap_or_default();
    let mut within = enclosing.to_owned();
    if matches!(kind, "record" | "error" | "enum" | "fixed") {
        let name = object.get("name").and_then(Json::as_str).unwrap_or_default();
        let (namespace, name) = name.rsplit_once('.').unwrap_or_else(|| {
            let own = object.get("namespace").and_then(Json::as_str);
            (own.unwrap_or(enclosing), name)
        });
        let wanted = parsed.attributes.namespace.as_ref().map(LitStr::value);
        if name == parsed.name && wanted.is_none_or(|wanted| wanted == namespace) {
            return Some((object, namespace.to_owned()));
        }
        namespace.clone_into(&mut within);
    }
    ["type", "items", "values", "fields"]
        .into_iter()
        .filter_map(|member| object.get(member))
        .find_map(|part| definition(part, &within, parsed))
}

fn record(path: &LitStr, fields: &[Field], found: &Map<String, Json>) -> Result<()> {
    let Some(theirs) = found.get("fields").and_then(Json::as_array) else {
        return Err(error(path, "what the file has of this name is no record"));
    };
    for (at, own) in fields.iter().enumerate() {
        let Some(Json::Object(other)) = theirs.get(at) else {
            return Err(error(&own.ident, "the file has no such field, nor any other here"));
        };
        let name = other.get("name").and_then(Json::as_str).unwrap_or_default();
        if name != own.name {
            let message = format!("the file has the field `{name}` here, and not `{}`", own.name);
            return Err(error(&own.ident, &message));
        }
        field(own, other)?;
    }
    match theirs.get(fields.len()) {
        None => Ok(()),
        Some(more) => {
            let name = more.get("name").and_then(Json::as_str).unwrap_or_default();
            let message = format!("the file has the field `{name}`, which the struct lacks");
            Err(error(path, &message))
        }
    }
}

fn fixed(path: &LitStr, size: usize, parsed: &Type, found: &Map<String, Json>) -> Result<()> {
    if found.get("size") != Some(&Json::from(size)) {
        let message = format!("the file has another size: {}", shown(found.get("size")));
        return Err(error(path, &message));
    }
    let Attributes { decimal, logical, .. } = &parsed.attributes;
    let is_same = match (decimal, logical) {
        (Some(decimal), _) => is_decimal(found, "fixed", decimal),
        (None, Some(logical)) => is_logical(found, "fixed", &logical.value()),
        (None, None) => !found.contains_key("logicalType"),
    };
    if is_same {
        return Ok(());
    }
    let message = format!("the file has another meaning of it: {}", Json::from(found.clone()));
    Err(error(path, &message))
}

fn field(own: &Field, other: &Map<String, Json>) -> Result<()> {
    let theirs = other.get("type").unwrap_or(&Json::Null);
    if !agrees(&own.ty, &own.attributes, theirs) {
        return Err(error(&own.ty, &format!("the file has another type for it: {theirs}")));
    }
    let attributes = &own.attributes;
    let mut aliases: Vec<_> = attributes.aliases.iter().map(LitStr::value).collect();
    if !same_aliases(&mut aliases, other) {
        let message = format!("the file has other aliases: {}", shown(other.get("aliases")));
        return Err(error(&own.ident, &message));
    }
    let default = match &attributes.default {
        // It was parsed before.
        Some(text) => serde_json::from_str(&text.value()).ok(),
        None => own.has_null_default().then_some(Json::Null),
    };
    same_default(&own.ident, default.as_ref(), other)
}

fn same_aliases(own: &mut [String], other: &Map<String, Json>) -> bool {
    let others = other.get("aliases").and_then(Json::as_array).into_iter().flatten();
    let mut others: Vec<_> = others.filter_map(Json::as_str).collect();
    others.sort_unstable();
    own.sort_unstable();
    *own == others
}

fn same_default(
    place: &impl syn::spanned::Spanned,
    own: Option<&Json>,
    other: &Map<String, Json>,
) -> Result<()> {
    let theirs = other.get("default");
    if own == theirs {
        return Ok(());
    }
    let (own, theirs) = (shown(own), shown(theirs));
    Err(error(place, &format!("the file has another default: {theirs}, and not {own}")))
}

fn shown(json: Option<&Json>) -> String {
    json.map_or_else(|| "none".to_owned(), Json::to_string)
}

#[cfg(test)]
mod tests {
    use syn::DeriveInput;

    use super::*;

    const FILE: &str = r#"{"type": "record", "name": "Order", "namespace": "shop", "fields": [
        {"name": "id", "type": "long"},
        {"name": "note", "type": ["null", "string"], "default": null, "aliases": ["text"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "amount", "type":
            {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "lines", "type": {"type": "array", "items":
            {"type": "record", "name": "Line", "doc": "One.", "fields": [
                {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
                {"name": "count", "type": "int", "default": 1}]}}},
        {"name": "rates", "type": {"type": "map", "values": ["null", "double"]}},
        {"name": "first", "type": ["string", "Line"]},
        {"name": "taxes", "type": {"type": "array", "items": ["null",
            {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1}]}},
        {"name": "digest", "type": {"type": "fixed", "name": "Md5", "size": 16}},
        {"name": "total", "type": {"type": "fixed", "name": "Total", "size": 8,
            "logicalType": "decimal", "precision": 18, "scale": 4}}
    ]}"#;
    const ORDER: &str = "struct Order {
        id: i64,
        #[avro(alias = \"text\")] note: Option<String>,
        #[avro(logical = \"timestamp-millis\")] at: i64,
        #[avro(decimal(precision = 9, scale = 2))] amount: Vec<u8>,
        lines: Vec<Line>,
        rates: BTreeMap<String, Option<f64>>,
        first: LineOrText,
        #[avro(decimal(precision = 4, scale = 1))] taxes: Vec<Option<Vec<u8>>>,
        digest: Md5,
        total: Total,
    }";

    /// What is said of a type beside the file; `attributes` come before the path.
    fn told(attributes: &str, item: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("order.avsc");
        std::fs::write(&path, FILE).unwrap();
        let text =
            format!("#[avro({attributes} schema = {:?})] {item}", path.display().to_string());
        let parsed = Type::parse(&syn::parse_str::<DeriveInput>(&text).unwrap()).unwrap();
        check(&parsed).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn types_that_are_as_the_file_has_them_agree() {
        let line = "struct Line { kind: Kind, #[avro(default = \"1\")] count: i32 }";
        let total = "#[avro(decimal(precision = 18, scale = 4))] struct Total([u8; 8]);";
        for item in [ORDER, line, "enum Kind { A, B }", "struct Md5([u8; 16]);", total] {
            assert_eq!(told("namespace = \"shop\",", item), "", "{item}");
        }
    }

    #[test]
    fn type_that_differs_is_told_what_the_file_has() {
        for (from, to, expected) in [
            ("id: i64", "id: i32", r#"the file has another type for it: "long""#),
            ("id: i64", "no: i64", "the file has the field `id` here, and not `no`"),
            ("note: Option<String>", "note: String", "the file has another type for it: [\"null\""),
            (
                "alias = \"text\"",
                "no_default, alias = \"text\"",
                "another default: null, and not none",
            ),
            ("alias = \"text\"", "alias = \"t\"", r#"the file has other aliases: ["text"]"#),
            ("timestamp-millis", "timestamp-micros", "the file has another type for it"),
            ("scale = 2", "scale = 3", "the file has another type for it"),
            ("Vec<Line>", "Vec<String>", "the file has another type for it"),
            ("Option<f64>", "f64", "the file has another type for it"),
            ("first: LineOrText", "first: i64", "the file has another type for it"),
            ("scale = 1", "scale = 0", "the file has another type for it"),
            ("Vec<Option<Vec<u8>>>", "Vec<Vec<u8>>", "the file has another type for it"),
            ("digest: Md5", "digest: Vec<u8>", "the file has another type for it"),
            ("total: Total,", "", "the file has the field `total`, which the struct lacks"),
            ("total: Total,", "total: Total, more: i64,", "the file has no such field"),
            ("Order", "Purchase", "defines no type `Purchase`"),
        ] {
            let told = told("namespace = \"shop\",", &ORDER.replace(from, to));
            assert!(told.contains(expected), "{from} -> {to}: {told}");
        }
        assert!(told("", ORDER).contains("say namespace = \"shop\""));
        assert!(told("namespace = \"shop\",", "enum Kind { B, A }").contains("other symbols"));
        assert!(told("", "enum Any { A(i64), B(String) }").contains("a union has no name"));
        for (item, expected) in [
            ("struct Md5([u8; 8]);", "the file has another size: 16"),
            ("#[avro(logical = \"uuid\")] struct Md5([u8; 16]);", "another meaning of it: {"),
            ("struct Total([u8; 8]);", "another meaning of it: {"),
            ("struct Line([u8; 8]);", "the file has another size: none"),
            ("struct Md5 { a: i64 }", "what the file has of this name is no record"),
        ] {
            let told = told("namespace = \"shop\",", item);
            assert!(told.contains(expected), "{item}: {told}");
        }
    }
}
