//! Everything in one JSON document; `report.schema.json` describes it.

use levada_schema_core::CounterExample;
use serde::Serialize;

use super::{example, json_text, severity};
use crate::report::{Example, Finding, Incompatible, Kind, Outcome, Pair, Report, Severity, Spot};

/// Counts up when a reader of before would misunderstand the document.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    summary: Summary<'a>,
    findings: Vec<FindingDocument<'a>>,
    pairs: Vec<PairDocument<'a>>,
}

#[derive(Serialize)]
struct Summary<'a> {
    schemas: usize,
    compared: usize,
    new: usize,
    removed: &'a [String],
    accepted: usize,
    errors: usize,
    warnings: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingDocument<'a> {
    kind: &'static str,
    severity: &'static str,
    rule: &'a str,
    subject: &'a str,
    schema_type: &'static str,
    path: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
    new: SpotDocument<'a>,
    #[serde(flatten)]
    incompatible: Option<IncompatibleDocument<'a>>,
    fingerprint: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IncompatibleDocument<'a> {
    level: &'static str,
    level_source: &'a str,
    baseline: &'a str,
    old: SpotDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<ExampleDocument<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpotDocument<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum ExampleDocument<'a> {
    Found {
        value: &'a str,
        bytes: String,
        outcome: &'a str,
    },
    /// No value shows it, for this reason.
    Impossible(String),
    NotFound(bool),
}

#[derive(Serialize)]
struct PairDocument<'a> {
    subject: &'a str,
    file: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    baseline: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    versions: Option<usize>,
}

pub(super) fn render(report: &Report) -> String {
    json_text(&Document {
        schema_version: SCHEMA_VERSION,
        summary: Summary {
            schemas: report.schemas,
            compared: report.compared(),
            new: report.new_subjects(),
            removed: &report.removed,
            accepted: report.accepted,
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
        },
        findings: report.findings.iter().map(finding).collect(),
        pairs: report.pairs.iter().map(pair).collect(),
    })
}

fn finding(finding: &Finding) -> FindingDocument<'_> {
    FindingDocument {
        kind: match finding.kind {
            Kind::Incompatible => "incompatible",
            Kind::Invalid => "invalid",
            Kind::Style => "style",
            Kind::Sample => "sample",
            Kind::Accept => "accept",
        },
        severity: severity(finding.severity),
        rule: &finding.rule,
        subject: &finding.subject,
        schema_type: finding.schema_type.as_str(),
        path: &finding.path,
        message: &finding.message,
        explanation: finding.explanation,
        fix: finding.fix.as_deref(),
        new: spot(&finding.new),
        incompatible: finding.incompatible.as_ref().map(incompatible),
        fingerprint: &finding.fingerprint,
    }
}

fn incompatible(incompatible: &Incompatible) -> IncompatibleDocument<'_> {
    IncompatibleDocument {
        level: incompatible.level.level.as_str(),
        level_source: &incompatible.level.source,
        baseline: &incompatible.baseline,
        old: spot(&incompatible.old),
        example: match &incompatible.example {
            Example::NotAsked | Example::OneTooMany => None,
            Example::LookedFor(found) => Some(match found {
                CounterExample::Value(value) => ExampleDocument::Found {
                    value: &value.value,
                    bytes: example::hex(&value.encoded),
                    outcome: &value.refusal,
                },
                CounterExample::NoneExists(why) => ExampleDocument::Impossible(why.to_string()),
                CounterExample::NotFound => ExampleDocument::NotFound(true),
            }),
        },
    }
}

fn spot(spot: &Spot) -> SpotDocument<'_> {
    SpotDocument {
        file: &spot.place,
        line: spot.location.map(|at| at.line),
        column: spot.location.map(|at| at.column),
        end_column: spot.end_column(),
    }
}

fn pair(pair: &Pair) -> PairDocument<'_> {
    let (outcome, versions) = match pair.outcome {
        Outcome::New => ("new", None),
        Outcome::Unchanged => ("unchanged", None),
        Outcome::Compared(versions) => ("compared", Some(versions)),
        Outcome::Unreadable => ("unreadable", None),
        Outcome::Alone => ("alone", None),
    };
    let Pair { subject, place: file, baseline, .. } = pair;
    PairDocument { subject, file, baseline, outcome, versions }
}
