//! JSON as a value inside a schema, where any JSON may stand: Avro's dialect and JSON Schema's.
#![no_main]

use levada_fuzz::parse_laws;
use levada_schema_core::SchemaType;

libfuzzer_sys::fuzz_target!(|input: &str| {
    let _ = parse_laws(SchemaType::Avro, &format!(r#"{{"type":"string","custom":{input}}}"#));
    let _ = parse_laws(SchemaType::Json, &format!(r#"{{"default":{input}}}"#));
});
