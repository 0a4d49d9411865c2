//! Hostile inputs by name, with what each must end in. A test runs all of them under the default
//! limits; `benches/hostile.rs` measures each in a process of its own.

#![allow(clippy::format_collect, reason = "long texts are put together once a run")]

mod avro;
mod json;
mod protobuf;

use levada_schema_core::{
    CheckError, CompatibilityLevel, CounterExample, Limits, ParseError, RawSchema, Reference,
    ResolvedReference, Schema, SchemaType, Validation, check_version, counter_example,
};

/// One hostile input.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What [`Task::run`] must say.
    pub(crate) expected: &'static str,
    pub(crate) task: fn() -> Task,
}

/// What is done with the input.
pub(crate) enum Task {
    /// Parse, print in every form.
    Parse(SchemaType, String, Vec<ResolvedReference>),
    /// Parse both, compare in both directions: candidate, then previous.
    Compare(SchemaType, [(String, Vec<ResolvedReference>); 2]),
    /// Compile a JSON schema, then validate an instance.
    Validate(String, String),
}

/// All cases of all formats.
pub(crate) fn cases() -> impl Iterator<Item = &'static Case> {
    avro::CASES.iter().chain(json::CASES).chain(protobuf::CASES)
}

impl Task {
    pub(crate) fn parse(schema_type: SchemaType, text: impl Into<String>) -> Self {
        Self::Parse(schema_type, text.into(), Vec::new())
    }

    pub(crate) fn compare(schema_type: SchemaType, candidate: String, previous: String) -> Self {
        Self::Compare(schema_type, [(candidate, Vec::new()), (previous, Vec::new())])
    }

    /// The outcome in a few words.
    pub(crate) fn run(&self) -> String {
        self.outcome().unwrap_or_else(|error| {
            assert!(error.message.len() <= 2_000, "a message of {} bytes", error.message.len());
            format!("{:?}", error.kind)
        })
    }

    /// What the search for a value comes to that shows each of the first findings of a pair, in the
    /// words of [`CounterExample`]; nothing where there is no finding.
    pub(crate) fn examples(&self, findings_max: usize) -> Vec<&'static str> {
        let Self::Compare(schema_type, [candidate, previous]) = self else { return Vec::new() };
        let [candidate, previous] =
            [candidate, previous].map(|(text, references)| parse(*schema_type, text, references));
        let (Ok(candidate), Ok(previous), limits) = (candidate, previous, Limits::default()) else {
            return Vec::new();
        };
        let report = check_version(CompatibilityLevel::Full, &candidate, &previous, &limits);
        let found = report.map(|report| report.incompatibilities).unwrap_or_default();
        found
            .iter()
            .take(findings_max)
            .map(|found| match counter_example(&candidate, &previous, found, &limits) {
                CounterExample::Value(example) => {
                    assert!(!example.refusal.is_empty(), "{}", example.value);
                    "value"
                }
                CounterExample::NoneExists(_) => "none exists",
                CounterExample::NotFound => "not found",
            })
            .collect()
    }

    fn outcome(&self) -> Result<String, ParseError> {
        match self {
            Self::Parse(schema_type, text, references) => {
                let schema = parse(*schema_type, text, references)?;
                let printed = [schema.normalized(), schema.resolved()];
                assert!(!printed.iter().any(String::is_empty));
                if let Schema::Protobuf(file) = &schema {
                    assert!(!file.serialized().is_empty());
                }
                Ok("parsed".to_owned())
            }
            Self::Compare(schema_type, [candidate, previous]) => {
                let candidate = parse(*schema_type, &candidate.0, &candidate.1)?;
                let previous = parse(*schema_type, &previous.0, &previous.1)?;
                let limits = Limits::default();
                Ok(match check_version(CompatibilityLevel::Full, &candidate, &previous, &limits) {
                    Ok(report) if report.is_compatible() => "compatible".to_owned(),
                    Ok(report) => {
                        assert!(!report.messages(1).is_empty());
                        "incompatible".to_owned()
                    }
                    Err(CheckError::TooComplex(_)) => "too complex".to_owned(),
                    Err(CheckError::Pattern(_)) => "pattern".to_owned(),
                })
            }
            Self::Validate(schema, instance) => {
                let Schema::Json(schema) = parse(SchemaType::Json, schema, &[])? else {
                    unreachable!("a JSON schema")
                };
                let instance: serde_json::Value = serde_json::from_str(instance).expect("JSON");
                let violations = schema.validator()?.violations(&instance);
                Ok(if violations.is_empty() { "valid" } else { "invalid" }.to_owned())
            }
        }
    }
}

fn parse(
    schema_type: SchemaType,
    text: &str,
    references: &[ResolvedReference],
) -> Result<Schema, ParseError> {
    let raw = RawSchema { schema_type, text, references };
    Schema::parse(raw, Validation::New, &Limits::default())
}

fn reference(name: &str, text: impl Into<String>) -> ResolvedReference {
    let reference = Reference { name: name.to_owned(), subject: name.to_owned(), version: 1 };
    ResolvedReference { reference, text: text.into() }
}

/// `inner` wrapped `count` times in `before` and `after`.
fn nested(count: usize, before: &str, inner: &str, after: &str) -> String {
    format!("{}{inner}{}", before.repeat(count), after.repeat(count))
}

/// The pieces that `piece` makes of the numbers below `count`, with commas between.
fn list(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().join(",")
}
