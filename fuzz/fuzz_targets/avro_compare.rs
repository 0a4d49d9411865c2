//! Two Avro schemas, compared in every direction.
#![no_main]

use levada_fuzz::compare_laws;
use levada_schema_core::SchemaType;

libfuzzer_sys::fuzz_target!(|input: &str| compare_laws(SchemaType::Avro, input));
