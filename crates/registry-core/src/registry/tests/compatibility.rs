//! Compatibility checks.

use levada_schema_core::{Contract, Fingerprint, SchemaType};

use super::*;
use crate::{Check, SchemaId, Store, StoredSchema, VersionSpec, WriteTransaction};

const ALL: Check = Check { version: None, normalize: false, verbose: false };

fn against(version: &str) -> Check {
    Check { version: Some(version.parse().unwrap()), ..ALL }
}

async fn is_compatible(
    registry: &TestRegistry,
    fields: &[&str],
    check: Check,
) -> Result<bool, RegistryError> {
    let found = registry.check_compatibility(&subject("s"), &draft(record(fields)), check).await?;
    Ok(found.is_empty())
}

/// Version 1 has the field `a`, version 2 none, version 3 has `b` with a default.
async fn three_versions(level: &str) -> TestRegistry {
    let registry = registry();
    registry.set_level("s", "NONE").await;
    for fields in [&["a"][..], &[], &["b?"]] {
        registry.put_text("s", &record(fields)).await.unwrap();
    }
    registry.set_level("s", level).await;
    registry
}

#[tokio::test]
async fn plain_levels_look_at_the_latest_version_and_transitive_ones_at_all() {
    let registry = three_versions("BACKWARD").await;
    assert_eq!(is_compatible(&registry, &["b"], ALL).await, Ok(true));
    registry.set_level("s", "BACKWARD_TRANSITIVE").await;
    assert_eq!(is_compatible(&registry, &["b"], ALL).await, Ok(false));
    registry.set_level("s", "NONE").await;
    assert_eq!(is_compatible(&registry, &["x"], ALL).await, Ok(true));
}

#[tokio::test]
async fn a_version_in_the_question_is_the_only_one_compared() {
    let registry = three_versions("BACKWARD_TRANSITIVE").await;
    assert_eq!(is_compatible(&registry, &["b"], against("3")).await, Ok(true));
    assert_eq!(is_compatible(&registry, &["b"], against("2")).await, Ok(false));
    assert_eq!(is_compatible(&registry, &["a"], against("1")).await, Ok(true));
}

#[tokio::test]
async fn forward_and_full_check_the_other_direction() {
    let registry = three_versions("FORWARD").await;
    assert_eq!(is_compatible(&registry, &["b", "new"], ALL).await, Ok(true));
    registry.set_level("s", "FORWARD_TRANSITIVE").await;
    assert_eq!(is_compatible(&registry, &["b"], ALL).await, Ok(false));
    registry.set_level("s", "FULL").await;
    assert_eq!(is_compatible(&registry, &["b", "new"], ALL).await, Ok(false));
}

#[tokio::test]
async fn a_numbered_version_must_be_live_and_the_latest_of_nothing_is_compatible() {
    let registry = three_versions("BACKWARD").await;
    let missing =
        |number| Err(RegistryError::VersionNotFound(VersionSpec::Number(SchemaVersion(number))));
    assert_eq!(is_compatible(&registry, &[], against("9")).await, missing(9));
    registry.soft_delete("s").await;
    assert_eq!(is_compatible(&registry, &["x"], against("1")).await, missing(1));
    assert_eq!(is_compatible(&registry, &["x"], against("latest")).await, Ok(true));
    assert_eq!(is_compatible(&registry, &["x"], ALL).await, Ok(true));
}

#[tokio::test]
async fn a_text_that_does_not_parse_is_a_finding_only_for_verbose_questions() {
    let registry = three_versions("NONE").await;
    let empty = draft("");
    let refused = registry.check_compatibility(&subject("s"), &empty, ALL).await;
    assert_eq!(refused, Err(RegistryError::InvalidSchema("Empty schema".into())));
    let verbose = Check { verbose: true, ..ALL };
    let found = registry.check_compatibility(&subject("s"), &empty, verbose).await;
    assert_eq!(found, Ok(vec!["Empty schema".to_owned()]));
}

