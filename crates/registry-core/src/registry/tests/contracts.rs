//! Metadata and rule sets of registered schemas, and what a config adds to them.

use levada_schema_core::{ContractRule, RuleKind, RuleMode, RuleSet};

use super::*;

fn rule(name: &str, expr: &str) -> ContractRule {
    ContractRule {
        name: Some(name.to_owned()),
        doc: None,
        kind: RuleKind::Condition,
        mode: RuleMode::Write,
        rule_type: Some("CEL".to_owned()),
        tags: [].into(),
        params: [].into(),
        expr: Some(expr.to_owned()),
        on_success: None,
        on_failure: None,
        disabled: false,
    }
}

fn rules(rules: &[ContractRule]) -> RuleSet {
    RuleSet { domain_rules: rules.to_vec(), ..RuleSet::default() }
}

fn with_rules(text: &str, rule_set: RuleSet) -> Draft {
    Draft { contract: Contract { metadata: None, rule_set: Some(rule_set) }, ..draft(text) }
}

fn properties(pairs: &[(&str, &str)]) -> Metadata {
    let properties = pairs.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    Metadata { properties, ..Metadata::default() }
}

async fn contract_of(registry: &TestRegistry, name: &str, version: i32) -> Contract {
    let version = crate::VersionSpec::Number(SchemaVersion(version));
    let found = registry.version(&subject(name), version, false).await.unwrap();
    found.schema.contract.clone()
}

async fn configure(registry: &TestRegistry, name: &str, patch: ConfigPatch) {
    registry.update_config(&subject(name), patch).await.unwrap();
}

#[tokio::test]
async fn rules_make_another_schema_and_are_inherited_when_left_out() {
    let registry = registry();
    let (text, wider) = (record(&[]), record(&["f?"]));
    let checked = rules(&[rule("a", "1")]);
    assert_eq!(registry.put("s", &draft(&text)).await, Ok((1, 1)));
    assert_eq!(registry.put("s", &with_rules(&text, checked.clone())).await, Ok((2, 2)));
    assert_eq!(registry.put("s", &with_rules(&text, checked.clone())).await, Ok((2, 2)));
    assert_eq!(registry.put_text("s", &wider).await, Ok((3, 3)));
    assert_eq!(contract_of(&registry, "s", 3).await.rule_set, Some(checked.clone()));
    let none = with_rules(&wider, RuleSet::default());
    assert_eq!(registry.put("s", &none).await, Ok((4, 4)));
    let changed = with_rules(&wider, rules(&[rule("a", "2")]));
    assert_eq!(registry.put("s", &changed).await, Ok((5, 5)));
    // The same rules in another subject are the same content.
    assert_eq!(registry.put("t", &with_rules(&text, checked)).await, Ok((2, 1)));
}

#[tokio::test]
async fn a_bad_rule_set_is_refused_before_anything_else() {
    let registry = registry();
    let twice = with_rules("{", rules(&[rule("a", ""), rule("a", "")]));
    let refused = RegistryError::InvalidRuleSet("Found rule with duplicate name 'a'".into());
    assert_eq!(registry.put("__EMPTY", &twice).await, Err(refused.clone()));
    let rule_set = rules(&[rule("a", ""), rule("a", "")]);
    for patch in [
        ConfigPatch {
            default_rule_set: FieldPatch::Set(rule_set.clone()),
            ..ConfigPatch::default()
        },
        ConfigPatch { override_rule_set: FieldPatch::Set(rule_set), ..ConfigPatch::default() },
    ] {
        assert_eq!(registry.update_config(&subject("s"), patch).await, Err(refused.clone()));
    }
    let unset = registry.config(&subject("s"), false).await;
    assert_eq!(unset, Err(RegistryError::ConfigNotSet(subject("s"))));
}

#[tokio::test]
async fn defaults_stand_below_and_overrides_above_what_is_registered() {
    let registry = registry();
    let patch = ConfigPatch {
        default_metadata: FieldPatch::Set(properties(&[("a", "default"), ("b", "default")])),
        default_rule_set: FieldPatch::Set(rules(&[rule("a", "default"), rule("b", "default")])),
        override_metadata: FieldPatch::Set(properties(&[("c", "override")])),
        override_rule_set: FieldPatch::Set(rules(&[rule("c", "override")])),
        ..ConfigPatch::default()
    };
    configure(&registry, "s", patch).await;
    let own = Contract {
        metadata: Some(properties(&[("b", "own"), ("c", "own")])),
        rule_set: Some(rules(&[rule("b", "own"), rule("c", "own")])),
    };
    let registered = Draft { contract: own, ..draft(record(&[])) };
    assert_eq!(registry.put("s", &registered).await, Ok((1, 1)));
    let merged = Contract {
        metadata: Some(properties(&[("a", "default"), ("b", "own"), ("c", "override")])),
        rule_set: Some(rules(&[rule("a", "default"), rule("b", "own"), rule("c", "override")])),
    };
    assert_eq!(contract_of(&registry, "s", 1).await, merged);
    assert_eq!(registry.put("s", &registered).await, Ok((1, 1)));
}

