//! A regular expression: read, compiled, and searched for while comparing and while validating.
#![no_main]

use levada_fuzz::{check, parse, split};
use levada_schema_core::{CompatibilityLevel, Schema, SchemaType};
use serde_json::json;

libfuzzer_sys::fuzz_target!(|input: &str| {
    let (pattern, text) = split(input).unwrap_or((input, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
    let covering = json!({"type": "object", "additionalProperties": false, "pattern": pattern,
        "patternProperties": {pattern: {"type": "string"}}});
    let property = json!({"type": "object", "additionalProperties": false,
        "properties": {text: {"type": "string"}}});
    let Some(covering) = parse(SchemaType::Json, &covering.to_string()) else { return };
    let property = parse(SchemaType::Json, &property.to_string()).expect("a valid schema");
    let _ = check(CompatibilityLevel::Full, &covering, &property);
    let Schema::Json(schema) = &covering else { unreachable!() };
    if let Ok(validator) = schema.validator() {
        let instance = json!({text: text});
        assert_eq!(validator.is_valid(&instance), validator.violations(&instance).is_empty());
    }
});
