//! Contexts.

use super::*;
use crate::{Context, Page, SchemaId};

async fn names(registry: &TestRegistry, prefix: &str) -> Vec<String> {
    let found = registry.contexts(prefix, Page::new(0, -1, usize::MAX)).await.unwrap();
    found.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn contexts_are_there_from_their_first_schema_and_the_default_one_always() {
    let registry = registry();
    registry.set_level(":.quiet:s", "NONE").await;
    assert_eq!(names(&registry, "").await, ["."]);
    registry.put_text(":.b:s", "\"string\"").await.unwrap();
    registry.put_text(":.a:s", "\"string\"").await.unwrap();
    assert_eq!(names(&registry, "").await, [".", ".a", ".b"]);
    assert_eq!(names(&registry, ".a").await, [".a"]);
    assert_eq!(names(&registry, ".A").await, [""; 0]);
    assert_eq!(registry.contexts(".", Page::new(1, 1, 9)).await, Ok(vec![Context::new(".a")]));
}

#[tokio::test]
async fn only_an_empty_context_is_deleted_and_its_ids_are_not_given_again() {
    let registry = registry();
    let context = Context::new(".c");
    registry.set_level(":.c:", "FULL").await;
    registry.put_text(":.c:s", "\"string\"").await.unwrap();
    let refused = Err(RegistryError::ContextNotEmpty(context.clone()));
    assert_eq!(registry.delete_context(&context).await, refused);
    registry.soft_delete(":.c:s").await;
    assert_eq!(registry.delete_context(&context).await, refused);
    registry.delete_subject(&subject(":.c:s"), true).await.unwrap();
    assert_eq!(names(&registry, "").await, [".", ".c"]);
    for _ in 0..2 {
        assert_eq!(registry.delete_context(&context).await, Ok(()));
        assert_eq!(names(&registry, "").await, ["."]);
    }
    assert!(registry.config(&subject(":.c:"), false).await.is_ok());
    assert_eq!(registry.max_id(&context).await, Ok(Some(SchemaId(1))));
    assert_eq!(registry.put_text(":.c:s", "\"string\"").await, Ok((2, 1)));
    assert_eq!(names(&registry, "").await, [".", ".c"]);
}
