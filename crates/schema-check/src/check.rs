//! The check: every new schema against what each baseline has of its subject.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use levada_schema_core::{
    CheckError, CompatibilityLevel, Incompatibility, Limits, Location, ParseError, ParseErrorKind,
    RawSchema, Schema, Side, StyleRule, Validation, check_version_under, counter_example,
};

use crate::catalog::{Catalog, Source, Subject, Version};
use crate::error::CheckFailure;
use crate::layout::Level;
use crate::lint;
use crate::report::{
    Example, Finding, Incompatible, Kind, Outcome, Pair, Report, Severity, Spot, fingerprint,
};

/// Enough for the deepest schemas that the limits allow, in a debug build too. What is not used
/// costs address space alone.
pub const STACK_BYTES: usize = 64 << 20;
/// Every example is a search of its own, and huge schemas can differ in very many places.
const EXAMPLES_MAX: usize = 100;
const THREADS_MAX: usize = 16;

/// How a check is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Counts more than any other level.
    pub level: Option<CompatibilityLevel>,
    pub examples: bool,
    /// Rules of style that count, too.
    pub style: Vec<StyleRule>,
    pub limits: Limits,
}

/// Rules of this crate, beside those of the engine.
pub const INVALID_SCHEMA: &str = "INVALID_SCHEMA";
pub const UNRESOLVED_REFERENCE: &str = "UNRESOLVED_REFERENCE";
pub const BASELINE_UNREADABLE: &str = "BASELINE_UNREADABLE";
pub const TYPE_OF_SCHEMA_CHANGED: &str = "SCHEMA_TYPE_CHANGED";
pub const TOO_COMPLEX: &str = "TOO_COMPLEX";

/// Checks every subject of `new` against each baseline; all must hold.
pub fn check(
    new: &Catalog,
    baselines: &[Catalog],
    options: &Options,
) -> Result<Report, CheckFailure> {
    let subjects: Vec<(&String, &Subject)> = new.subjects.iter().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((name, subject)) = subjects.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut one = One { name, baselines, options, report: Report::default() };
            subject.versions.iter().for_each(|version| one.version(version, subject));
            done.push((*name, one.report));
        }
        done
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let threads = threads.min(subjects.len()).max(1);
    let mut parts = thread::scope(|scope| {
        let started = (0..threads).map(|_| {
            let builder = thread::Builder::new().name("check".to_owned()).stack_size(STACK_BYTES);
            builder.spawn_scoped(scope, work).map_err(CheckFailure::Threads)
        });
        let started: Vec<_> = started.collect::<Result<_, _>>()?;
        // A panic is a defect of ours and goes on as one.
        let joined = started
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        Ok::<Vec<_>, CheckFailure>(joined.flatten().collect())
    })?;
    parts.sort_by_key(|(name, _)| *name);
    let mut report = Report { schemas: subjects.len(), ..Report::default() };
    for (_, part) in parts {
        report.findings.extend(part.findings);
        report.pairs.extend(part.pairs);
    }
    report.findings.sort_by(|a, b| a.new.place.cmp(&b.new.place));
    Ok(report)
}

/// The subjects that baselines have and `new` does not.
pub fn removed<'c>(new: &Catalog, baselines: impl Iterator<Item = &'c Catalog>) -> Vec<String> {
    let names = baselines.flat_map(|baseline| baseline.subjects.keys());
    let mut gone: Vec<String> =
        names.filter(|name| !new.subjects.contains_key(*name)).cloned().collect();
    gone.sort();
    gone.dedup();
    gone
}

/// One subject.
struct One<'a> {
    name: &'a str,
    baselines: &'a [Catalog],
    options: &'a Options,
    report: Report,
}

