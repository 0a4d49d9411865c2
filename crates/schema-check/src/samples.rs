//! `levada test`: sample values beside schemas. `order.ok.json` and `order.first.ok.json` are values
//! that `order.schema.json` must take, `order.none.bad.json` one that it must refuse; a `.hex` file
//! is an encoded value of an Avro schema, without framing.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use levada_schema_core::json::Validator;
use levada_schema_core::{Limits, Schema, Validation};

use crate::catalog::{Catalog, Version};
use crate::check::{self, invalid};
use crate::error::CheckFailure;
use crate::folder;
use crate::report::{Finding, Kind, Outcome, Pair, Report, Severity, Spot, fingerprint};
use crate::tree::{Content, folder_of, stem_of};

const TAKEN: &str = ".ok.json";
const REFUSED: &str = ".bad.json";
const ENCODED: &str = ".hex";

/// The sample is one that the schema must take, and it does not.
pub const SAMPLE_REFUSED: &str = "SAMPLE_REFUSED";
/// The sample is one that the schema must refuse, and it does not.
pub const SAMPLE_TAKEN: &str = "SAMPLE_TAKEN";
/// The sample cannot be tried.
pub const SAMPLE_UNREADABLE: &str = "SAMPLE_UNREADABLE";

/// Whether a file is a sample by its name, and so no schema.
pub(crate) fn is_sample(path: &str) -> bool {
    [TAKEN, REFUSED, ENCODED].iter().any(|end| path.ends_with(end))
}

/// Tries every sample that lies beside a schema of `catalog`, whose files are under `root`.
pub fn test(root: &Path, catalog: &Catalog, limits: &Limits) -> Result<Report, CheckFailure> {
    let mut report = Report { schemas: catalog.subjects.len(), ..Report::default() };
    let versions = catalog.subjects.values().flat_map(|subject| &subject.versions);
    let stems: HashSet<&str> = versions.map(|version| stem_with_folder(&version.place)).collect();
    for (name, subject) in &catalog.subjects {
        for version in &subject.versions {
            let samples = samples(root, version, &stems)?;
            let schema = match check::parse(version, Validation::New, limits) {
                Ok(schema) => schema,
                Err(error) => {
                    report.findings.push(invalid(name, version, &error));
                    continue;
                }
            };
            let judge = Judge::of(&schema, limits);
            for path in samples {
                let content = folder::read(&root.join(&path), limits.text_bytes_max)?;
                if let Err((rule, reason)) = judge.sample(&path, &content) {
                    report.findings.push(finding(rule, name, version, &path, &reason));
                }
                report.pairs.push(Pair {
                    subject: name.clone(),
                    place: path,
                    baseline: String::new(),
                    outcome: Outcome::Alone,
                });
            }
        }
    }
    Ok(report)
}

/// The samples of a schema, by name. `stems` are those of all schemas: of several that a sample's
/// name begins with, the longest counts.
fn samples(
    root: &Path,
    version: &Version,
    stems: &HashSet<&str>,
) -> Result<Vec<String>, CheckFailure> {
    let folder = folder_of(version.place.trim_start_matches('/'));
    let at = root.join(folder);
    let unreadable = |source| CheckFailure::Unreadable { path: at.display().to_string(), source };
    let own = stem_with_folder(&version.place);
    let mut found = Vec::new();
    for entry in fs::read_dir(&at).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let Some(name) = name.to_str().filter(|name| is_sample(name)) else { continue };
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let dots = path.rmatch_indices('.').filter_map(|(dot, _)| path.get(..dot));
        if dots.into_iter().find(|stem| stems.contains(stem)) == Some(own) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A path without its extension and the slash that it may begin with.
fn stem_with_folder(place: &str) -> &str {
    let place = place.trim_start_matches('/');
    let start = place.len() - place.rsplit('/').next().unwrap_or(place).len();
    place.get(..start + stem_of(place).len()).unwrap_or(place)
}

/// A schema, ready to be tried.
struct Judge<'s> {
    schema: &'s Schema,
    /// Of a JSON schema, or why it has none.
    validator: Option<Result<Validator, String>>,
    limits: &'s Limits,
}

/// The rule that a sample breaks, and how.
type Verdict = Result<(), (&'static str, String)>;

impl<'s> Judge<'s> {
    fn of(schema: &'s Schema, limits: &'s Limits) -> Self {
        let validator = match schema {
            Schema::Json(schema) => Some(schema.validator().map_err(|error| error.to_string())),
            Schema::Avro(_) | Schema::Protobuf(_) => None,
        };
        Self { schema, validator, limits }
    }

    fn sample(&self, path: &str, content: &Content) -> Verdict {
        let unreadable = |reason: String| (SAMPLE_UNREADABLE, reason);
        let text = match content {
            Content::Text(text) => text,
            Content::Unusable(reason) => return Err(unreadable(reason.clone())),
        };
        let outcome = match (self.schema, &self.validator) {
            (Schema::Avro(schema), _) if path.ends_with(ENCODED) => {
                let bytes = bytes(text).ok_or_else(|| unreadable("it is not hex".to_owned()))?;
                schema
                    .decode(schema, &bytes, self.limits)
                    .map(drop)
                    .map_err(|error| error.to_string())
            }
            (Schema::Json(_), Some(validator)) if !path.ends_with(ENCODED) => {
                let validator = validator.as_ref().map_err(|error| unreadable(error.clone()))?;
                let value = serde_json::from_str(text);
                let value = value.map_err(|error| unreadable(format!("it is no JSON: {error}")))?;
                let violations = validator.violations(&value);
                violations.first().map_or(Ok(()), |first| Err(first.to_string()))
            }
            (schema, _) => {
                let kind = schema.schema_type();
                let reason = format!(
                    "samples of {kind} schemas are not read from such files; .ok.json and .bad.json are \
                     for JSON Schema, .hex is for Avro"
                );
                return Err(unreadable(reason));
            }
        };
        match outcome {
            Ok(()) if path.ends_with(REFUSED) => {
                Err((SAMPLE_TAKEN, "the schema takes it, and must not".to_owned()))
            }
            Err(reason) if !path.ends_with(REFUSED) => Err((SAMPLE_REFUSED, reason)),
            _ => Ok(()),
        }
    }
}

/// The bytes that hex digits stand for, white space aside.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().filter(|c| !c.is_whitespace());
    let digits: Vec<u32> = digits.map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    });
    pairs.collect()
}

fn finding(rule: &str, subject: &str, version: &Version, path: &str, reason: &str) -> Finding {
    Finding {
        kind: Kind::Sample,
        severity: Severity::Error,
        rule: rule.to_owned(),
        subject: subject.to_owned(),
        schema_type: version.schema_type,
        path: String::new(),
        message: format!("{}: {reason}", version.place),
        explanation: None,
        fix: None,
        new: Spot { place: path.to_owned(), text: Arc::from(""), location: None },
        incompatible: None,
        fingerprint: fingerprint(&[rule, subject, path]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_with_white_space_and_only_whole() {
        assert_eq!(bytes("00 fF\n1a"), Some(vec![0, 255, 26]));
        assert_eq!((bytes("0"), bytes("0g")), (None, None));
        assert_eq!(bytes(""), Some(Vec::new()));
    }
}
