//! What the targets share: parsing under the default limits, and the laws that every schema and
//! every comparison must keep. A broken law is a panic, which the fuzzer reports.

pub mod serde;

use levada_schema_core::{
    CheckError, CompatibilityLevel, Limits, RawSchema, Schema, SchemaType, Validation,
    VersionReport, check_version,
};

/// Parses `text` as a new schema without references.
pub fn parse(schema_type: SchemaType, text: &str) -> Option<Schema> {
    let raw = RawSchema { schema_type, text, references: &[] };
    match Schema::parse(raw, Validation::New, &Limits::default()) {
        Ok(schema) => Some(schema),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// Canonical text reads again as itself, and normalizing twice changes nothing. Protobuf text is
/// printed as the reference prints it, which need not parse, or parses as less than it was: a name
/// like a keyword or a quoted text is not escaped, and an empty section leaves its blank line.
pub fn parse_laws(schema_type: SchemaType, text: &str) -> Option<Schema> {
    let schema = parse(schema_type, text)?;
    let normalized = schema.normalized();
    let again = [schema.canonical(), &normalized].map(|printed| parse(schema_type, printed));
    if schema_type != SchemaType::Protobuf {
        let [canonical, normal] = again.map(|parsed| parsed.expect("printed text parses"));
        assert_eq!(canonical.canonical(), schema.canonical(), "canonical text is a fixed point");
        assert_eq!(normal.normalized(), normalized, "normalizing is idempotent");
    }
    assert!(schema.is_equivalent(&schema));
    let _ = schema.resolved();
    Some(schema)
}

/// Compares both texts in both directions.
pub fn compare_laws(schema_type: SchemaType, input: &str) {
    let Some((a, b)) = split(input) else { return };
    let (Some(a), Some(b)) = (parse(schema_type, a), parse(schema_type, b)) else { return };
    let backward = check(CompatibilityLevel::Backward, &a, &b);
    let forward = check(CompatibilityLevel::Forward, &a, &b);
    let full = check(CompatibilityLevel::Full, &a, &b);
    if let (Ok(backward), Ok(forward), Ok(full)) = (&backward, &forward, &full) {
        let parts = forward.incompatibilities.len() + backward.incompatibilities.len();
        assert_eq!(full.incompatibilities.len(), parts, "FULL is both directions");
        let swapped = check(CompatibilityLevel::Backward, &b, &a).expect("as before");
        assert_eq!(swapped.is_compatible(), forward.is_compatible(), "FORWARD is BACKWARD swapped");
    }
    for report in [&backward, &forward, &full].into_iter().flatten() {
        assert_eq!(report.is_compatible(), report.messages(1).is_empty());
    }
}

/// One of the levels that have a direction.
pub fn check(
    level: CompatibilityLevel,
    candidate: &Schema,
    previous: &Schema,
) -> Result<VersionReport, CheckError> {
    check_version(level, candidate, previous, &Limits::default())
}

/// Two texts with a line `=====` between them.
pub fn split(input: &str) -> Option<(&str, &str)> {
    input.split_once("\n=====\n")
}
