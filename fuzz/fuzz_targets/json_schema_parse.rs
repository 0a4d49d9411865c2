//! JSON schema text.
#![no_main]

use levada_fuzz::{check, parse_laws};
use levada_schema_core::{CompatibilityLevel, SchemaType};

libfuzzer_sys::fuzz_target!(|input: &str| {
    if let Some(schema) = parse_laws(SchemaType::Json, input) {
        let _ = check(CompatibilityLevel::Full, &schema, &schema);
    }
});
