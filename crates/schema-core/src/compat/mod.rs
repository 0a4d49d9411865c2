//! Verdicts: which side reads which, and what the reference says about it.

mod advice;
mod counter_example;
mod json_advice;
mod json_rules;
mod level;
mod policy;
mod report;
mod rules;

pub use counter_example::{CounterExample, ExampleValue, NoneExists, counter_example};
pub use json_rules::JsonRule;
pub use level::{CompatibilityLevel, UnknownLevel};
pub use policy::{CompatibilityPolicy, UnknownPolicy};
pub use report::{Incompatibility, Side, VersionReport};
pub use rules::Rule;

use crate::{Limits, Schema, avro, json, protobuf};

/// Why no verdict could be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The comparison passed [`Limits::pairs_max`].
    #[error(
        "the schemas are too complex to compare: more than {0} pairs of types (setting pairs-max)"
    )]
    TooComplex(usize),
    /// A `patternProperties` pattern that cannot be searched for within the limits.
    #[error(
        "the pattern '{0}' costs too much to search for (settings pattern-bytes-max for all patterns, pattern-steps-max)"
    )]
    Pattern(String),
}

/// Compares `candidate` with one earlier version in the directions of `level`.
///
/// Which versions are handed in is the caller's part: the newest alone for plain levels; newest
/// to oldest, up to the first that yields a finding, for transitive ones.
pub fn check_version(
    level: CompatibilityLevel,
    candidate: &Schema,
    previous: &Schema,
    limits: &Limits,
) -> Result<VersionReport, CheckError> {
    check_version_under(CompatibilityPolicy::default(), level, candidate, previous, limits)
}

/// The same under a policy, which JSON schemas alone know.
pub fn check_version_under(
    policy: CompatibilityPolicy,
    level: CompatibilityLevel,
    candidate: &Schema,
    previous: &Schema,
    limits: &Limits,
) -> Result<VersionReport, CheckError> {
    let mut report = VersionReport::default();
    if level == CompatibilityLevel::None {
        return Ok(report);
    }
    for &reader_side in level.readers() {
        let (reader, writer) = match reader_side {
            Side::New => (candidate, previous),
            Side::Old => (previous, candidate),
        };
        let found = match (reader, writer) {
            (Schema::Avro(reader), Schema::Avro(writer)) => {
                avro::compare(reader, writer, reader_side, limits)?
            }
            (Schema::Protobuf(reader), Schema::Protobuf(writer)) => {
                protobuf::compare(reader, writer, reader_side, limits)?
            }
            (Schema::Json(reader), Schema::Json(writer)) => {
                json::compare(reader, writer, reader_side, policy, limits)?
            }
            _ => {
                report.different_type();
                return Ok(report);
            }
        };
        report.direction(found, previous);
    }
    Ok(report)
}
