//! References.

use super::*;
use crate::{Page, SchemaId, VersionSpec};

fn page() -> Page {
    Page::new(0, -1, usize::MAX)
}

async fn referenced_by(registry: &TestRegistry, name: &str, deleted: bool) -> Vec<i32> {
    let one = VersionSpec::Number(SchemaVersion(1));
    let ids = registry.referenced_by(&subject(name), one, deleted, page()).await.unwrap();
    ids.into_iter().map(|SchemaId(id)| id).collect()
}

#[tokio::test]
async fn a_reference_needs_all_its_members_and_a_live_target() {
    let registry = registry();
    for bad in [user_of("base", 1), user_of("base", -1), user_of("base", 0), user_of("", 1)] {
        let refused = registry.put("user", &bad).await;
        assert!(matches!(refused, Err(RegistryError::InvalidSchema(_))), "{refused:?}");
    }
    registry.put_text("base", &record(&[])).await.unwrap();
    assert_eq!(registry.put("user", &user_of("base", 1)).await, Ok((2, 1)));
    registry.soft_delete("user").await;
    registry.soft_delete("base").await;
    let refused = registry.put("other", &user_of("base", 1)).await;
    assert!(matches!(refused, Err(RegistryError::InvalidSchema(_))), "{refused:?}");
}

#[tokio::test]
async fn the_latest_is_stored_as_its_number_and_counts_for_the_identity() {
    let registry = registry();
    registry.put_text("base", &record(&[])).await.unwrap();
    let first = registry.put("user", &user_of("base", -1)).await;
    assert_eq!(first, Ok((2, 1)));
    assert_eq!(registry.put("user", &user_of("base", 1)).await, first);
    registry.put_text("base", &record(&["f?"])).await.unwrap();
    assert_eq!(registry.put("user", &user_of("base", -1)).await, Ok((4, 2)));
    let stored = registry.version(&subject("user"), VersionSpec::Latest, false).await.unwrap();
    assert_eq!(stored.schema.references, user_of("base", 2).references);
}

#[tokio::test]
async fn the_written_out_text_finds_the_schema_with_references() {
    let registry = registry();
    registry.put_text("base", &record(&["f"])).await.unwrap();
    registry.put("user", &user_of("base", 1)).await.unwrap();
    let written_out = format!(
        r#"{{"type":"record","name":"User","fields":[{{"name":"r","type":{}}}]}}"#,
        record(&["f"])
    );
    assert_eq!(registry.put_text("user", &written_out).await, Ok((2, 1)));
}

#[tokio::test]
async fn referrers_are_listed_by_id_and_hidden_when_deleted() {
    let registry = registry();
    registry.put_text("base", &record(&[])).await.unwrap();
    assert_eq!(referenced_by(&registry, "base", false).await, [0; 0]);
    registry.put("b", &user_of("base", 1)).await.unwrap();
    registry.put("a", &user_of("base", 1)).await.unwrap();
    assert_eq!(referenced_by(&registry, "base", false).await, [2]);
    registry.soft_delete("a").await;
    assert_eq!(referenced_by(&registry, "base", false).await, [2]);
    registry.soft_delete("b").await;
    assert_eq!(referenced_by(&registry, "base", false).await, [0; 0]);
    assert_eq!(referenced_by(&registry, "base", true).await, [2]);
}

#[tokio::test]
async fn a_plain_reference_stays_in_its_context_and_a_qualified_one_may_leave_it() {
    let registry = registry();
    registry.put_text("base", &record(&[])).await.unwrap();
    let refused = registry.put(":.c:user", &user_of("base", 1)).await;
    assert!(matches!(refused, Err(RegistryError::InvalidSchema(_))), "{refused:?}");
    registry.put_text(":.c:base", &record(&[])).await.unwrap();
    assert_eq!(registry.put(":.c:user", &user_of("base", 1)).await, Ok((2, 1)));
    assert_eq!(registry.put("user", &user_of(":.c:base", 1)).await, Ok((2, 1)));
    assert_eq!(referenced_by(&registry, "base", false).await, [0; 0]);
    assert_eq!(referenced_by(&registry, ":.c:base", false).await, [2]);
}

#[tokio::test]
async fn a_chain_is_followed_up_to_the_limit_of_its_depth() {
    let registry = registry();
    let link = |n: i32| {
        let name = format!("T{n}");
        let text = match n {
            0 => r#"{"type":"record","name":"T0","fields":[]}"#.to_owned(),
            _ => format!(
                r#"{{"type":"record","name":"{name}","fields":[{{"name":"f","type":"T{}"}}]}}"#,
                n - 1
            ),
        };
        let target = format!("T{}", n - 1);
        let reference = Reference { name: target.clone(), subject: target, version: 1 };
        let references = if n == 0 { Vec::new() } else { vec![reference] };
        (name, Draft { references, ..draft(text) })
    };
    for n in 0..=32 {
        let (name, draft) = link(n);
        assert_eq!(registry.put(&name, &draft).await, Ok((n + 1, 1)), "{name}");
    }
    let (name, draft) = link(33);
    let refused = registry.put(&name, &draft).await;
    let message = "Invalid schema: more than 32 levels of references (setting \
                   reference-depth-max)"
        .to_owned();
    assert_eq!(refused, Err(RegistryError::InvalidSchema(message)));
}
