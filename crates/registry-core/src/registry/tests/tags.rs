//! Tags of registered schemas, and reserved fields.

use levada_schema_core::{Contract, Entity, EntityKind, EntityTags, Metadata, RuleSet, TagChanges};

use super::*;
use crate::{Check, RETAGGED_VERSION, Retagging, RuleChange, VersionSpec};

fn on_record(tags: &[&str]) -> Vec<EntityTags> {
    let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
    vec![EntityTags { entity: Entity::new(EntityKind::Record, "R"), tags }]
}

fn adding(tags: &[&str]) -> TagChanges {
    TagChanges { add: on_record(tags), remove: Vec::new() }
}

fn tagged(text: &str, changes: TagChanges) -> Draft {
    Draft { tags: vec![changes], version: RETAGGED_VERSION, ..draft(text) }
}

fn tagged_record(fields: &str, tags: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{fields}],"confluent:tags":[{tags}]}}"#)
}

async fn text_of(registry: &TestRegistry, version: i32) -> String {
    let version = VersionSpec::Number(SchemaVersion(version));
    registry.version(&subject("s"), version, false).await.unwrap().schema.text.clone()
}

async fn stamp_of(registry: &TestRegistry, version: i32) -> Option<String> {
    let version = VersionSpec::Number(SchemaVersion(version));
    let found = registry.version(&subject("s"), version, false).await.unwrap();
    found.schema.contract.metadata.as_ref()?.properties.get("confluent:version").cloned()
}

async fn retag(registry: &TestRegistry, change: Retagging) -> Result<i32, RegistryError> {
    let registered = registry.retag(&subject("s"), VersionSpec::Latest, change).await?;
    Ok(registered.version.version.0)
}

