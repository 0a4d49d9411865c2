//! The code quality report of GitLab.

use serde::Serialize;

use super::json_text;
use crate::report::{Report, Severity, fingerprint};

#[derive(Serialize)]
struct Issue<'a> {
    description: &'a str,
    check_name: &'a str,
    /// The same wherever the line moves to.
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

pub(super) fn render(report: &Report) -> String {
    let issues: Vec<Issue<'_>> = report
        .findings
        .iter()
        .map(|finding| Issue {
            description: &finding.message,
            check_name: &finding.rule,
            fingerprint: fingerprint(&[
                &finding.new.place,
                &finding.fingerprint,
                finding.incompatible.as_ref().map_or("", |found| &found.baseline),
            ]),
            severity: match finding.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
            },
            location: Location {
                path: &finding.new.place,
                lines: Lines { begin: finding.new.location.map_or(1, |at| at.line) },
            },
        })
        .collect();
    json_text(&issues)
}
