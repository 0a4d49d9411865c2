//! Workflow commands of GitHub Actions, which become annotations of the changed files.

use std::fmt::Write as _;

use super::{plain, severity};
use crate::report::{Finding, Report};

pub(super) fn render(report: &Report) -> String {
    let mut text = report.findings.iter().fold(String::new(), |mut text, finding| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", command(finding));
        text
    });
    text.push_str(&report.summary());
    text.push('\n');
    text
}

fn command(finding: &Finding) -> String {
    let mut properties = vec![format!("file={}", property(&finding.new.place))];
    if let Some(at) = finding.new.location {
        properties.push(format!("line={}", at.line));
        properties.push(format!("col={}", at.column));
        properties.extend(finding.new.end_column().map(|end| format!("endColumn={end}")));
    }
    properties.push(format!("title={}", property(&finding.rule)));
    let fix = finding.fix.as_ref().map(|fix| format!("\nfix: {fix}"));
    let message = format!("{}{}", finding.message, fix.unwrap_or_default());
    format!("::{} {}::{}", severity(finding.severity), properties.join(","), data(&message))
}

fn data(text: &str) -> String {
    let text = plain(text);
    text.replace('%', "%25").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
