//! `levada lint`: the rules of style of the engine, as the settings choose them.

use levada_schema_core::{Limits, StyleRule, Validation, style};

use crate::catalog::{Catalog, Version};
use crate::check::{self, invalid};
use crate::error::CheckFailure;
use crate::report::{Finding, Kind, Outcome, Pair, Report, Severity, Spot, fingerprint};
use crate::settings::LintTable;

/// The rules that count where nobody chose others.
pub const DEFAULT: &str = "DEFAULT";
/// All rules.
pub const ALL: &str = "ALL";

/// The rules that `settings` choose.
pub fn chosen(settings: &LintTable) -> Result<Vec<StyleRule>, CheckFailure> {
    let default = [DEFAULT.to_owned()];
    let used = settings.used.as_deref().unwrap_or(&default);
    let known = |name: &String| {
        let is_rule = StyleRule::ALL.iter().any(|rule| rule.as_str() == name);
        is_rule || [DEFAULT, ALL].contains(&name.as_str())
    };
    if let Some(unknown) = used.iter().chain(&settings.except).find(|name| !known(name)) {
        let names = StyleRule::ALL.iter().map(|rule| rule.as_str());
        let names = [DEFAULT, ALL].into_iter().chain(names).collect::<Vec<_>>().join(", ");
        let reason = format!("unknown rule '{unknown}'; known are {names}");
        return Err(CheckFailure::Settings { table: "[lint]", reason });
    }
    let is_in = |names: &[String], rule: StyleRule| {
        names.iter().any(|name| match name.as_str() {
            ALL => true,
            DEFAULT => rule.is_default(),
            name => name == rule.as_str(),
        })
    };
    let rules = StyleRule::ALL.iter().copied();
    Ok(rules.filter(|rule| is_in(used, *rule) && !is_in(&settings.except, *rule)).collect())
}

/// Parses every schema and judges its style.
pub fn lint(catalog: &Catalog, rules: &[StyleRule], limits: &Limits) -> Report {
    let mut report = Report { schemas: catalog.subjects.len(), ..Report::default() };
    for (name, subject) in &catalog.subjects {
        for version in &subject.versions {
            match check::parse(version, Validation::New, limits) {
                Err(error) => report.findings.push(invalid(name, version, &error)),
                Ok(_) => report.findings.extend(findings(name, version, rules, limits)),
            }
            report.pairs.push(Pair {
                subject: name.clone(),
                place: version.place.clone(),
                baseline: String::new(),
                outcome: Outcome::Alone,
            });
        }
    }
    report
}

/// What the style of one schema is found to be.
pub(crate) fn findings(
    subject: &str,
    version: &Version,
    rules: &[StyleRule],
    limits: &Limits,
) -> Vec<Finding> {
    // A text that cannot be read was told before.
    let found = style(version.schema_type, &version.text, limits).unwrap_or_default();
    let found = found.into_iter().filter(|found| rules.contains(&found.rule));
    found
        .map(|found| {
            let rule = found.rule.as_str();
            Finding {
                kind: Kind::Style,
                severity: Severity::Error,
                rule: rule.to_owned(),
                subject: subject.to_owned(),
                schema_type: version.schema_type,
                path: found.name.clone(),
                message: format!("{}: {}", found.name, found.rule.explanation()),
                explanation: None,
                fix: Some(found.rule.fix().to_owned()),
                new: Spot {
                    place: version.place.clone(),
                    text: version.text.clone(),
                    location: Some(found.location),
                },
                incompatible: None,
                fingerprint: fingerprint(&[rule, subject, &found.name]),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(used: Option<&[&str]>, except: &[&str]) -> Result<Vec<&'static str>, String> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let settings = LintTable { used: used.map(owned), except: owned(except) };
        let rules = chosen(&settings).map_err(|error| error.to_string())?;
        Ok(rules.into_iter().map(StyleRule::as_str).collect())
    }

    #[test]
    fn rules_are_chosen_by_name_and_by_set() {
        assert!(!names(None, &[]).unwrap().contains(&"AVRO_DOC_MISSING"));
        assert_eq!(names(Some(&["ALL"]), &[]).unwrap().len(), StyleRule::ALL.len());
        let one = names(Some(&["AVRO_DOC_MISSING", "AVRO_TYPE_NAME"]), &["AVRO_TYPE_NAME"]);
        assert_eq!(one.unwrap(), ["AVRO_DOC_MISSING"]);
        let error = names(Some(&["NOPE"]), &[]).unwrap_err();
        assert!(error.contains("unknown rule 'NOPE'; known are DEFAULT, ALL, AVRO_"), "{error}");
    }
}
