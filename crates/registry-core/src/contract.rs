//! How the contracts of a config and of a schema merge, and which rule sets are taken.

use std::collections::BTreeSet;

use levada_schema_core::{Contract, ContractRule, Metadata, RuleMode, RuleSet};

use crate::RegistryError;
use crate::names::is_plain_name;

/// `newer` over `older`; nothing on one side leaves the other as it is.
fn merge<T>(older: Option<T>, newer: Option<T>, both: fn(T, T) -> T) -> Option<T> {
    match (older, newer) {
        (Some(older), Some(newer)) => Some(both(older, newer)),
        (older, newer) => newer.or(older),
    }
}

/// What `newer` says over what `older` says.
pub(crate) fn merge_contracts(older: Contract, newer: Contract) -> Contract {
    Contract {
        metadata: merge(older.metadata, newer.metadata, merge_metadata),
        rule_set: merge(older.rule_set, newer.rule_set, merge_rule_sets),
    }
}

/// Properties by key and tags by path, each from `newer` where it has one; sensitive names of both.
fn merge_metadata(mut older: Metadata, newer: Metadata) -> Metadata {
    older.tags.extend(newer.tags);
    older.properties.extend(newer.properties);
    older.sensitive.extend(newer.sensitive);
    older
}

/// In each phase the rules of `older` whose names `newer` does not use there, then those of `newer`.
pub(crate) fn merge_rule_sets(older: RuleSet, newer: RuleSet) -> RuleSet {
    RuleSet {
        migration_rules: merge_rules(older.migration_rules, newer.migration_rules),
        domain_rules: merge_rules(older.domain_rules, newer.domain_rules),
        encoding_rules: merge_rules(older.encoding_rules, newer.encoding_rules),
        enable_at: newer.enable_at.or(older.enable_at),
    }
}

fn merge_rules(mut older: Vec<ContractRule>, newer: Vec<ContractRule>) -> Vec<ContractRule> {
    older.retain(|rule| newer.iter().all(|other| other.name != rule.name));
    older.extend(newer);
    older
}

/// A rule set as a client hands it in.
pub(crate) fn check_rule_set(rule_set: &RuleSet) -> Result<(), RegistryError> {
    use RuleMode::{Downgrade, Read, UpDown, Upgrade, Write, WriteRead};
    let phases = [
        ("Migration", &rule_set.migration_rules, [Upgrade, Downgrade, UpDown]),
        ("Domain", &rule_set.domain_rules, [Write, Read, WriteRead]),
        ("Encoding", &rule_set.encoding_rules, [Write, Read, WriteRead]),
    ];
    let mut seen = BTreeSet::new();
    for (phase, rules, modes) in phases {
        for rule in rules {
            let name = check_rule(rule)?;
            if !seen.insert(name) {
                return Err(invalid(format!("Found rule with duplicate name '{name}'")));
            }
            if !modes.contains(&rule.mode) {
                let modes = modes.map(RuleMode::as_str).join(", ");
                return Err(invalid(format!("{phase} rules can only be {modes}; '{name}' is not")));
            }
        }
    }
    Ok(())
}

/// The rule's name, if nothing is wrong with the rule itself.
fn check_rule(rule: &ContractRule) -> Result<&str, RegistryError> {
    let name = rule.name.as_deref().ok_or_else(|| invalid("Missing rule name"))?;
    if !is_plain_name(name) {
        return Err(invalid(format!(
            "Illegal rule name '{name}': a letter or _, then letters, digits, _ and -, at most 256"
        )));
    }
    if rule.rule_type.is_none() {
        return Err(invalid(format!("Missing rule type of '{name}'")));
    }
    let is_pair = |action: &Option<String>| action.as_ref().is_some_and(|text| text.contains(','));
    let takes_pairs = matches!(rule.mode, RuleMode::WriteRead | RuleMode::UpDown);
    if !takes_pairs && (is_pair(&rule.on_success) || is_pair(&rule.on_failure)) {
        let message = "Multiple actions only valid with WRITEREAD and UPDOWN";
        return Err(invalid(format!("{message}; '{name}' is {}", rule.mode)));
    }
    Ok(name)
}

