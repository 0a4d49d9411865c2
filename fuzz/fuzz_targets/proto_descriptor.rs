//! The bytes of a `FileDescriptorProto`.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use levada_fuzz::{check, parse, parse_laws};
use levada_schema_core::{CompatibilityLevel, Schema, SchemaType};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some(schema) = parse_laws(SchemaType::Protobuf, &STANDARD.encode(input)) else { return };
    let _ = check(CompatibilityLevel::Full, &schema, &schema);
    let Schema::Protobuf(file) = &schema else { unreachable!() };
    let _ = parse(SchemaType::Protobuf, &file.serialized());
});
