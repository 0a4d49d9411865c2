//! A JSON schema and an instance.
#![no_main]

use levada_fuzz::{parse, split};
use levada_schema_core::{Schema, SchemaType};

libfuzzer_sys::fuzz_target!(|input: &str| {
    let Some((schema, instance)) = split(input) else { return };
    let Some(Schema::Json(schema)) = parse(SchemaType::Json, schema) else { return };
    let Ok(instance) = serde_json::from_str::<serde_json::Value>(instance) else { return };
    if let Ok(validator) = schema.validator() {
        assert_eq!(validator.is_valid(&instance), validator.violations(&instance).is_empty());
    }
});