impl One<'_> {
    fn version(&mut self, version: &Version, subject: &Subject) {
        let limits = &self.options.limits;
        let schema = match parse(version, Validation::New, limits) {
            Ok(schema) => Some(schema),
            Err(error) => {
                self.report.findings.push(invalid(self.name, version, &error));
                None
            }
        };
        if schema.is_some() {
            let rules = &self.options.style;
            self.report.findings.extend(lint::findings(self.name, version, rules, limits));
        }
        for baseline in self.baselines {
            let outcome = match &schema {
                None => Outcome::Unreadable,
                Some(schema) => match baseline.subjects.get(self.name) {
                    None => Outcome::New,
                    Some(old) => self.against(version, schema, (subject, old), baseline),
                },
            };
            self.report.pairs.push(Pair {
                subject: self.name.to_owned(),
                place: version.place.clone(),
                baseline: baseline.label.clone(),
                outcome,
            });
        }
    }

    /// Compares with the newest version; with all of them where the level asks for it, from the
    /// newest to the oldest, up to the first that gives a finding, as the registry does.
    fn against(
        &mut self,
        version: &Version,
        schema: &Schema,
        (subject, old): (&Subject, &Subject),
        baseline: &Catalog,
    ) -> Outcome {
        if old.versions.iter().any(|known| known.is_same(version)) {
            return Outcome::Unchanged;
        }
        let level = self.level(subject, old, baseline);
        let policy = if baseline.has_own_levels { old.policy } else { subject.policy };
        let compared_max = if level.level.is_transitive() { usize::MAX } else { 1 };
        let mut compared = 0;
        for previous in old.versions.iter().rev().take(compared_max) {
            let limits = &self.options.limits;
            let parsed = match parse(previous, Validation::Stored, limits) {
                Ok(parsed) => parsed,
                Err(error) => {
                    let finding = self.unreadable(version, previous, baseline, &error);
                    self.report.findings.push(finding);
                    return Outcome::Unreadable;
                }
            };
            compared += 1;
            let pair =
                Comparison { version, schema, previous, parsed: &parsed, baseline, level: &level };
            let policy = policy.unwrap_or_default();
            let checked = check_version_under(policy, level.level, schema, &parsed, limits);
            let found = match checked {
                Err(error) => vec![self.too_complex(&pair, &error)],
                Ok(report) if report.is_compatible() => continue,
                Ok(report) if report.incompatibilities.is_empty() => vec![self.other_type(&pair)],
                Ok(report) => self.incompatible(&pair, &report.incompatibilities),
            };
            self.report.findings.extend(found);
            break;
        }
        Outcome::Compared(compared)
    }

    fn level(&self, subject: &Subject, old: &Subject, baseline: &Catalog) -> Level {
        let given = self.options.level;
        let given = given.map(|level| Level { level, source: "--level".to_owned() });
        let own = old.level.clone().filter(|_| baseline.has_own_levels);
        given.or(own).or_else(|| subject.level.clone()).unwrap_or_else(|| Level {
            level: CompatibilityLevel::default(),
            source: "default".to_owned(),
        })
    }

    fn unreadable(
        &self,
        version: &Version,
        previous: &Version,
        baseline: &Catalog,
        error: &ParseError,
    ) -> Finding {
        let message = format!(
            "the schema before it, {} in {}, cannot be read, so nothing was compared: {error}",
            previous.place, baseline.label
        );
        // The past cannot be changed, but another file can be named.
        let is_named = baseline.source == Source::OneFile;
        Finding {
            kind: Kind::Invalid,
            severity: if is_named { Severity::Error } else { Severity::Warning },
            ..finding(BASELINE_UNREADABLE, (self.name, version), &message, None)
        }
    }

    fn too_complex(&self, pair: &Comparison<'_>, error: &CheckError) -> Finding {
        Finding {
            kind: Kind::Invalid,
            ..finding(TOO_COMPLEX, (self.name, pair.version), &error.to_string(), None)
        }
    }

    fn other_type(&self, pair: &Comparison<'_>) -> Finding {
        let (old, new) = (pair.previous.schema_type, pair.version.schema_type);
        let message = format!("the schema is {new} now and was {old}");
        Finding {
            fix: Some("register it under a subject of its own".to_owned()),
            incompatible: Some(pair.incompatible(None, Example::NotAsked)),
            ..finding(TYPE_OF_SCHEMA_CHANGED, (self.name, pair.version), &message, None)
        }
    }

    fn incompatible(&self, pair: &Comparison<'_>, found: &[Incompatibility]) -> Vec<Finding> {
        let examples = found.iter().enumerate().map(|(index, found)| {
            let example = match index {
                _ if !self.options.examples => Example::NotAsked,
                EXAMPLES_MAX.. => Example::OneTooMany,
                _ => Example::LookedFor(counter_example(
                    pair.schema,
                    pair.parsed,
                    found,
                    &self.options.limits,
                )),
            };
            (found, example)
        });
        let findings = examples.map(|(found, example)| {
            let (new, old) = match found.reader {
                Side::New => (found.reader_location, found.writer_location),
                Side::Old => (found.writer_location, found.reader_location),
            };
            let rule = found.rule.as_str();
            let new = spot(pair.version, new);
            let incompatible = pair.incompatible(old, example);
            let fragments = [new.fragment(), incompatible.old.fragment()];
            let (path, reader) = (found.path.as_str(), found.reader.as_str());
            let parts = [rule, self.name, path, reader, &found.detail, what(found)];
            let parts = [&parts[..], &fragments.each_ref().map(String::as_str)].concat();
            Finding {
                path: path.to_owned(),
                explanation: found.rule.explanation(),
                fix: found.rule.fix().map(str::to_owned),
                new,
                incompatible: Some(incompatible),
                fingerprint: fingerprint(&parts),
                ..finding(rule, (self.name, pair.version), what(found), None)
            }
        });
        findings.collect()
    }
}