#[tokio::test]
async fn a_default_makes_a_registered_schema_a_new_version_once() {
    let registry = registry();
    assert_eq!(registry.put_text("s", &record(&[])).await, Ok((1, 1)));
    let patch = ConfigPatch {
        default_metadata: FieldPatch::Set(properties(&[("owner", "me")])),
        ..ConfigPatch::default()
    };
    configure(&registry, "s", patch).await;
    assert_eq!(registry.put_text("s", &record(&[])).await, Ok((2, 2)));
    assert_eq!(registry.put_text("s", &record(&[])).await, Ok((2, 2)));
}

#[tokio::test]
async fn a_lookup_tries_what_a_registration_would_add() {
    let registry = registry();
    let patch = ConfigPatch {
        override_metadata: FieldPatch::Set(properties(&[("owner", "me")])),
        ..ConfigPatch::default()
    };
    configure(&registry, "s", patch).await;
    registry.put("s", &with_rules(&record(&[]), rules(&[rule("a", "")]))).await.unwrap();
    let found = async |draft: &Draft| {
        let found = registry.lookup(&subject("s"), draft, false, false).await?;
        Ok::<_, RegistryError>(found.version.0)
    };
    assert_eq!(found(&draft(record(&[]))).await, Ok(1));
    let other_owner = with_property(&record(&[]), "owner", "you");
    assert_eq!(found(&other_owner).await, Ok(1));
    let other_rules = with_rules(&record(&[]), rules(&[rule("b", "")]));
    assert_eq!(found(&other_rules).await, Err(RegistryError::NoSuchSchema));
}

#[tokio::test]
async fn defaults_of_a_context_hold_for_subjects_without_a_config_alone() {
    let registry = registry();
    let patch = ConfigPatch {
        default_metadata: FieldPatch::Set(properties(&[("owner", "me")])),
        ..ConfigPatch::default()
    };
    configure(&registry, ":.c:", patch).await;
    registry.set_level(":.c:own", "NONE").await;
    registry.put_text(":.c:s", "\"string\"").await.unwrap();
    registry.put_text(":.c:own", "\"string\"").await.unwrap();
    let owned = Contract { metadata: Some(properties(&[("owner", "me")])), rule_set: None };
    assert_eq!(contract_of(&registry, ":.c:s", 1).await, owned);
    assert_eq!(contract_of(&registry, ":.c:own", 1).await, Contract::default());
}

#[tokio::test]
async fn an_import_takes_the_contract_as_it_comes() {
    let registry = registry();
    let patch = ConfigPatch {
        default_metadata: FieldPatch::Set(properties(&[("owner", "me")])),
        ..ConfigPatch::default()
    };
    configure(&registry, "s", patch).await;
    registry.set_mode_of("s", "IMPORT").await.unwrap();
    let imported = Draft { id: Some(7), version: 3, ..draft(record(&[])) };
    assert_eq!(registry.put("s", &imported).await, Ok((7, 3)));
    assert_eq!(contract_of(&registry, "s", 3).await, Contract::default());
}

#[tokio::test]
async fn an_inherited_stamp_moves_on_and_a_new_contract_drops_it() {
    let registry = registry();
    let numbered = Draft { version: 1, ..draft(record(&[])) };
    registry.put("s", &numbered).await.unwrap();
    registry.put_text("s", &record(&["f?"])).await.unwrap();
    let stamped = |version: &str| Contract {
        metadata: Some(properties(&[("confluent:version", version)])),
        rule_set: None,
    };
    assert_eq!(contract_of(&registry, "s", 1).await, stamped("1"));
    assert_eq!(contract_of(&registry, "s", 2).await, stamped("2"));
    registry.put("s", &with_property(&record(&["f?"]), "k", "v")).await.unwrap();
    let plain = Contract { metadata: Some(properties(&[("k", "v")])), rule_set: None };
    assert_eq!(contract_of(&registry, "s", 3).await, plain);
}
