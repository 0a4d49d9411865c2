//! What a rule is about, with a pair of schemas that breaks it.
//!
//! The samples are the corpus of the engine, put in by `build.rs`, and they are shown with what the
//! engine finds in them now.

use std::collections::BTreeMap;

use levada_schema_core::{
    CompatibilityLevel, CompatibilityPolicy, Limits, Reference, ResolvedReference, SchemaType,
    StyleRule,
};

use crate::catalog::{Catalog, Subject, Version};
use crate::check::{self, Options};
use crate::layout::Level;
use crate::render::{Style, lines, wrap};
use crate::report::Report;
use crate::samples;

/// A pair of schemas in the corpus.
struct Case {
    format: &'static str,
    rule: &'static str,
    /// Their names with their texts.
    files: &'static [(&'static str, &'static str)],
}

static CASES: &[Case] = include!(concat!(env!("OUT_DIR"), "/corpus.rs"));

/// Rules that have no pair of schemas: what each means, and what to do.
const OTHERS: [(&str, &str, &str); 10] = [
    (
        check::INVALID_SCHEMA,
        "The text is no schema of its format, or passes a limit, so nobody can register it.",
        "Correct it at the place that is told; limits are raised with --limit.",
    ),
    (
        check::UNRESOLVED_REFERENCE,
        "The schema names something that neither it nor any file in reach defines.",
        "Correct the name, or add the file: to the paths that are checked, or for Protobuf to a folder \
         among import-roots in levada.toml.",
    ),
    (
        check::BASELINE_UNREADABLE,
        "The schema of before cannot be read, so no comparison is possible; it does not fail the run.",
        "Look at what was registered or committed then.",
    ),
    (
        check::TYPE_OF_SCHEMA_CHANGED,
        "A subject changed its format, for example from Avro to Protobuf, which no reader survives.",
        "Register the new schema under a subject of its own.",
    ),
    (
        check::TOO_COMPLEX,
        "The comparison would take more steps than the limits allow.",
        "Make the schemas simpler, or raise pairs-max with --limit.",
    ),
    (
        samples::SAMPLE_REFUSED,
        "A sample beside a schema is named as one that the schema takes, and it is refused.",
        "Correct the sample or the schema; a sample that shall be refused ends in .bad.json.",
    ),
    (
        samples::SAMPLE_TAKEN,
        "A sample beside a schema is named as one that the schema refuses, and it is taken.",
        "Make the schema stricter, or name the sample .ok.json.",
    ),
    (
        samples::SAMPLE_UNREADABLE,
        "A sample beside a schema cannot be tried: it is not what its name says.",
        "Name samples of JSON schemas .ok.json or .bad.json, encoded ones of Avro schemas .hex.",
    ),
    (
        "ACCEPT_EXPIRED",
        "A table [[accept]] of levada.toml approves a break until a day that is over.",
        "Remove it, or renew it with a new date in until.",
    ),
    (
        "ACCEPT_UNUSED",
        "A table [[accept]] of levada.toml approves a break that is not there (any more).",
        "Remove it.",
    ),
];

/// What a rule of this crate means.
pub(crate) fn meaning(rule: &str) -> Option<&'static str> {
    OTHERS.iter().find(|(name, ..)| *name == rule).map(|(_, why, _)| *why)
}

/// The names of all rules, with the format that each is about.
pub fn rules() -> BTreeMap<&'static str, &'static str> {
    let of_corpus = CASES.iter().map(|case| (case.rule, shown(type_of(case))));
    let others = OTHERS.iter().map(|(rule, ..)| (*rule, "all formats"));
    let style = StyleRule::ALL.iter().map(|rule| (rule.as_str(), "style"));
    of_corpus.chain(others).chain(style).collect()
}

fn shown(schema_type: SchemaType) -> &'static str {
    match schema_type {
        SchemaType::Avro => "Avro",
        SchemaType::Json => "JSON Schema",
        SchemaType::Protobuf => "Protobuf",
    }
}

fn type_of(case: &Case) -> SchemaType {
    match case.format {
        "json" => SchemaType::Json,
        "protobuf" => SchemaType::Protobuf,
        _ => SchemaType::Avro,
    }
}

