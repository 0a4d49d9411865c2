//! SARIF 2.1.0, for code scanning.

use serde_json::{Value, json};

use super::{VERSION, json_text, severity};
use crate::explain;
use crate::report::{Finding, Report, Spot};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn render(report: &Report) -> String {
    let mut rules: Vec<&Finding> = Vec::new();
    let mut results = Vec::new();
    for finding in &report.findings {
        let known = rules.iter().position(|known| known.rule == finding.rule);
        let index = known.unwrap_or_else(|| {
            rules.push(finding);
            rules.len() - 1
        });
        results.push(result(finding, index));
    }
    json_text(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "levada",
                "semanticVersion": VERSION,
                "rules": rules.iter().map(|finding| rule(finding)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn rule(finding: &Finding) -> Value {
    let explanation = finding.explanation.or_else(|| explain::meaning(&finding.rule));
    let explanation = explanation.unwrap_or(&finding.message);
    let fix = finding.fix.as_deref().map(|fix| format!(" {fix}")).unwrap_or_default();
    json!({
        "id": finding.rule,
        "shortDescription": {"text": explanation},
        "fullDescription": {"text": format!("{explanation}{fix}")},
        "help": {"text": format!("{explanation}{fix} More: levada explain {}", finding.rule)},
        "defaultConfiguration": {"level": severity(finding.severity)},
    })
}

fn result(finding: &Finding, index: usize) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": severity(finding.severity),
        "message": {"text": finding.message},
        "locations": [location(&finding.new)],
        "partialFingerprints": {"levada/v1": finding.fingerprint},
        "properties": {"subject": finding.subject, "path": finding.path},
    });
    if let Some(incompatible) = &finding.incompatible {
        let mut old = location(&incompatible.old);
        old["message"] = json!({"text": format!("before, in {}", incompatible.baseline)});
        result["relatedLocations"] = json!([old]);
    }
    result
}

fn location(spot: &Spot) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(&spot.place)}});
    if let Some(at) = spot.location {
        physical["region"] = json!({"startLine": at.line, "startColumn": at.column});
        if let Some(end) = spot.end_column() {
            physical["region"]["endColumn"] = json!(end);
        }
    }
    json!({"physicalLocation": physical})
}

/// A path as a relative URI reference.
fn uri(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.bytes()
        .map(
            |byte| {
                if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}
