//! The check on the way against the validator: they take the same values.

#![allow(clippy::unwrap_used, reason = "test helpers fail the test")]

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::check::compile;
use super::shape::Shape;

/// Schemas of the simple part, over few names, so that values meet them.
fn schema() -> impl Strategy<Value = Json> {
    let types = || {
        let kinds = ["null", "boolean", "integer", "number", "string", "array", "object"];
        prop::sample::subsequence(kinds.to_vec(), 1..4)
    };
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::from),
        types().prop_map(|types| json!({"type": types})),
        types().prop_map(|types| json!({"type": types[0], "title": "t"})),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let names = || prop::sample::subsequence(vec!["a", "b", "c", "d"], 0..4);
        let object = (names(), names(), prop::collection::vec(inner.clone(), 5), any::<bool>());
        let object = object.prop_map(|(described, required, inner, is_open)| {
            let mut properties = serde_json::Map::new();
            for (name, inner) in described.iter().zip(&inner) {
                properties.insert((*name).to_owned(), inner.clone());
            }
            let required: Vec<_> =
                required.iter().filter(|name| described.contains(name)).collect();
            let mut schema = json!({"properties": properties, "required": required});
            if !is_open {
                schema["additionalProperties"] = inner[4].clone();
            }
            schema
        });
        prop_oneof![
            object,
            (types(), inner).prop_map(|(types, items)| json!({"type": types, "items": items})),
        ]
    })
}

/// Values without numbers that are whole and have a fraction, which the check leaves alone.
fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        Just(json!(0.5)),
        "[a-d]?".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map("[a-e]", inner, 0..4)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

/// Whether an array in it must be empty, which is left to the validator.
fn has_empty_array(schema: &Json) -> bool {
    let Json::Object(keywords) = schema else { return false };
    let properties = keywords.get("properties").and_then(Json::as_object);
    let subschemas = [keywords.get("items"), keywords.get("additionalProperties")];
    let subschemas = properties
        .into_iter()
        .flat_map(serde_json::Map::values)
        .chain(subschemas.into_iter().flatten());
    keywords.get("items") == Some(&Json::Bool(false)) || subschemas.into_iter().any(has_empty_array)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn check_on_the_way_takes_what_the_validator_takes(schema in schema(), value in value()) {
        let checker = compile(&schema.to_string(), &[]).unwrap();
        let is_simple = Shape::compile(&schema.to_string()).is_some();
        prop_assert_eq!(is_simple, schema != Json::Bool(false) && !has_empty_array(&schema));
        let is_valid = super::check::is_valid(&checker, &value);
        let mut written = b"before".to_vec();
        let is_written = checker.write(&value, &mut written);
        prop_assert_eq!(is_written, is_simple && is_valid);
        let text = serde_json::to_vec(&value).unwrap();
        prop_assert_eq!(&written[6..], if is_written { &text[..] } else { &[] });
        let read = checker.read::<Json>(&text);
        prop_assert_eq!(read, Some(value).filter(|_| is_written));
    }
}

#[test]
fn schema_with_any_other_keyword_is_left_to_the_validator() {
    for (keyword, value) in [
        ("minimum", json!(0)),
        ("enum", json!([1])),
        ("format", json!("date")),
        ("$ref", json!("#/definitions/a")),
        ("items", json!([{}])),
        ("required", json!(["undescribed"])),
        ("type", json!("any")),
        ("$schema", json!("urn:own")),
    ] {
        let schema = json!({"type": "object", "properties": {}, "x": {}});
        let simple = json!({"type": "object", "description": "d", keyword: value});
        assert!(Shape::compile(&simple.to_string()).is_none(), "{keyword}");
        assert!(Shape::compile(&schema.to_string()).is_none());
    }
}

#[test]
fn property_that_is_missing_or_not_allowed_is_found_in_types_that_ignore_it() {
    #[derive(serde::Deserialize)]
    struct Little {
        id: i64,
    }
    let schema = json!({"type": "object", "properties": {"id": {"type": "integer"},
        "name": {"type": "string"}}, "required": ["id", "name"], "additionalProperties": false});
    let checker = compile(&schema.to_string(), &[]).unwrap();
    let read = |text: &str| checker.read::<Little>(text.as_bytes()).map(|little| little.id);
    assert_eq!(read(r#"{"name": "n", "id": 1}"#), Some(1));
    assert_eq!(read(r#"{"id": 1}"#), None);
    assert_eq!(read(r#"{"id": 1, "name": 2}"#), None);
    assert_eq!(read(r#"{"id": 1, "name": "n", "more": 0}"#), None);
    assert_eq!(read(r#"{"id": 1, "name": "n"} 1"#), None);
}

#[test]
fn text_that_stands_for_json_is_left_to_the_validator() {
    use serde::ser::{Serialize, SerializeStruct, Serializer};
    /// What a raw value of `serde_json` looks like.
    struct Raw;
    impl Serialize for Raw {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let name = "$serde_json::private::RawValue";
            let mut raw = serializer.serialize_struct(name, 1)?;
            raw.serialize_field(name, "1")?;
            raw.end()
        }
    }
    let checker = compile(r#"{"type": "object"}"#, &[]).unwrap();
    assert!(!checker.write(&Raw, &mut Vec::new()));
}
