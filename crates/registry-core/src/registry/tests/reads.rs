//! Single schemas and lists.

use super::*;
use crate::{
    DeletedFilter, Page, SchemaId, SchemaListing, StoredVersion, SubjectFilter, VersionListing,
    VersionSpec,
};

fn page() -> Page {
    Page::new(0, -1, usize::MAX)
}

/// `a` has a live version 1 and a soft-deleted version 2, `b` is wholly soft-deleted, `:.c:a` is
/// live.
async fn some_subjects() -> TestRegistry {
    let registry = registry();
    registry.put_text("a", &record(&[])).await.unwrap();
    registry.put_text("a", &record(&["f?"])).await.unwrap();
    registry.put_text("b", &record(&[])).await.unwrap();
    registry.put_text(":.c:a", "\"string\"").await.unwrap();
    let two = VersionSpec::Number(SchemaVersion(2));
    registry.delete_version(&subject("a"), two, false).await.unwrap();
    registry.soft_delete("b").await;
    registry
}

async fn subjects(registry: &TestRegistry, prefix: &str, filter: DeletedFilter) -> Vec<String> {
    let found = registry.subjects(&SubjectFilter::parse(prefix), filter, page()).await.unwrap();
    found.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn subjects_are_listed_by_prefix_and_by_what_is_left_of_them() {
    let registry = some_subjects().await;
    assert_eq!(subjects(&registry, ":*:", DeletedFilter::Live).await, [":.c:a", "a"]);
    assert_eq!(subjects(&registry, "", DeletedFilter::Live).await, ["a"]);
    assert_eq!(subjects(&registry, "", DeletedFilter::All).await, ["a", "b"]);
    assert_eq!(subjects(&registry, "", DeletedFilter::OnlyDeleted).await, ["b"]);
    assert_eq!(subjects(&registry, ":.c:", DeletedFilter::Live).await, [":.c:a"]);
    assert_eq!(subjects(&registry, "x", DeletedFilter::Live).await, [""; 0]);
}

#[tokio::test]
async fn versions_are_listed_live_deleted_or_signed() {
    let registry = some_subjects().await;
    let list = |name, filter, deleted_as_negative| {
        let listing = VersionListing { filter, deleted_as_negative, page: page() };
        let registry = registry.clone();
        async move { registry.versions(&subject(name), listing).await }
    };
    assert_eq!(list("a", DeletedFilter::Live, false).await, Ok(vec![1]));
    assert_eq!(list("a", DeletedFilter::All, false).await, Ok(vec![1, 2]));
    assert_eq!(list("a", DeletedFilter::OnlyDeleted, false).await, Ok(vec![2]));
    assert_eq!(list("a", DeletedFilter::OnlyDeleted, true).await, Ok(vec![1, -2]));
    let unknown = RegistryError::SubjectNotFound(subject("b"));
    assert_eq!(list("b", DeletedFilter::Live, true).await, Err(unknown));
    assert_eq!(list("b", DeletedFilter::All, true).await, Ok(vec![-1]));
    assert_eq!(list(":.c:a", DeletedFilter::OnlyDeleted, false).await, Ok(Vec::new()));
    let unknown = RegistryError::SubjectNotFound(subject("none"));
    assert_eq!(list("none", DeletedFilter::OnlyDeleted, false).await, Err(unknown));
}

#[tokio::test]
async fn a_version_is_read_from_its_own_or_from_another_context() {
    let registry = some_subjects().await;
    let read = |name, version: &str, deleted| {
        let version: VersionSpec = version.parse().unwrap();
        let registry = registry.clone();
        async move {
            let found = registry.version(&subject(name), version, deleted).await?;
            Ok::<_, RegistryError>((found.subject.to_string(), found.version.0))
        }
    };
    assert_eq!(read("a", "latest", false).await, Ok(("a".into(), 1)));
    assert_eq!(read("a", "2", true).await, Ok(("a".into(), 2)));
    let two = VersionSpec::Number(SchemaVersion(2));
    assert_eq!(read("a", "2", false).await, Err(RegistryError::VersionNotFound(two)));
    let unknown = |name| Err(RegistryError::SubjectNotFound(subject(name)));
    assert_eq!(read("b", "latest", false).await, unknown("b"));
    let latest = RegistryError::VersionNotFound(VersionSpec::Latest);
    assert_eq!(read("b", "latest", true).await, Err(latest));
    assert_eq!(read(":.d:a", "1", true).await, unknown(":.d:a"));
    registry.soft_delete("a").await;
    assert_eq!(read("a", "1", false).await, Ok((":.c:a".into(), 1)));
}

#[tokio::test]
async fn an_id_is_read_with_the_subject_that_was_asked_for() {
    let registry = some_subjects().await;
    let read = |id, name| {
        let registry = registry.clone();
        async move {
            let found = registry.schema_by_id(SchemaId(id), &subject(name)).await?;
            Ok::<_, RegistryError>((found.subject.to_string(), found.version.0))
        }
    };
    assert_eq!(read(1, "").await, Ok(("a".into(), 1)));
    assert_eq!(read(1, "b").await, Ok(("b".into(), 1)));
    assert_eq!(read(2, "b").await, Ok(("a".into(), 2)));
    assert_eq!(read(1, ":.c:").await, Ok((":.c:a".into(), 1)));
    let unknown = |id: &str| Err(RegistryError::SchemaNotFound(id.to_owned()));
    assert_eq!(read(1, ":.c:b").await, unknown("1"));
    assert_eq!(read(0, "").await, unknown("0"));
    assert_eq!(read(-1, "a").await, unknown("-1"));
}

#[tokio::test]
async fn holders_show_the_newest_version_of_each_subject() {
    let registry = some_subjects().await;
    registry.put_text("z", &record(&[])).await.unwrap();
    let holders = |id, deleted| {
        let registry = registry.clone();
        async move {
            let root = QualifiedSubject::default();
            let found = registry.holders(SchemaId(id), &root, deleted, page()).await?;
            let shown = found.iter().map(|key| (key.subject.to_string(), key.version.0));
            Ok::<Vec<_>, RegistryError>(shown.collect())
        }
    };
    assert_eq!(holders(1, false).await, Ok(vec![("a".into(), 1), ("z".into(), 1)]));
    let all = vec![("a".into(), 1), ("b".into(), 1), ("z".into(), 1)];
    assert_eq!(holders(1, true).await, Ok(all));
    assert_eq!(holders(2, false).await, Ok(Vec::new()));
    assert_eq!(holders(9, false).await, Err(RegistryError::NoSuchSchema));
}

#[tokio::test]
async fn a_guid_is_found_in_every_context_and_nonsense_in_none() {
    let registry = some_subjects().await;
    registry.put_text("s", "\"string\"").await.unwrap();
    let guid = "095d71cf-1255-6b9d-5e33-0ad575b3df5d";
    let found = registry.schema_by_guid(guid).await.unwrap();
    assert_eq!((found.subject, found.schema.fingerprint.to_string()), (subject("s"), guid.into()));
    let ids = registry.ids_by_guid(guid).await.unwrap();
    let ids: Vec<_> = ids.iter().map(|(context, id)| (context.as_str(), id.0)).collect();
    assert_eq!(ids, [(".", 3), (".c", 1)]);
    let unknown = registry.schema_by_guid("nope").await;
    assert_eq!(unknown, Err(RegistryError::SchemaNotFound("nope".into())));
    assert_eq!(registry.ids_by_guid("nope").await, Ok(Vec::new()));
}

#[tokio::test]
async fn schemas_are_listed_by_subject_and_version_and_picked_after_filtering() {
    let registry = some_subjects().await;
    let list = |prefix, deleted, latest_only, page| {
        let subjects = SubjectFilter::parse(prefix);
        let listing = SchemaListing {
            subjects,
            aliases: false,
            deleted,
            latest_only,
            rule_type: None,
            associations: None,
            page,
        };
        let registry = registry.clone();
        async move {
            let found = registry.schemas(&listing).await.unwrap();
            let entry = |v: &StoredVersion| (v.subject.to_string(), v.version.0);
            found.iter().map(|listed| entry(&listed.version)).collect::<Vec<_>>()
        }
    };
    let entry = |name: &str, version| (name.to_owned(), version);
    assert_eq!(list("", false, false, page()).await, [entry("a", 1)]);
    let all = [entry("a", 1), entry("a", 2), entry("b", 1)];
    assert_eq!(list("", true, false, page()).await, all);
    assert_eq!(list("", true, true, page()).await, [entry("a", 2), entry("b", 1)]);
    assert_eq!(list("", true, false, Page::new(1, 1, 10)).await, [entry("a", 2)]);
    assert_eq!(list(":*:", false, false, page()).await, [entry(":.c:a", 1), entry("a", 1)]);
}

#[tokio::test]
async fn the_newest_version_with_all_metadata_pairs_is_found() {
    let registry = registry();
    for (fields, value) in [(&[][..], "1"), (&["f?"], "1"), (&["f?", "g?"], "2")] {
        registry.put("s", &with_property(&record(fields), "k", value)).await.unwrap();
    }
    let find = |name, pairs: &[(&str, &str)]| {
        let pairs: Vec<_> =
            pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        let registry = registry.clone();
        async move {
            let found = registry.version_by_metadata(&subject(name), &pairs, false).await?;
            Ok::<_, RegistryError>(found.version.0)
        }
    };
    assert_eq!(find("s", &[("k", "1")]).await, Ok(2));
    assert_eq!(find("s", &[]).await, Ok(3));
    assert_eq!(find("s", &[("k", "1"), ("j", "1")]).await, Err(RegistryError::NoSuchSchema));
    let unknown = RegistryError::SubjectNotFound(subject("x"));
    assert_eq!(find("x", &[]).await, Err(unknown));
}

#[tokio::test]
async fn a_list_that_is_read_in_parts_is_whole_and_in_order() {
    let registry = registry();
    // More than one part has room for. Of the targets of aliases one stands before all others, one
    // between two contexts, and one behind.
    let names =
        (0..1_100).flat_map(|number| [format!(":.c:a{number:04}"), format!("a{number:04}")]);
    let mut names: Vec<String> = names.chain(["0", ":.c:b", "z"].map(str::to_owned)).collect();
    for name in &names {
        registry.put_text(name, "\"string\"").await.unwrap();
    }
    for (alias, target) in [("a-0", "0"), ("a-1", ":.c:b"), ("a-2", "z")] {
        let alias_of = FieldPatch::Set(target.to_owned());
        let patch = ConfigPatch { alias: alias_of, ..ConfigPatch::default() };
        registry.update_config(&subject(alias), patch).await.unwrap();
    }
    names.sort();
    let list = async |prefix: &str, aliases, page| {
        let listing = SchemaListing {
            subjects: SubjectFilter::parse(prefix),
            aliases,
            deleted: false,
            latest_only: true,
            rule_type: None,
            associations: None,
            page,
        };
        let found = registry.schemas(&listing).await.unwrap();
        found.iter().map(|found| found.version.subject.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(":*:", false, page()).await, names);
    assert_eq!(list(":*:a", true, page()).await, names);
    assert_eq!(list(":*:", false, Page::new(999, 3, 9)).await, names[999..1_002]);
    assert_eq!(list(":*:a", true, Page::new(1_100, 3, 9)).await, names[1_100..1_103]);
}
