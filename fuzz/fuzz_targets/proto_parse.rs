//! `.proto` text, and the descriptor made of it.
#![no_main]

use levada_fuzz::{check, parse, parse_laws};
use levada_schema_core::{CompatibilityLevel, Schema, SchemaType};

libfuzzer_sys::fuzz_target!(|input: &str| {
    let Some(schema) = parse_laws(SchemaType::Protobuf, input) else { return };
    let report = check(CompatibilityLevel::Full, &schema, &schema);
    assert!(report.map_or(true, |report| report.is_compatible()), "a schema can follow itself");
    let Schema::Protobuf(file) = &schema else { unreachable!() };
    let _ = file.without_extensions();
    let _ = parse(SchemaType::Protobuf, &file.serialized());
});
