//! How much is read for an answer: each version once, and none in vain.

use levada_schema_core::{Fingerprint, SchemaType};

use super::*;
use crate::{
    AssociationDraft, AssociationQuery, AssociationRequest, AssociationType, Check,
    ReadAssociations, SchemaId, Store, StoredSchema, VersionSpec, WriteTransaction,
};

const CHECK: Check = Check { version: None, normalize: false, verbose: false };

/// References to version 1 of each of these subjects, under their own names.
fn references(subjects: impl IntoIterator<Item = String>) -> Vec<Reference> {
    let reference = |name: String| Reference { name: name.clone(), subject: name, version: 1 };
    subjects.into_iter().map(reference).collect()
}

fn unused(text: String, subjects: impl IntoIterator<Item = String>) -> Draft {
    Draft { references: references(subjects), ..draft(text) }
}

/// An empty record of its own for each name.
fn named(name: &str) -> String {
    format!(r#"{{"type":"record","name":"{name}","fields":[]}}"#)
}

fn layer(at: usize) -> impl Iterator<Item = String> {
    (0..10).map(move |number| format!("L{at}N{number}"))
}

/// Layers of ten schemas, each of which refers to all of the layer before.
async fn layered(layers: usize) -> TestRegistry {
    let registry = registry();
    for at in 0..layers {
        for name in layer(at) {
            let below = at.checked_sub(1).into_iter().flat_map(layer);
            registry.put(&name, &unused(named(&name), below)).await.unwrap();
        }
    }
    registry.store().take_contents_read();
    registry
}

/// Compatible versions with as many fields as their number says, all with the same ten references;
/// then one that is soft-deleted.
async fn ten_versions() -> TestRegistry {
    let registry = layered(1).await;
    for number in 1..=11 {
        registry.put("s", &version(number)).await.unwrap();
    }
    registry.delete_version(&subject("s"), VersionSpec::Latest, false).await.unwrap();
    registry.store().take_contents_read();
    registry
}

fn version(number: usize) -> Draft {
    let fields: Vec<String> = (0..number).map(|field| format!("f{field}?")).collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    unused(record(&fields), layer(0))
}

#[tokio::test]
async fn a_schema_that_many_refer_to_is_read_once() {
    let registry = layered(6).await;
    let top = unused(record(&[]), layer(5));
    let missed = registry.lookup(&subject("s"), &top, false, false).await;
    assert_eq!(missed, Err(RegistryError::SubjectNotFound(subject("s"))));
    assert_eq!(registry.store().take_contents_read(), 60);
}

#[tokio::test]
async fn a_long_walk_over_references_lets_others_have_their_turn() {
    let registry = layered(6).await;
    let (top, s) = (unused(record(&[]), layer(5)), subject("s"));
    let mut lookup = std::pin::pin!(registry.lookup(&s, &top, false, false));
    tokio::select! {
        biased;
        found = &mut lookup => panic!("nobody had a turn before {found:?}"),
        () = std::future::ready(()) => {}
    }
    let before = registry.store().take_contents_read();
    assert!((1..60).contains(&before), "{before}");
    assert_eq!(lookup.await, Err(RegistryError::SubjectNotFound(subject("s"))));
}

#[tokio::test]
async fn an_equal_version_is_found_without_reading_what_the_others_refer_to() {
    let registry = ten_versions().await;
    let found = registry.lookup(&subject("s"), &version(3), false, false).await.unwrap();
    assert_eq!(found.version, SchemaVersion(3));
    assert_eq!(registry.store().take_contents_read(), 10 + 10);
    assert_eq!(registry.put("s", &version(3)).await.map(|(_, version)| version), Ok(3));
    assert_eq!(registry.store().take_contents_read(), 10 + 10);
}

#[tokio::test]
async fn a_new_version_reads_each_live_one_and_each_referenced_one_once() {
    let registry = ten_versions().await;
    registry.set_level("s", "BACKWARD_TRANSITIVE").await;
    assert_eq!(registry.put("s", &version(12)).await.map(|(_, version)| version), Ok(12));
    assert_eq!(registry.store().take_contents_read(), 10 + 10);
}

#[tokio::test]
async fn a_check_at_a_plain_level_or_of_one_version_reads_that_version_alone() {
    let registry = ten_versions().await;
    let newest = Check { version: Some(VersionSpec::Latest), ..CHECK };
    let third = Check { version: Some(VersionSpec::Number(SchemaVersion(3))), ..CHECK };
    for check in [CHECK, newest, third] {
        let found = registry.check_compatibility(&subject("s"), &version(12), check).await;
        assert_eq!(found, Ok(Vec::new()));
        assert_eq!(registry.store().take_contents_read(), 1 + 10, "{check:?}");
    }
    registry.set_level("s", "BACKWARD_TRANSITIVE").await;
    let found = registry.check_compatibility(&subject("s"), &version(12), CHECK).await;
    assert_eq!(found, Ok(Vec::new()));
    assert_eq!(registry.store().take_contents_read(), 10 + 10);
}

#[tokio::test]
async fn a_version_is_found_by_its_metadata_without_reading_the_others() {
    let registry = registry();
    for number in 1..=5 {
        let fields: Vec<String> = (0..number).map(|field| format!("f{field}?")).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let draft = with_property(&record(&fields), "major", &number.to_string());
        registry.put("s", &draft).await.unwrap();
    }
    registry.store().take_contents_read();
    let pairs = [("major".to_owned(), "2".to_owned())];
    let found = registry.version_by_metadata(&subject("s"), &pairs, false).await.unwrap();
    assert_eq!(found.version, SchemaVersion(2));
    assert_eq!(registry.store().take_contents_read(), 1);
}

#[tokio::test]
async fn the_schema_of_an_association_is_read_without_the_versions_before_it() {
    let registry = ten_versions().await;
    let link = AssociationDraft { subject: Some("s".to_owned()), ..AssociationDraft::default() };
    let request = AssociationRequest {
        resource_name: Some("topic".to_owned()),
        resource_namespace: Some("ns".to_owned()),
        resource_id: Some("id".to_owned()),
        associations: vec![link],
        ..AssociationRequest::default()
    };
    registry.create_associations(request, false).await.unwrap();
    let mut tx = registry.store().read().await.unwrap();
    let query = AssociationQuery::OfResource("id");
    let associations = tx.associations(query).await.unwrap();
    registry.store().take_contents_read();
    let shown = registry.schemas_of(associations).await.unwrap();
    let [shown] = shown.as_slice() else { panic!("{shown:?}") };
    assert_eq!(shown.association.association_type, AssociationType::Value);
    assert_eq!(shown.schema.as_ref().map(|found| found.version), Some(SchemaVersion(10)));
    assert_eq!(registry.store().take_contents_read(), 1);
}

#[tokio::test]
async fn a_context_that_is_cleared_for_an_import_is_asked_for_referrers_once_a_subject() {
    let registry = layered(3).await;
    for name in layer(0) {
        registry.set_level(&name, "NONE").await;
        registry.put(&name, &draft(record(&["more?"]))).await.unwrap();
    }
    for at in (0..3).rev() {
        for name in layer(at) {
            registry.soft_delete(&name).await;
        }
    }
    registry.store().take_referrers_asked();
    registry.set_mode_of("", "IMPORT").await.unwrap();
    assert_eq!(registry.store().take_referrers_asked(), 30);
    assert_eq!(registry.numbers("L0N0").await, [0; 0]);
}

#[tokio::test]
async fn a_json_schema_is_looked_up_without_parsing_the_stored_ones() {
    let registry = registry();
    let text = |length: i32| format!(r#"{{"type":"string","maxLength":{length}}}"#);
    let subject = subject("s");
    let mut tx = registry.store().write().await.unwrap();
    for number in 1..=20 {
        let schema = StoredSchema {
            id: SchemaId(number),
            schema_type: SchemaType::Json,
            references: Vec::new(),
            contract: Contract::default(),
            fingerprint: Fingerprint::of(&text(number), &[], &Contract::default()),
            text: text(number),
        };
        tx.insert_schema(&subject.context, &schema, true).await.unwrap();
        tx.put_version(&subject, SchemaVersion(number), SchemaId(number), 0).await.unwrap();
    }
    tx.commit(None).await.unwrap();
    let lookup = async |text: String| {
        let json = Draft { schema_type: Some("JSON".to_owned()), ..draft(text) };
        let found = registry.lookup(&subject, &json, false, false).await;
        found.map(|found| found.version.0)
    };
    assert_eq!(lookup(text(99)).await, Err(RegistryError::NoSuchSchema));
    assert_eq!(lookup(text(7).replace(',', " ,\n")).await, Ok(7));
    assert_eq!(registry.parser.parses(), 2);
}
