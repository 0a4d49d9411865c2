//! Lookup.

use super::*;
use crate::StoredVersion;

async fn find(
    registry: &TestRegistry,
    name: &str,
    draft: &Draft,
    deleted: bool,
) -> Result<(String, i32), RegistryError> {
    let found = registry.lookup(&subject(name), draft, false, deleted).await?;
    let StoredVersion { subject, version, .. } = found;
    Ok((subject.to_string(), version.0))
}

#[tokio::test]
async fn a_schema_is_found_under_its_own_subject_in_any_spelling() {
    let registry = registry();
    registry.put_text("s", &record(&["f"])).await.unwrap();
    registry.put_text("other", "\"string\"").await.unwrap();
    let spelled = draft(record(&["f"]).replace(',', " , "));
    assert_eq!(find(&registry, "s", &spelled, false).await, Ok(("s".into(), 1)));
    let missed = find(&registry, "s", &draft("\"string\""), false).await;
    assert_eq!(missed, Err(RegistryError::NoSuchSchema));
    let unknown = find(&registry, "x", &draft("\"string\""), false).await;
    assert_eq!(unknown, Err(RegistryError::SubjectNotFound(subject("x"))));
}

#[tokio::test]
async fn an_unparsable_text_is_reported_before_an_unknown_subject_and_an_empty_one_matches_nothing()
{
    let registry = registry();
    registry.put_text("s", "\"string\"").await.unwrap();
    let bad = find(&registry, "x", &draft("{"), false).await;
    assert!(matches!(bad, Err(RegistryError::InvalidSchema(_))), "{bad:?}");
    let unknown = RegistryError::SubjectNotFound(subject("x"));
    assert_eq!(find(&registry, "x", &draft(""), false).await, Err(unknown));
    assert_eq!(find(&registry, "s", &draft(""), false).await, Err(RegistryError::NoSuchSchema));
}

#[tokio::test]
async fn soft_deleted_versions_are_found_only_on_request() {
    let registry = registry();
    registry.put_text("s", &record(&[])).await.unwrap();
    registry.soft_delete("s").await;
    let looked_up = draft(record(&[]));
    let gone = RegistryError::SubjectNotFound(subject("s"));
    assert_eq!(find(&registry, "s", &looked_up, false).await, Err(gone));
    assert_eq!(find(&registry, "s", &looked_up, true).await, Ok(("s".into(), 1)));
    registry.put_text("s", &record(&["f?"])).await.unwrap();
    let missed = find(&registry, "s", &looked_up, false).await;
    assert_eq!(missed, Err(RegistryError::NoSuchSchema));
}

#[tokio::test]
async fn a_plain_subject_falls_through_to_other_contexts_and_a_qualified_one_does_not() {
    let registry = registry();
    registry.put_text(":.c:s", "\"string\"").await.unwrap();
    let looked_up = draft("\"string\"");
    assert_eq!(find(&registry, "s", &looked_up, false).await, Ok((":.c:s".into(), 1)));
    let missed = RegistryError::SubjectNotFound(subject(":.d:s"));
    assert_eq!(find(&registry, ":.d:s", &looked_up, false).await, Err(missed));
}

#[tokio::test]
async fn metadata_must_match_when_it_is_given_and_is_assumed_when_it_is_not() {
    let registry = registry();
    registry.put("s", &with_property(&record(&[]), "k", "1")).await.unwrap();
    let found = Ok(("s".into(), 1));
    assert_eq!(find(&registry, "s", &draft(record(&[])), false).await, found);
    assert_eq!(find(&registry, "s", &with_property(&record(&[]), "k", "1"), false).await, found);
    let other = find(&registry, "s", &with_property(&record(&[]), "k", "2"), false).await;
    assert_eq!(other, Err(RegistryError::NoSuchSchema));
}

#[tokio::test]
async fn many_lookups_in_other_contexts_do_not_wait_for_each_other() {
    let registry = registry();
    registry.put_text(":.c:s", "\"string\"").await.unwrap();
    let tries: Vec<_> = (0..32)
        .map(|_| {
            let registry = registry.clone();
            tokio::spawn(async move { find(&registry, "s", &draft("\"int\""), false).await })
        })
        .collect();
    for attempt in tries {
        let missed = RegistryError::SubjectNotFound(subject("s"));
        assert_eq!(attempt.await.unwrap(), Err(missed));
    }
}
