//! A table for a comment below a pull request.

use std::fmt::Write as _;

use super::{plain, severity};
use crate::report::{Finding, Report};

/// Longest table: a comment has a largest size.
const ROWS_MAX: usize = 200;

pub(super) fn render(report: &Report) -> String {
    let mut text = format!("### levada: {}\n", report.summary());
    if report.findings.is_empty() {
        return text;
    }
    text.push_str("\n| | Rule | Where | What | Way out |\n|---|---|---|---|---|\n");
    for finding in report.findings.iter().take(ROWS_MAX) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", row(finding));
    }
    let left = report.findings.len().saturating_sub(ROWS_MAX);
    if left > 0 {
        let _ = writeln!(text, "\n{left} more are not shown.");
    }
    text
}

fn row(finding: &Finding) -> String {
    let line = finding.new.location.map(|at| format!(":{}", at.line)).unwrap_or_default();
    let place = format!("{}{line}", finding.new.place);
    let row = format!(
        "| {} | `{}` | `{}` | {} | {} |",
        severity(finding.severity),
        finding.rule,
        code(&place),
        cell(&finding.message),
        cell(finding.fix.as_deref().unwrap_or_default()),
    );
    plain(&row).into_owned()
}

/// Text that is no markup in a cell.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '@' | '#' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

fn code(text: &str) -> String {
    text.replace('`', "'").replace('|', "\\|").replace(['\n', '\r'], " ")
}