#[tokio::test]
async fn findings_end_with_the_old_version_and_the_settings() {
    let registry = registry();
    registry.put_text("s", "\"string\"").await.unwrap();
    let found = registry.check_compatibility(&subject("s"), &draft("\"int\""), ALL).await;
    assert_eq!(
        found,
        Ok(vec![
            "{errorType:'TYPE_MISMATCH', description:'The type (path '/') of a field in the new \
             schema does not match with the old schema', additionalInfo:'reader type: INT not \
             compatible with writer type: STRING'}"
                .to_owned(),
            "{oldSchemaVersion: 1}".to_owned(),
            "{oldSchema: '\"string\"'}".to_owned(),
            "{validateFields: 'false', compatibility: 'BACKWARD'}".to_owned(),
        ])
    );
}

#[tokio::test]
async fn a_group_compares_only_versions_with_the_same_value() {
    let registry = registry();
    let group = FieldPatch::Set("g".to_owned());
    let patch = ConfigPatch { group, ..ConfigPatch::default() };
    registry.update_config(&subject("s"), patch).await.unwrap();
    registry.put("s", &with_property("\"string\"", "g", "1")).await.unwrap();
    assert_eq!(registry.put("s", &with_property("\"int\"", "g", "2")).await, Ok((2, 2)));
    let refused = registry.put("s", &with_property("\"int\"", "g", "1")).await;
    assert!(matches!(refused, Err(RegistryError::Incompatible { .. })), "{refused:?}");
}

#[tokio::test]
async fn another_schema_type_is_incompatible_unless_the_level_is_none() {
    let registry = registry();
    registry.put_text("s", "\"string\"").await.unwrap();
    let json = Draft { schema_type: Some("JSON".into()), ..draft(r#"{"type":"object"}"#) };
    let refused = registry.put("s", &json).await;
    let messages = vec![
        "Incompatible because of different schema type".to_owned(),
        "{validateFields: 'false', compatibility: 'BACKWARD'}".to_owned(),
    ];
    assert_eq!(refused, Err(RegistryError::Incompatible { subject: subject("s"), messages }));
    registry.set_level("s", "NONE").await;
    assert_eq!(registry.put("s", &json).await, Ok((2, 2)));
}

/// Versions 1 to `count`, each with a field of its own, put into the store unparsed.
async fn store_versions(registry: &TestRegistry, count: i32) {
    let subject = subject("s");
    let mut tx = registry.store().write().await.unwrap();
    for number in 1..=count {
        let text = record(&[&format!("f{number}?")]);
        let schema = StoredSchema {
            id: SchemaId(number),
            schema_type: SchemaType::Avro,
            references: Vec::new(),
            contract: Contract::default(),
            fingerprint: Fingerprint::of(&text, &[], &Contract::default()),
            text,
        };
        tx.insert_schema(&subject.context, &schema, true).await.unwrap();
        tx.put_version(&subject, SchemaVersion(number), SchemaId(number), 0).await.unwrap();
    }
    tx.commit(None).await.unwrap();
}

#[tokio::test]
async fn a_transitive_check_parses_each_version_once_and_the_next_check_none() {
    let registry = registry();
    store_versions(&registry, 1_000).await;
    registry.set_level("s", "FULL_TRANSITIVE").await;
    assert_eq!(registry.parser.parses(), 0);
    assert_eq!(is_compatible(&registry, &["new?"], ALL).await, Ok(true));
    assert_eq!(registry.parser.parses(), 1_001);
    assert_eq!(is_compatible(&registry, &["new?"], ALL).await, Ok(true));
    assert_eq!(registry.parser.parses(), 1_001);
    // Registering reads the new text alone: once, to look for its equal and as a new one.
    assert_eq!(registry.put_text("s", &record(&["other?"])).await, Ok((1_001, 1_001)));
    assert_eq!(registry.parser.parses(), 1_002);
}
