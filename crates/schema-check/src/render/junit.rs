//! `JUnit` XML: a suite for each file, a case for each pair, so that passes are seen, too.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::compact;
use crate::report::{Finding, Outcome, Pair, Report, Severity, plural};

pub(super) fn render(report: &Report) -> String {
    let mut document = Document::new("levada");
    let mut by_file: BTreeMap<&str, Vec<&Pair>> = BTreeMap::new();
    for pair in &report.pairs {
        by_file.entry(&pair.place).or_default().push(pair);
    }
    // An approval without a counterpart belongs to no pair.
    let is_loose = |finding: &&Finding| !by_file.contains_key(finding.new.place.as_str());
    let loose: Vec<&Finding> = report.findings.iter().filter(is_loose).collect();
    for (file, pairs) in &by_file {
        let mut suite = TestSuite::new(*file);
        suite.add_test_cases(pairs.iter().map(|pair| case(pair, report)));
        document.add_test_suite(suite);
    }
    if !loose.is_empty() {
        let mut suite = TestSuite::new("levada.toml");
        let mut case = TestCase::new("accept", failure(&loose));
        case.set_classname("levada");
        suite.add_test_case(case);
        document.add_test_suite(suite);
    }
    // Everything in it is text.
    document.to_string().unwrap_or_default()
}

fn case(pair: &Pair, report: &Report) -> TestCase {
    let is_of_pair = |finding: &&Finding| {
        let is_against =
            finding.incompatible.as_ref().is_none_or(|it| it.baseline == pair.baseline);
        finding.new.place == pair.place && is_against && finding.severity == Severity::Error
    };
    let found: Vec<&Finding> = report.findings.iter().filter(is_of_pair).collect();
    let status = if found.is_empty() { TestCaseStatus::success() } else { failure(&found) };
    let name = match pair.baseline.as_str() {
        "" => pair.subject.clone(),
        baseline => format!("{} against {baseline}", pair.subject),
    };
    let mut case = TestCase::new(name, status);
    case.set_classname("levada");
    let outcome = match pair.outcome {
        Outcome::New => "new: the baseline does not have it".to_owned(),
        Outcome::Unchanged => "unchanged".to_owned(),
        Outcome::Compared(versions) => format!("compared with {}", plural(versions, "version")),
        Outcome::Unreadable => "not compared".to_owned(),
        Outcome::Alone => return case,
    };
    case.set_system_out(outcome);
    case
}

fn failure(found: &[&Finding]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(found.first().map_or("", |finding| finding.rule.as_str()));
    let message = match found {
        [only] => only.message.clone(),
        more => plural(more.len(), "finding"),
    };
    status.set_message(message);
    let lines: Vec<String> = found.iter().map(|finding| compact::line(finding)).collect();
    status.set_description(lines.join("\n"));
    status
}