/// What is said of a schema that cannot be used.
pub(crate) fn invalid(subject: &str, version: &Version, error: &ParseError) -> Finding {
    let rule = match error.kind {
        ParseErrorKind::UnresolvedName => UNRESOLVED_REFERENCE,
        _ => INVALID_SCHEMA,
    };
    let fix = "add the file that defines it to the checked paths, or correct the name";
    Finding {
        kind: Kind::Invalid,
        fix: (rule == UNRESOLVED_REFERENCE).then(|| fix.to_owned()),
        ..finding(rule, (subject, version), &error.message, error.location)
    }
}

/// A finding at a place of the new schema.
fn finding(
    rule: &str,
    (subject, version): (&str, &Version),
    message: &str,
    location: Option<Location>,
) -> Finding {
    Finding {
        kind: Kind::Incompatible,
        severity: Severity::Error,
        rule: rule.to_owned(),
        subject: subject.to_owned(),
        schema_type: version.schema_type,
        path: String::new(),
        message: message.to_owned(),
        explanation: None,
        fix: None,
        fingerprint: fingerprint(&[rule, subject, message]),
        new: spot(version, location),
        incompatible: None,
    }
}

fn spot(version: &Version, location: Option<Location>) -> Spot {
    Spot { place: version.place.clone(), text: version.text.clone(), location }
}

/// A new schema beside an old one.
struct Comparison<'a> {
    version: &'a Version,
    schema: &'a Schema,
    previous: &'a Version,
    parsed: &'a Schema,
    baseline: &'a Catalog,
    level: &'a Level,
}

impl Comparison<'_> {
    fn incompatible(&self, location: Option<Location>, example: Example) -> Incompatible {
        Incompatible {
            level: self.level.clone(),
            baseline: self.baseline.label.clone(),
            source: self.baseline.source,
            old: spot(self.previous, location),
            example,
        }
    }
}

/// Parses a version with what it refers to.
pub fn parse(
    version: &Version,
    validation: Validation,
    limits: &Limits,
) -> Result<Schema, ParseError> {
    if let Some(problem) = &version.problem {
        let is_reference = !version.text.is_empty();
        let kind =
            if is_reference { ParseErrorKind::UnresolvedName } else { ParseErrorKind::Invalid };
        return Err(ParseError::new(kind, problem.clone()));
    }
    let Version { schema_type, text, references, .. } = version;
    Schema::parse(RawSchema { schema_type: *schema_type, text, references }, validation, limits)
}

/// The sentence inside the reference's message, else the whole message. The formats quote it in
/// their own ways: `'…'`, `"…"`, and `"…'` for JSON Schema.
fn what(found: &Incompatibility) -> &str {
    let sentence = || {
        let (_, quoted) = found.message.split_once("description:")?;
        let end = quoted.rfind(", additionalInfo:").or_else(|| quoted.rfind('}'))?;
        let sentence = quoted.get(..end)?.trim_matches(['\'', '"']);
        (!sentence.is_empty()).then_some(sentence)
    };
    sentence().unwrap_or(&found.message)
}
