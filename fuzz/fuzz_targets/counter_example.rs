//! Two schemas of the format that the first letter names, and an example for each of the first
//! findings between them.
#![no_main]

use levada_fuzz::{check, parse, split};
use levada_schema_core::{
    CompatibilityLevel, CounterExample, Limits, SchemaType, counter_example,
};

/// Findings of one pair that are tried: more of them are more of the same.
const FINDINGS: usize = 4;

libfuzzer_sys::fuzz_target!(|input: &str| {
    let Some((schema_type, pair)) = schema_type(input) else { return };
    let Some((candidate, previous)) = split(pair) else { return };
    let Some(candidate) = parse(schema_type, candidate) else { return };
    let Some(previous) = parse(schema_type, previous) else { return };
    let Ok(report) = check(CompatibilityLevel::Full, &candidate, &previous) else { return };
    for found in report.incompatibilities.iter().take(FINDINGS) {
        let example = counter_example(&candidate, &previous, found, &Limits::default());
        if let CounterExample::Value(example) = example {
            assert!(!example.refusal.is_empty(), "an example says what the reader made of it");
            serde_json::from_str::<&serde_json::value::RawValue>(&example.value)
                .expect("an example is JSON");
        }
    }
});

fn schema_type(input: &str) -> Option<(SchemaType, &str)> {
    let types = [('a', SchemaType::Avro), ('p', SchemaType::Protobuf), ('j', SchemaType::Json)];
    types.into_iter().find_map(|(letter, of)| Some((of, input.strip_prefix(letter)?)))
}
