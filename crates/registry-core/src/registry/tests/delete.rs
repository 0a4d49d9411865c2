//! Deletion.

use super::*;
use crate::{SchemaId, VersionSpec};

const SOFT: bool = false;
const PERMANENT: bool = true;

async fn subject_gone(
    registry: &TestRegistry,
    name: &str,
    permanent: bool,
) -> Result<Vec<i32>, RegistryError> {
    let deleted = registry.delete_subject(&subject(name), permanent).await?;
    Ok(deleted.into_iter().map(|version| version.0).collect())
}

async fn version_gone(
    registry: &TestRegistry,
    name: &str,
    version: &str,
    permanent: bool,
) -> Result<i32, RegistryError> {
    let version: VersionSpec = version.parse().unwrap();
    Ok(registry.delete_version(&subject(name), version, permanent).await?.0)
}

async fn two_versions() -> TestRegistry {
    let registry = registry();
    registry.put_text("s", &record(&[])).await.unwrap();
    registry.put_text("s", &record(&["f?"])).await.unwrap();
    registry
}

#[tokio::test]
async fn a_subject_goes_softly_first_and_permanently_then() {
    let registry = two_versions().await;
    let s = || subject("s");
    let early = subject_gone(&registry, "s", PERMANENT).await;
    assert_eq!(early, Err(RegistryError::SubjectNotSoftDeleted(s())));
    assert_eq!(subject_gone(&registry, "s", SOFT).await, Ok(vec![1, 2]));
    let twice = subject_gone(&registry, "s", SOFT).await;
    assert_eq!(twice, Err(RegistryError::SubjectSoftDeleted(s())));
    assert_eq!(subject_gone(&registry, "s", PERMANENT).await, Ok(vec![1, 2]));
    for permanent in [SOFT, PERMANENT] {
        let gone = subject_gone(&registry, "s", permanent).await;
        assert_eq!(gone, Err(RegistryError::SubjectNotFound(s())));
    }
}

#[tokio::test]
async fn a_soft_deletion_answers_only_the_versions_that_were_live() {
    let registry = two_versions().await;
    assert_eq!(version_gone(&registry, "s", "1", SOFT).await, Ok(1));
    let partly = subject_gone(&registry, "s", PERMANENT).await;
    assert_eq!(partly, Err(RegistryError::SubjectNotSoftDeleted(subject("s"))));
    assert_eq!(subject_gone(&registry, "s", SOFT).await, Ok(vec![2]));
    assert_eq!(subject_gone(&registry, "s", PERMANENT).await, Ok(vec![1, 2]));
}

#[tokio::test]
async fn a_version_goes_softly_first_and_permanently_then() {
    let registry = two_versions().await;
    let (s, two) = (subject("s"), SchemaVersion(2));
    let early = version_gone(&registry, "s", "2", PERMANENT).await;
    assert_eq!(early, Err(RegistryError::VersionNotSoftDeleted(s.clone(), two)));
    assert_eq!(version_gone(&registry, "s", "latest", SOFT).await, Ok(2));
    let twice = version_gone(&registry, "s", "2", SOFT).await;
    assert_eq!(twice, Err(RegistryError::VersionSoftDeleted(s, two)));
    assert_eq!(version_gone(&registry, "s", "2", PERMANENT).await, Ok(2));
    let gone = version_gone(&registry, "s", "2", PERMANENT).await;
    assert_eq!(gone, Err(RegistryError::VersionNotFound(VersionSpec::Number(two))));
    // The number of a newest version that is gone for good is free again, its id is not.
    assert_eq!(registry.put_text("s", &record(&["f?"])).await, Ok((3, 2)));
}

#[tokio::test]
async fn latest_is_never_a_deleted_version() {
    let registry = two_versions().await;
    let unknown = version_gone(&registry, "x", "1", SOFT).await;
    assert_eq!(unknown, Err(RegistryError::SubjectNotFound(subject("x"))));
    registry.soft_delete("s").await;
    for permanent in [SOFT, PERMANENT] {
        let none = version_gone(&registry, "s", "latest", permanent).await;
        assert_eq!(none, Err(RegistryError::VersionNotFound(VersionSpec::Latest)));
    }
}

#[tokio::test]
async fn an_id_lives_as_long_as_any_version_holds_it() {
    let registry = registry();
    let everywhere = QualifiedSubject::default();
    for name in ["a", "b"] {
        registry.put_text(name, "\"string\"").await.unwrap();
        registry.soft_delete(name).await;
    }
    subject_gone(&registry, "a", PERMANENT).await.unwrap();
    let held = registry.schema_by_id(SchemaId(1), &everywhere).await.unwrap();
    assert_eq!((held.subject, held.is_deleted), (subject("b"), true));
    subject_gone(&registry, "b", PERMANENT).await.unwrap();
    let gone = registry.schema_by_id(SchemaId(1), &everywhere).await;
    assert_eq!(gone, Err(RegistryError::SchemaNotFound("1".into())));
    assert_eq!(registry.put_text("a", "\"string\"").await, Ok((2, 1)));
}

#[tokio::test]
async fn live_referrers_stop_a_soft_deletion_and_any_referrer_a_permanent_one() {
    let registry = registry();
    registry.put_text("base", &record(&[])).await.unwrap();
    registry.put("user", &user_of("base", 1)).await.unwrap();
    let blocked = RegistryError::ReferenceExists(subject("base"), SchemaVersion(1));
    assert_eq!(subject_gone(&registry, "base", SOFT).await, Err(blocked.clone()));
    assert_eq!(version_gone(&registry, "base", "1", SOFT).await, Err(blocked.clone()));
    registry.soft_delete("user").await;
    assert_eq!(version_gone(&registry, "base", "1", SOFT).await, Ok(1));
    assert_eq!(version_gone(&registry, "base", "1", PERMANENT).await, Err(blocked.clone()));
    assert_eq!(subject_gone(&registry, "base", PERMANENT).await, Err(blocked));
    subject_gone(&registry, "user", PERMANENT).await.unwrap();
    assert_eq!(subject_gone(&registry, "base", PERMANENT).await, Ok(vec![1]));
}

#[tokio::test]
async fn versions_that_refer_to_each_other_go_together_but_not_alone() {
    let registry = registry();
    registry.set_level("s", "NONE").await;
    registry.put_text("s", &record(&[])).await.unwrap();
    registry.put("s", &user_of("s", 1)).await.unwrap();
    let blocked = RegistryError::ReferenceExists(subject("s"), SchemaVersion(1));
    assert_eq!(version_gone(&registry, "s", "1", SOFT).await, Err(blocked));
    assert_eq!(subject_gone(&registry, "s", SOFT).await, Ok(vec![1, 2]));
    assert_eq!(subject_gone(&registry, "s", PERMANENT).await, Ok(vec![1, 2]));
}

#[tokio::test]
async fn settings_go_with_the_last_version_and_not_before() {
    let registry = two_versions().await;
    registry.set_level("s", "FULL").await;
    registry.set_mode_of("s", "READWRITE").await.unwrap();
    registry.soft_delete("s").await;
    version_gone(&registry, "s", "1", PERMANENT).await.unwrap();
    assert!(registry.config(&subject("s"), false).await.is_ok());
    version_gone(&registry, "s", "2", PERMANENT).await.unwrap();
    let none = registry.config(&subject("s"), false).await;
    assert_eq!(none, Err(RegistryError::ConfigNotSet(subject("s"))));
    let none = registry.mode(&subject("s"), false).await;
    assert_eq!(none, Err(RegistryError::ModeNotSet(subject("s"))));
}
