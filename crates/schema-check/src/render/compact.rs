//! `file:line:column: severity RULE message`, as editors read it.

use std::fmt::Write as _;

use super::{plain, severity};
use crate::report::{Finding, Report};

pub(super) fn render(report: &Report) -> String {
    report.findings.iter().fold(String::new(), |mut text, finding| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line(finding));
        text
    })
}

pub(super) fn line(finding: &Finding) -> String {
    let (line, column) = finding.new.location.map_or((1, 1), |at| (at.line, at.column));
    let (place, level, rule) = (&finding.new.place, severity(finding.severity), &finding.rule);
    let message = &finding.message;
    let told = format!("{place}:{line}:{column}: {level} {rule} {message}");
    plain(&told).replace('\n', " ")
}
