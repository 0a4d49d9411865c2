//! Whether a Rust type stands for a type of a schema file, as far as the Rust type says it.

use serde_json::{Map, Value as Json};
use syn::{GenericArgument, LitStr, PathArguments, Type};

use crate::attributes::{Attributes, Decimal};

/// Types of other crates that stand for a logical type: their names, whether they have parameters, and
/// the type.
const LOGICAL: [(&str, bool, &str, &str); 9] = [
    ("Uuid", false, "string", "uuid"),
    ("Timestamp", false, "long", "timestamp-micros"),
    ("DateTime", true, "long", "timestamp-micros"),
    ("DateTime", false, "long", "local-timestamp-micros"),
    ("NaiveDateTime", false, "long", "local-timestamp-micros"),
    ("Date", false, "int", "date"),
    ("NaiveDate", false, "int", "date"),
    ("Time", false, "long", "time-micros"),
    ("NaiveTime", false, "long", "time-micros"),
];

const PRIMITIVES: [(&str, &str); 7] = [
    ("bool", "boolean"),
    ("i32", "int"),
    ("i64", "long"),
    ("f32", "float"),
    ("f64", "double"),
    ("String", "string"),
    ("str", "string"),
];

/// Whether a field of this type has this type in the file. Recurses as deep as the Rust type nests.
pub(crate) fn agrees(ty: &Type, attributes: &Attributes, json: &Json) -> bool {
    let json = unwrapped(json);
    let path = match ty {
        Type::Reference(reference) => return agrees(&reference.elem, attributes, json),
        Type::Slice(_) => return is_primitive(json, "bytes"),
        Type::Path(path) => path,
        _ => return false,
    };
    let Some(segment) = path.path.segments.last() else { return false };
    let name = segment.ident.to_string();
    let parameters = parameters(&segment.arguments);
    let member = |name: &str| json.get(name).unwrap_or(&Json::Null);
    match (name.as_str(), &parameters[..]) {
        ("Option", [inner]) => match json.as_array().map(Vec::as_slice) {
            Some([null, other]) => null == "null" && agrees(inner, attributes, other),
            _ => false,
        },
        ("Box" | "Cow", [inner]) => agrees(inner, attributes, json),
        ("Vec", [items]) if !is_u8(items) => {
            member("type") == "array" && agrees(items, attributes, member("items"))
        }
        ("HashMap" | "BTreeMap", [_, values, ..]) => {
            member("type") == "map" && agrees(values, attributes, member("values"))
        }
        _ if attributes.decimal.is_some() => {
            let decimal = attributes.decimal.as_ref();
            let object = json.as_object();
            decimal
                .zip(object)
                .is_some_and(|(decimal, object)| is_decimal(object, "bytes", decimal))
        }
        ("Vec", _) => is_primitive(json, "bytes"),
        (name, parameters) => {
            let primitive = PRIMITIVES.iter().find(|(rust, _)| *rust == name);
            match (primitive, attributes.logical.as_ref().map(LitStr::value)) {
                (Some((_, base)), None) => is_primitive(json, base),
                (Some((_, base)), Some(logical)) => {
                    json.as_object().is_some_and(|object| is_logical(object, base, &logical))
                }
                (None, _) => is_other(name, !parameters.is_empty(), json),
            }
        }
    }
}

/// Any other type of Rust: one of the program's own, or of a crate for times and the like.
fn is_other(name: &str, has_parameters: bool, json: &Json) -> bool {
    let mut known =
        LOGICAL.iter().filter(|(rust, has, ..)| (*rust, *has) == (name, has_parameters));
    if let Some(object) = json.as_object()
        && known.any(|(_, _, base, logical)| is_logical(object, base, logical))
    {
        return true;
    }
    match json {
        Json::String(name) => !is_name_of_primitive(name),
        // A union, which an enum stands for.
        Json::Array(_) => true,
        Json::Object(object) => {
            let kind = object.get("type").and_then(Json::as_str);
            matches!(kind, Some("record" | "error" | "enum" | "fixed"))
        }
        _ => false,
    }
}

/// `{"type": …}` that says no more than what is inside of it.
fn unwrapped(json: &Json) -> &Json {
    match json.as_object().and_then(|object| object.get("type")) {
        Some(inner @ (Json::Object(_) | Json::Array(_))) => unwrapped(inner),
        _ => json,
    }
}

fn is_primitive(json: &Json, name: &str) -> bool {
    match json {
        Json::String(found) => found == name,
        Json::Object(object) => {
            object.get("type").is_some_and(|it| it == name) && !object.contains_key("logicalType")
        }
        _ => false,
    }
}

fn is_name_of_primitive(name: &str) -> bool {
    ["null", "boolean", "int", "long", "float", "double", "bytes", "string"].contains(&name)
}

pub(crate) fn is_logical(object: &Map<String, Json>, base: &str, logical: &str) -> bool {
    let has = |member: &str, text: &str| object.get(member).is_some_and(|it| it == text);
    has("type", base) && has("logicalType", logical)
}

pub(crate) fn is_decimal(object: &Map<String, Json>, base: &str, decimal: &Decimal) -> bool {
    let number = |name: &str| object.get(name).and_then(Json::as_u64);
    is_logical(object, base, "decimal")
        && number("precision") == Some(u64::from(decimal.precision))
        && number("scale").unwrap_or_default() == u64::from(decimal.scale)
}

pub(crate) fn is_u8(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("u8"))
}

/// The types between angle brackets.
fn parameters(arguments: &PathArguments) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}
