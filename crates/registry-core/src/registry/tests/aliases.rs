//! Aliases.

use super::*;
use crate::{Page, SchemaListing, SubjectFilter};

async fn set_alias(registry: &TestRegistry, name: &str, alias: &str) {
    let patch = ConfigPatch { alias: FieldPatch::Set(alias.to_owned()), ..ConfigPatch::default() };
    registry.update_config(&subject(name), patch).await.unwrap();
}

#[tokio::test]
async fn an_alias_is_followed_for_one_hop_within_its_context() {
    let registry = registry();
    for (name, alias) in [("a", "b"), ("b", "c"), (":.x:a", "b"), ("out", ":.x:s"), ("e", "")] {
        set_alias(&registry, name, alias).await;
    }
    for (name, expected) in [
        ("a", "b"),
        ("b", "c"),
        ("c", "c"),
        (":.:a", "b"),
        (":.x:a", ":.x:b"),
        ("out", ":.x:s"),
        ("e", "e"),
        ("", ""),
    ] {
        assert_eq!(registry.resolve_alias(subject(name)).await, Ok(subject(expected)), "{name}");
    }
}

#[tokio::test]
async fn a_list_of_schemas_follows_aliases_only_when_asked() {
    let registry = registry();
    for name in ["a", "b", ":.x:s"] {
        registry.put_text(name, "\"string\"").await.unwrap();
    }
    for (name, alias) in [("one", "b"), ("once", "b"), ("only", ":.x:s"), ("a1", "a")] {
        set_alias(&registry, name, alias).await;
    }
    let list = async |prefix: &str, aliases| {
        let listing = SchemaListing {
            subjects: SubjectFilter::parse(prefix),
            aliases,
            deleted: false,
            latest_only: false,
            rule_type: None,
            associations: None,
            page: Page::new(0, -1, usize::MAX),
        };
        let names = |names: &[QualifiedSubject]| {
            names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let found = registry.schemas(&listing).await.unwrap();
        let shown = found.iter().map(|f| (f.version.subject.to_string(), names(&f.aliases)));
        shown.collect::<Vec<_>>()
    };
    let entry = |name: &str, aliases: &str| (name.to_owned(), aliases.to_owned());
    assert_eq!(list("on", false).await, []);
    assert_eq!(list("on", true).await, [entry(":.x:s", "only"), entry("b", "once one")]);
    assert_eq!(list("a", true).await, [entry("a", "a1")]);
    assert_eq!(list("a", false).await, [entry("a", "")]);
}
