//! Approved breaks: findings that a table `[[accept]]` takes out of a report.

use std::fmt::Write as _;
use std::sync::Arc;

use levada_schema_core::SchemaType;

use crate::report::{Finding, Kind, Report, Severity, Spot, fingerprint};
use crate::settings::Accept;

/// The file that approvals stand in.
const SETTINGS: &str = "levada.toml";

/// Takes what is approved on the day `today` (`YYYY-MM-DD`) out of the report. An approval that has
/// run out is a finding; so is one without a counterpart, if its file is one that `is_looked_at`.
pub fn apply(
    report: &mut Report,
    accepted: &[Accept],
    today: &str,
    is_looked_at: impl Fn(&str) -> bool,
) {
    let mut used = vec![false; accepted.len()];
    let mut kept = Vec::with_capacity(report.findings.len());
    for finding in std::mem::take(&mut report.findings) {
        let found = accepted.iter().zip(&mut used).find(|(accept, _)| covers(accept, &finding));
        match found {
            Some((accept, used)) => {
                *used = true;
                if is_over(accept, today) {
                    kept.push(finding);
                } else {
                    report.accepted += 1;
                }
            }
            None => kept.push(finding),
        }
    }
    report.findings = kept;
    for (accept, is_used) in accepted.iter().zip(used) {
        if is_over(accept, today) {
            let until = accept.until.as_deref().unwrap_or_default();
            let message =
                format!("the approval of {} at {} ran out on {until}", accept.rule, accept.at);
            report.findings.push(finding("ACCEPT_EXPIRED", &message));
        } else if !is_used && is_looked_at(file_of(accept)) {
            let message = format!(
                "nothing was found that the approval of {} at {} is for",
                accept.rule, accept.at
            );
            report.findings.push(finding("ACCEPT_UNUSED", &message));
        }
    }
}

fn covers(accept: &Accept, finding: &Finding) -> bool {
    finding.kind == Kind::Incompatible
        && accept.rule == finding.rule
        && accept.hash == finding.fingerprint
        && accept.at == finding.at()
}

/// The file that an approval is about.
fn file_of(accept: &Accept) -> &str {
    accept.at.split_once('#').map_or(accept.at.as_str(), |(file, _)| file)
}

fn is_over(accept: &Accept, today: &str) -> bool {
    accept.until.as_deref().is_some_and(|until| until < today)
}

fn finding(rule: &str, message: &str) -> Finding {
    Finding {
        kind: Kind::Accept,
        severity: Severity::Error,
        rule: rule.to_owned(),
        subject: String::new(),
        schema_type: SchemaType::default(),
        path: String::new(),
        message: message.to_owned(),
        explanation: None,
        fix: Some("remove its table [[accept]], or renew it".to_owned()),
        new: Spot { place: SETTINGS.to_owned(), text: Arc::from(""), location: None },
        incompatible: None,
        fingerprint: fingerprint(&[rule, message]),
    }
}

/// The approvals of all breaks in a report, to be put into the settings file.
pub fn print(report: &Report) -> String {
    let mut text = String::new();
    for finding in report.findings.iter().filter(|finding| finding.kind == Kind::Incompatible) {
        let message: String =
            finding.message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "# {message}\n[[accept]]\nrule = {}\nat = {}\nhash = {}\nreason = \"\"\n",
            quoted(&finding.rule),
            quoted(&finding.at()),
            quoted(&finding.fingerprint)
        );
    }
    text
}

/// A basic string of TOML, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_control_characters_are_printed_as_toml_reads_them() {
        let found = Finding {
            path: "#/a\u{1b}[31m\n\"b\u{7f}".to_owned(),
            message: "it\nbreaks".to_owned(),
            ..found()
        };
        let printed = print(&Report { findings: vec![found], ..Report::default() });
        assert!(printed.starts_with("# it breaks\n[[accept]]\nrule = \"R\"\nat = \""), "{printed}");
        let at = "#/a\\u001b[31m\\n\\\"b\\u007f\"\n";
        assert!(printed.contains(at), "{printed}");
    }

    fn found() -> Finding {
        Finding {
            kind: Kind::Incompatible,
            rule: "R".to_owned(),
            path: "#/a".to_owned(),
            fingerprint: "f".to_owned(),
            ..finding("R", "it breaks")
        }
    }

    fn accept(hash: &str, until: Option<&str>) -> Accept {
        Accept {
            rule: "R".to_owned(),
            at: "levada.toml#/a".to_owned(),
            hash: hash.to_owned(),
            reason: "no reader".to_owned(),
            until: until.map(str::to_owned),
        }
    }

    /// The rules that are left, and how many findings were approved.
    fn left(accepted: &[Accept], looked_at: &str) -> (Vec<String>, usize) {
        let mut report = Report { findings: vec![found()], ..Report::default() };
        apply(&mut report, accepted, "2026-11-26", |file| file == looked_at);
        (report.findings.into_iter().map(|finding| finding.rule).collect(), report.accepted)
    }

    #[test]
    fn approval_of_this_very_change_takes_the_finding_away_until_its_last_day() {
        let rules =
            |rules: &[&str]| rules.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>();
        assert_eq!(left(&[accept("f", None)], "levada.toml"), (Vec::new(), 1));
        assert_eq!(left(&[accept("f", Some("2026-11-26"))], "levada.toml"), (Vec::new(), 1));
        let over = rules(&["R", "ACCEPT_EXPIRED"]);
        assert_eq!(left(&[accept("f", Some("2026-11-25"))], "levada.toml"), (over, 0));
        let other = rules(&["R", "ACCEPT_UNUSED"]);
        assert_eq!(left(&[accept("g", None)], "levada.toml"), (other, 0));
        assert_eq!(left(&[accept("g", None)], "other.avsc"), (rules(&["R"]), 0));
    }

    #[test]
    fn printed_approval_is_the_one_that_counts() {
        let report = Report { findings: vec![found()], ..Report::default() };
        let text = print(&report);
        for line in ["rule = \"R\"", "at = \"levada.toml#/a\"", "hash = \"f\""] {
            assert!(text.contains(line), "{text}");
        }
    }
}