#[tokio::test]
async fn a_registration_changes_the_tags_of_its_text() {
    let registry = registry();
    assert_eq!(registry.put("s", &tagged(&record(&[]), adding(&["a", "b"]))).await, Ok((1, 1)));
    assert_eq!(text_of(&registry, 1).await, tagged_record("", r#""a","b""#));
    assert_eq!(stamp_of(&registry, 1).await.as_deref(), Some("1"));
    let less = TagChanges { add: on_record(&["c"]), remove: on_record(&["b", "c"]) };
    let draft = tagged(&text_of(&registry, 1).await, less);
    assert_eq!(registry.put("s", &draft).await, Ok((2, 2)));
    assert_eq!(text_of(&registry, 2).await, tagged_record("", r#""a""#));
    let empty = registry.put("s", &tagged("", adding(&["a"]))).await;
    assert_eq!(empty, Err(RegistryError::InvalidSchema("Empty schema".into())));
    let unknown = tagged(r#"{"type":"record","name":"Q","fields":[]}"#, adding(&["a"]));
    let refused = RegistryError::InvalidSchema("No matching path 'R' found in the schema".into());
    assert_eq!(registry.put("s", &unknown).await, Err(refused.clone()));
    // The text is judged before the mode.
    registry.set_mode_of("s", "READONLY").await.unwrap();
    assert_eq!(registry.put("s", &unknown).await, Err(refused));
}

#[tokio::test]
async fn lookups_see_the_tags_that_they_add() {
    let registry = registry();
    registry.put("s", &tagged(&record(&[]), adding(&["a"]))).await.unwrap();
    let found = |draft: Draft| {
        let registry = registry.clone();
        async move { registry.lookup(&subject("s"), &draft, false, false).await.is_ok() }
    };
    assert!(found(tagged(&record(&[]), adding(&["a"]))).await);
    assert!(!found(draft(record(&[]))).await);
}

#[tokio::test]
async fn the_tags_of_the_latest_version_are_taken_along_when_asked() {
    let registry = registry();
    registry.put_text("s", &tagged_record("", r#""a""#)).await.unwrap();
    let options = RegisterOptions { propagate_tags: true, ..RegisterOptions::default() };
    let wider = draft(record(&["f?"]));
    registry.register(&subject("s"), &wider, options).await.unwrap();
    let field = r#"{"name":"f","type":"string","default":""}"#;
    assert_eq!(text_of(&registry, 2).await, tagged_record(field, r#""a""#));
    let again = registry.register(&subject("s"), &wider, options).await.unwrap();
    assert_eq!((again.version.version.0, again.is_new), (2, false));
}

#[tokio::test]
async fn retagging_makes_a_stamped_version_even_without_a_change() {
    let registry = registry();
    registry.put("s", &with_property(&record(&[]), "k", "v")).await.unwrap();
    let change = Retagging { tags: adding(&["a"]), ..Retagging::default() };
    assert_eq!(retag(&registry, change).await, Ok(2));
    assert_eq!(text_of(&registry, 2).await, tagged_record("", r#""a""#));
    assert_eq!(stamp_of(&registry, 2).await.as_deref(), Some("2"));
    assert_eq!(retag(&registry, Retagging::default()).await, Ok(3));
    assert_eq!(stamp_of(&registry, 3).await.as_deref(), Some("3"));
    let wrong = Retagging { new_version: Some(9), ..Retagging::default() };
    let refused = "Version is not one more than previous version";
    assert_eq!(retag(&registry, wrong).await, Err(RegistryError::InvalidSchema(refused.into())));
    let one = VersionSpec::Number(SchemaVersion(1));
    let from_old = registry.retag(&subject("s"), one, Retagging::default()).await.unwrap();
    assert_eq!(from_old.version.schema.text, record(&[]));
}

#[tokio::test]
async fn retagging_keeps_the_metadata_of_its_source_or_that_there_is_none() {
    let registry = registry();
    registry.put_text("s", &record(&[])).await.unwrap();
    let properties = [("owner".to_owned(), "x".to_owned())].into();
    let metadata = Some(Metadata { properties, ..Metadata::default() });
    let contract = Contract { metadata, rule_set: None };
    registry.put("s", &Draft { contract, ..draft(record(&["f?"])) }).await.unwrap();
    let change = Retagging { tags: adding(&["a"]), ..Retagging::default() };
    let first = VersionSpec::Number(SchemaVersion(1));
    let third = registry.retag(&subject("s"), first, change).await.unwrap().version;
    let stamp = [("confluent:version".to_owned(), "3".to_owned())].into();
    let metadata = Some(Metadata { properties: stamp, ..Metadata::default() });
    assert_eq!(third.schema.contract, Contract { metadata, rule_set: None });
}

#[tokio::test]
async fn a_rule_set_and_single_rules_contradict_each_other() {
    let rules = || Some(RuleSet::default());
    let names = || Some(Vec::new());
    for (whole, merge, remove) in
        [(rules(), rules(), None), (rules(), None, names()), (rules(), rules(), names())]
    {
        let refused = RuleChange::new(whole, merge, remove);
        assert!(matches!(refused, Err(RegistryError::InvalidRuleSet(_))), "{refused:?}");
    }
    assert_eq!(RuleChange::new(None, None, None), Ok(RuleChange::Inherit));
    assert!(RuleChange::new(rules(), None, None).is_ok());
    assert!(RuleChange::new(None, rules(), names()).is_ok());
}

async fn validate_fields(registry: &TestRegistry) {
    let patch = ConfigPatch {
        validate_fields: FieldPatch::Set(true),
        level: FieldPatch::Set("NONE".parse().unwrap()),
        ..ConfigPatch::default()
    };
    registry.update_config(&subject("s"), patch).await.unwrap();
}

fn reserving(text: &str, names: &str) -> Draft {
    with_property(text, "confluent:reserved", names)
}

async fn messages(registry: &TestRegistry, draft: &Draft) -> Vec<String> {
    match registry.put("s", draft).await {
        Err(RegistryError::Incompatible { messages, .. }) => messages,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reserved_field_must_stay_reserved_and_unused() {
    let registry = registry();
    validate_fields(&registry).await;
    let settings = "{validateFields: 'true', compatibility: 'NONE'}";
    let taken = "The new schema has field that conflicts with the reserved field f.";
    let draft = reserving(&record(&["f"]), " e , f");
    assert_eq!(messages(&registry, &draft).await, [taken, settings]);
    let check = Check { version: None, normalize: false, verbose: false };
    let found = registry.check_compatibility(&subject("s"), &draft, check).await.unwrap();
    assert_eq!(found, [taken, settings]);
    assert_eq!(registry.put("s", &reserving(&record(&["g"]), "f,,e")).await, Ok((1, 1)));
    let removed = messages(&registry, &reserving(&record(&["h"]), "e")).await;
    assert_eq!(removed.len(), 2, "{removed:?}");
    assert!(removed[0].contains("reserved field f removed"), "{removed:?}");
    assert_eq!(registry.put("s", &reserving(&record(&["h"]), "e,f,z")).await, Ok((2, 2)));
    let forced = RegisterOptions { force: true, ..RegisterOptions::default() };
    let forced = registry.register(&subject("s"), &reserving(&record(&["f"]), "f"), forced).await;
    assert!(forced.is_ok(), "{forced:?}");
}

#[tokio::test]
async fn restricted_names_are_refused_where_fields_are_validated() {
    let registry = registry();
    let draft = Draft {
        schema_type: Some("JSON".into()),
        ..draft(r#"{"type":"object","properties":{"$$a":{}}}"#)
    };
    assert_eq!(registry.put("t", &draft).await, Ok((1, 1)));
    validate_fields(&registry).await;
    let refused = registry.put("s", &draft).await;
    assert!(matches!(refused, Err(RegistryError::InvalidSchema(_))), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_no_descriptor_can_hold_is_refused_where_fields_are_validated() {
    let registry = registry();
    let text = "syntax = \"proto3\"; message A { int32 a = 1; int32 b = 1; }";
    let draft = Draft { schema_type: Some("PROTOBUF".into()), ..draft(text) };
    assert_eq!(registry.put("t", &draft).await, Ok((1, 1)));
    validate_fields(&registry).await;
    let refusal = "Invalid schema: 'a' and 'b' of 'A' share number 1".to_owned();
    assert_eq!(registry.put("s", &draft).await, Err(RegistryError::InvalidSchema(refusal)));
}