fn invalid(message: impl Into<String>) -> RegistryError {
    RegistryError::InvalidRuleSet(message.into())
}

#[cfg(test)]
mod tests {
    use levada_schema_core::{ExecutionEnvironment, RuleKind};

    use super::*;

    fn rule(name: &str, mode: RuleMode) -> ContractRule {
        ContractRule {
            name: Some(name.to_owned()),
            doc: None,
            kind: RuleKind::Transform,
            mode,
            rule_type: Some("CEL".to_owned()),
            tags: BTreeSet::new(),
            params: [].into(),
            expr: None,
            on_success: None,
            on_failure: None,
            disabled: false,
        }
    }

    fn domain(rules: &[ContractRule]) -> RuleSet {
        RuleSet { domain_rules: rules.to_vec(), ..RuleSet::default() }
    }

    #[test]
    fn the_newer_rule_replaces_and_goes_last() {
        use RuleMode::{Read, Write};
        let older = RuleSet {
            enable_at: Some(ExecutionEnvironment::Server),
            ..domain(&[rule("a", Write), rule("b", Write)])
        };
        let newer = domain(&[rule("c", Read), rule("a", Read)]);
        let merged = RuleSet {
            enable_at: Some(ExecutionEnvironment::Server),
            ..domain(&[rule("b", Write), rule("c", Read), rule("a", Read)])
        };
        assert_eq!(merge_rule_sets(older, newer), merged);
    }

    #[test]
    fn metadata_merges_by_key_path_and_name() {
        let metadata = |tag: &str, value: &str, sensitive: &str| Metadata {
            tags: [("p".to_owned(), [tag.to_owned()].into())].into(),
            properties: [("k".to_owned(), value.to_owned()), (value.to_owned(), String::new())]
                .into(),
            sensitive: [sensitive.to_owned()].into(),
        };
        let contract = |metadata| Contract { metadata: Some(metadata), rule_set: None };
        let merged =
            merge_contracts(contract(metadata("t", "v", "s")), contract(metadata("u", "w", "r")));
        let mut expected = metadata("u", "w", "r");
        expected.properties.insert("v".to_owned(), String::new());
        expected.sensitive.insert("s".to_owned());
        assert_eq!(merged, contract(expected.clone()));
        assert_eq!(merge_contracts(contract(expected), Contract::default()), merged);
    }

    #[test]
    fn rules_need_a_good_name_a_type_and_a_mode_of_their_phase() {
        use RuleMode::{UpDown, Upgrade, Write, WriteRead};
        let taken = |rule_set: &RuleSet| check_rule_set(rule_set).is_ok();
        for name in ["a", "_", "é1-_", &"x".repeat(256)] {
            assert!(taken(&domain(&[rule(name, Write)])), "{name}");
        }
        for name in ["", "1a", "-a", "a b", "a.b", &"x".repeat(257)] {
            assert!(!taken(&domain(&[rule(name, Write)])), "{name}");
        }
        assert!(!taken(&domain(&[ContractRule { name: None, ..rule("a", Write) }])));
        assert!(!taken(&domain(&[ContractRule { rule_type: None, ..rule("a", Write) }])));
        assert!(!taken(&domain(&[rule("a", Upgrade)])));
        let phases = |migration: RuleMode, encoding: RuleMode, name: &str| RuleSet {
            migration_rules: vec![rule("a", migration)],
            encoding_rules: vec![rule(name, encoding)],
            ..RuleSet::default()
        };
        assert!(taken(&phases(UpDown, WriteRead, "b")));
        assert!(!taken(&phases(WriteRead, WriteRead, "b")));
        assert!(!taken(&phases(UpDown, Upgrade, "b")));
        assert!(!taken(&phases(UpDown, WriteRead, "a")));
        for (mode, is_taken) in [(Write, false), (WriteRead, true)] {
            let pair = Some("NONE,ERROR".to_owned());
            let one = ContractRule { on_success: pair.clone(), ..rule("a", mode) };
            let other = ContractRule { on_failure: pair, ..rule("a", mode) };
            assert_eq!(taken(&domain(&[one])), is_taken);
            assert_eq!(taken(&domain(&[other])), is_taken);
        }
    }
}