/// The text about a rule, whatever the case of its name; none if there is no such rule.
pub fn explain(rule: &str, style: Style) -> Option<String> {
    let wanted = rule.to_uppercase().replace('-', "_");
    if let Some((name, why, fix)) = OTHERS.iter().find(|(name, ..)| *name == wanted) {
        return Some(format!("{name}\n\n{}", meant(why, fix, style)));
    }
    if let Some(rule) = StyleRule::ALL.iter().find(|rule| rule.as_str() == wanted) {
        let meant = meant(rule.explanation(), rule.fix(), style);
        return Some(format!("{wanted} (style)\n\n{meant}"));
    }
    let mut cases: Vec<&Case> = CASES.iter().filter(|case| case.rule == wanted).collect();
    // The smallest sample says it best.
    cases.sort_by_key(|case| case.files.iter().map(|(_, text)| text.len()).sum::<usize>());
    let first = cases.first()?;
    let heading = format!("{wanted} ({})", shown(type_of(first)));
    let sample = cases.iter().find_map(|case| sample(case, style));
    Some(match sample {
        Some(sample) => format!("{heading}\n\n{sample}"),
        None => format!(
            "{heading}\n\nA difference that breaks no reader. levada check never reports it; levada diff \
             does.\n"
        ),
    })
}

/// The case with what is found in it, if that is the rule that it stands for.
fn sample(case: &Case, style: Style) -> Option<String> {
    let found = checked(case)?.findings;
    let finding = found.iter().find(|finding| finding.rule == case.rule)?;
    let (why, fix) = (finding.explanation?, finding.fix.clone()?);
    let [old, new] = ["writer.", "reader."].map(|side| {
        let files = case.files.iter().filter(|(name, _)| name.starts_with(side));
        let texts = files.map(|(name, text)| format!("{}:\n{}", called(name), indented(text)));
        texts.collect::<Vec<_>>().join("\n")
    });
    let (meant, shown) = (meant(why, &fix, style), lines(finding, style));
    Some(format!("{meant}\nA sample that breaks.\n\n{old}\n{new}\n{shown}\n"))
}

/// What a rule is about and what to do, as wide as the terminal is.
fn meant(why: &str, fix: &str, style: Style) -> String {
    let width = style.width.unwrap_or(usize::MAX);
    wrap(&format!("{why}\n\nfix: {fix}\n"), width, width)
}

/// What the two sides are in a check: the reader is the new schema.
fn called(name: &str) -> String {
    name.replace("reader.", "new.").replace("writer.", "old.")
}

fn indented(text: &str) -> String {
    let lines = text.trim_end().lines();
    lines.flat_map(|line| ["    ", line, "\n"]).collect()
}

fn checked(case: &Case) -> Option<Report> {
    let catalog = |side: &str, version: i32| {
        let version = self::version(case, side, version)?;
        let level = CompatibilityLevel::Backward;
        let subject = Subject {
            versions: vec![version],
            level: Some(Level { level, source: "default".to_owned() }),
            policy: Some(CompatibilityPolicy::default()),
        };
        let subjects = [("sample".to_owned(), subject)].into();
        Some(Catalog { subjects, label: called(side), ..Catalog::default() })
    };
    let options =
        Options { level: None, examples: false, style: Vec::new(), limits: Limits::default() };
    check::check(&catalog("reader.", 2)?, &[catalog("writer.", 1)?], &options).ok()
}

fn version(case: &Case, side: &str, number: i32) -> Option<Version> {
    let files: Vec<_> = case.files.iter().filter(|(name, _)| name.starts_with(side)).collect();
    let (name, text) = files.iter().find(|(name, _)| !name.contains(".dep."))?;
    let references = files.iter().filter(|(name, _)| name.contains(".dep.")).map(|(_, text)| {
        let reference =
            Reference { name: "dep.proto".to_owned(), subject: "dep".to_owned(), version: number };
        ResolvedReference { reference, text: (*text).to_owned() }
    });
    Some(Version {
        schema_type: type_of(case),
        text: (*text).into(),
        references: references.collect(),
        direct: Vec::new(),
        place: called(name),
        problem: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { color: false, width: None, summary: true };

    #[test]
    fn every_rule_that_breaks_is_shown_with_a_sample_in_which_it_is_found() {
        let mut without = Vec::new();
        for rule in CASES.iter().map(|case| case.rule).collect::<std::collections::BTreeSet<_>>() {
            let text = explain(rule, PLAIN).unwrap();
            if text.contains("breaks no reader") {
                without.push(rule);
            } else {
                assert!(text.contains(&format!("error[{rule}]: ")), "{text}");
                assert!(text.contains("\nfix: ") && text.contains("--> new."), "{text}");
            }
        }
        // These are the ones that the engine calls compatible.
        assert_eq!(without.len(), 15, "{without:?}");
    }

    #[test]
    fn rules_of_other_kinds_are_explained_and_unknown_ones_are_not() {
        for rule in rules().keys() {
            assert!(explain(rule, PLAIN).is_some(), "{rule}");
        }
        assert!(explain("type-mismatch", PLAIN).unwrap().starts_with("TYPE_MISMATCH (Avro)\n"));
        assert_eq!(explain("NO_SUCH_RULE", PLAIN), None);
    }
}
