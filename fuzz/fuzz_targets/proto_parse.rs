//! `.proto` text, and the descriptor made of it.
#![no_main]

use levada_fuzz::{check, parse, parse_laws};
use levada_schema_core::{CompatibilityLevel, Incompatibility, Rule, Schema, SchemaType};

libfuzzer_sys::fuzz_target!(|input: &str| {
    let Some(schema) = parse_laws(SchemaType::Protobuf, input) else { return };
    if let Ok(report) = check(CompatibilityLevel::Full, &schema, &schema) {
        assert!(report.incompatibilities.iter().all(is_of_oneofs), "a schema can follow itself");
    }
    let Schema::Protobuf(file) = &schema else { unreachable!() };
    let _ = file.without_extensions();
    let _ = parse(SchemaType::Protobuf, &file.serialized());
});

/// A number that stands twice, once of them in a oneof, keeps a schema from following itself, as in
/// the reference.
fn is_of_oneofs(found: &Incompatibility) -> bool {
    let of_oneofs =
        [Rule::ProtobufFieldMovedToExistingOneof, Rule::ProtobufMultipleFieldsMovedToOneof];
    of_oneofs.contains(&found.rule)
}
