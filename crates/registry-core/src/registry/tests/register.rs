//! Registration.

use super::*;
use crate::{Context, ReadTransaction, SchemaId, Store};

fn invalid(message: &str) -> RegistryError {
    RegistryError::InvalidSchema(message.to_owned())
}

fn imported(text: &str, id: i32, version: i32) -> Draft {
    Draft { id: Some(id), version, ..draft(text) }
}

#[tokio::test]
async fn register_same_schema_twice_returns_same_id() {
    let registry = registry();
    assert_eq!(registry.put_text("s", r#"{"type":"string"}"#).await, Ok((1, 1)));
    assert_eq!(registry.put_text("s", r#""string""#).await, Ok((1, 1)));
    assert_eq!(registry.numbers("s").await, [1]);
}

#[tokio::test]
async fn ids_belong_to_contents_and_contexts_and_versions_to_subjects() {
    let registry = registry();
    assert_eq!(registry.put_text("a", "\"string\"").await, Ok((1, 1)));
    assert_eq!(registry.put_text("b", &record(&[])).await, Ok((2, 1)));
    assert_eq!(registry.put_text("b", &record(&["f?"])).await, Ok((3, 2)));
    assert_eq!(registry.put_text("c", "\"string\"").await, Ok((1, 1)));
    assert_eq!(registry.put_text(":.x:a", &record(&[])).await, Ok((1, 1)));
}

#[tokio::test]
async fn an_old_version_is_found_again_though_it_is_not_the_latest() {
    let registry = registry();
    registry.put_text("s", &record(&[])).await.unwrap();
    registry.put_text("s", &record(&["f?"])).await.unwrap();
    assert_eq!(registry.put_text("s", &record(&[])).await, Ok((1, 1)));
}

#[tokio::test]
async fn a_refused_registration_takes_no_id_and_no_version() {
    let registry = registry();
    registry.put_text("s", &record(&[])).await.unwrap();
    let refused = registry.put_text("s", &record(&["f"])).await.unwrap_err();
    let RegistryError::Incompatible { messages, .. } = &refused else { panic!("{refused}") };
    assert_eq!(messages.last().unwrap(), "{validateFields: 'false', compatibility: 'BACKWARD'}");
    assert_eq!(registry.put_text("s", &record(&["f?"])).await, Ok((2, 2)));
}

#[tokio::test]
async fn force_skips_the_check_but_not_the_parser() {
    let registry = registry();
    registry.put_text("s", &record(&[])).await.unwrap();
    let force = RegisterOptions { force: true, ..RegisterOptions::default() };
    let bad = registry.register(&subject("s"), &draft("{"), force).await;
    assert!(matches!(bad, Err(RegistryError::InvalidSchema(_))), "{bad:?}");
    let forced = registry.register(&subject("s"), &draft(record(&["f"])), force).await.unwrap();
    assert_eq!(forced.version.version, SchemaVersion(2));
}

#[tokio::test]
async fn a_given_version_must_be_the_next_and_marks_the_content() {
    let registry = registry();
    registry.put_text("s", &record(&[])).await.unwrap();
    let numbered = |version| Draft { version, ..draft(record(&[])) };
    let refused = invalid("Version is not one more than previous version");
    assert_eq!(registry.put("s", &numbered(3)).await, Err(refused.clone()));
    assert_eq!(registry.put("s", &numbered(1)).await, Err(refused));
    assert_eq!(registry.put("s", &numbered(2)).await, Ok((2, 2)));
    // The latest alone is looked at for -1, and the mark does not count there.
    assert_eq!(registry.put("s", &numbered(-1)).await, Ok((2, 2)));
    // Without a number the newest version that is equal but for the mark is found.
    assert_eq!(registry.put_text("s", &record(&[])).await, Ok((1, 1)));
}

#[tokio::test]
async fn what_is_left_out_comes_from_the_latest_version() {
    let registry = registry();
    assert_eq!(registry.put_text("s", " ").await, Err(invalid("Empty schema")));
    registry.put("s", &with_property(&record(&[]), "k", "1")).await.unwrap();
    assert_eq!(registry.put_text("s", "").await, Ok((1, 1)));
    assert_eq!(registry.put_text("s", &record(&[])).await, Ok((1, 1)));
    assert_eq!(registry.put_text("s", &record(&["f?"])).await, Ok((2, 2)));
    assert_eq!(registry.put("s", &with_property("", "k", "2")).await, Ok((3, 3)));
    let none = with_metadata(Metadata::default(), &record(&["f?"]));
    assert_eq!(registry.put("s", &none).await, Ok((4, 4)));
}

#[tokio::test]
async fn an_unknown_type_and_a_reserved_name_are_refused() {
    let registry = registry();
    let typed = Draft { schema_type: Some("avro".into()), ..draft("\"string\"") };
    assert_eq!(registry.put("s", &typed).await, Err(invalid("Invalid schema type avro")));
    for name in ["__GLOBAL", "__EMPTY", ":.__GLOBAL:s"] {
        let refused = registry.put_text(name, "\"string\"").await;
        assert_eq!(refused, Err(RegistryError::InvalidSubject(subject(name))));
    }
}

#[tokio::test]
async fn two_types_with_one_text_have_two_ids() {
    let registry = registry();
    let text = r#"{"type":"string","x":1}"#;
    let json = Draft { schema_type: Some("JSON".into()), ..draft(text) };
    let avro = registry.put_text("a", text).await.unwrap();
    let json = registry.put("b", &json).await.unwrap();
    assert_eq!((avro, json), ((1, 1), (2, 1)));
}

#[tokio::test]
async fn a_schema_comes_back_with_its_id_in_place_of_its_deleted_version() {
    let registry = registry();
    registry.put_text("s", &record(&[])).await.unwrap();
    registry.put_text("s", &record(&["f?"])).await.unwrap();
    registry.soft_delete("s").await;
    assert_eq!(registry.put_text("s", &record(&[])).await, Ok((1, 3)));
    assert_eq!(registry.numbers("s").await, [-2, 3]);
}

#[tokio::test]
async fn a_deleted_version_that_is_referenced_stays_when_its_schema_comes_back() {
    let registry = registry();
    registry.put_text("base", &record(&[])).await.unwrap();
    registry.put("user", &user_of("base", 1)).await.unwrap();
    registry.soft_delete("user").await;
    registry.soft_delete("base").await;
    assert_eq!(registry.put_text("base", &record(&[])).await, Ok((1, 2)));
    assert_eq!(registry.numbers("base").await, [-1, 2]);
}

#[tokio::test]
async fn an_id_is_taken_only_in_import_mode_and_is_needed_there() {
    let registry = registry();
    let with_id = imported(&record(&[]), 100, 7);
    let refused = RegistryError::NotInImportMode(subject("s"));
    assert_eq!(registry.put("s", &with_id).await, Err(refused));
    registry.set_mode_of("s", "IMPORT").await.unwrap();
    let refused = RegistryError::NotInReadWriteMode(subject("s"));
    assert_eq!(registry.put_text("s", &record(&[])).await, Err(refused));
    assert_eq!(registry.put("s", &with_id).await, Ok((100, 7)));
    assert_eq!(registry.put("s", &with_id).await, Ok((100, 7)));
    assert_eq!(registry.put("s", &imported(&record(&["f"]), 101, 2)).await, Ok((101, 2)));
    assert_eq!(registry.put("s", &imported(&record(&[]), 200, 0)).await, Ok((200, 8)));
    let refused = RegistryError::IdTaken { id: SchemaId(100), context: Context::default() };
    assert_eq!(registry.put("s", &imported(&record(&["g"]), 100, 9)).await, Err(refused));
    registry.set_mode_of("s", "READWRITE").await.unwrap();
    assert_eq!(registry.put_text("s", &record(&["h?"])).await, Ok((201, 9)));
}

#[tokio::test]
async fn a_schema_that_comes_back_removes_its_deleted_versions_of_lower_numbers_alone() {
    let registry = registry();
    registry.set_mode_of("s", "IMPORT").await.unwrap();
    let all = async || {
        let mut tx = registry.store().read().await.unwrap();
        let keys = tx.version_keys(&subject("s")).await.unwrap();
        keys.into_iter().map(|key| key.version.0).collect::<Vec<_>>()
    };
    registry.put("s", &imported(&record(&[]), 100, 3)).await.unwrap();
    registry.soft_delete("s").await;
    registry.put("s", &imported(&record(&[]), 100, 2)).await.unwrap();
    assert_eq!(all().await, [2, 3]);
    registry.soft_delete("s").await;
    registry.put("s", &imported(&record(&[]), 100, 4)).await.unwrap();
    assert_eq!(all().await, [4]);
}

#[tokio::test]
async fn an_imported_version_can_be_replaced_and_its_id_is_gone_then() {
    let registry = registry();
    registry.set_mode_of("s", "IMPORT").await.unwrap();
    registry.put("s", &imported(&record(&[]), 100, 1)).await.unwrap();
    assert_eq!(registry.put("s", &imported(&record(&["f"]), 101, 1)).await, Ok((101, 1)));
    assert_eq!(registry.numbers("s").await, [1]);
    let gone = registry.schema_by_id(SchemaId(100), &QualifiedSubject::default()).await;
    assert_eq!(gone, Err(RegistryError::SchemaNotFound("100".into())));
}

#[tokio::test]
async fn an_import_over_a_soft_deleted_version_makes_it_live() {
    let registry = registry();
    registry.set_mode_of("s", "IMPORT").await.unwrap();
    registry.put("s", &imported(&record(&[]), 100, 1)).await.unwrap();
    registry.soft_delete("s").await;
    assert_eq!(registry.put("s", &imported(&record(&["f"]), 101, 1)).await, Ok((101, 1)));
    assert_eq!(registry.numbers("s").await, [1]);
}

#[tokio::test]
async fn the_last_id_is_followed_by_an_error_and_reads_go_on() {
    let registry = registry();
    registry.set_mode_of("s", "IMPORT").await.unwrap();
    registry.put("s", &imported(&record(&[]), i32::MAX, 1)).await.unwrap();
    let refused = Err(RegistryError::IdsExhausted(Context::default()));
    assert_eq!(registry.put_text("t", "\"string\"").await, refused);
    assert_eq!(registry.put_text("t", &record(&[])).await, Ok((i32::MAX, 1)));
}

#[tokio::test]
async fn concurrent_incompatible_registrations_have_one_winner() {
    let registry = registry();
    let tries: Vec<_> = (0..64)
        .map(|n| {
            let registry = registry.clone();
            let text = record(&[&format!("f{n}")]);
            tokio::spawn(async move { registry.put_text("s", &text).await })
        })
        .collect();
    let mut won = 0;
    for attempt in tries {
        match attempt.await.unwrap() {
            Ok(registered) => {
                assert_eq!(registered, (1, 1));
                won += 1;
            }
            Err(error) => assert!(matches!(error, RegistryError::Incompatible { .. }), "{error}"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn concurrent_compatible_registrations_all_succeed_without_gaps() {
    let registry = registry();
    registry.set_level("s", "NONE").await;
    let tries: Vec<_> = (0..64)
        .map(|n| {
            let registry = registry.clone();
            let text = record(&[&format!("f{n}")]);
            tokio::spawn(async move { registry.put_text("s", &text).await })
        })
        .collect();
    let mut registered = Vec::new();
    for attempt in tries {
        registered.push(attempt.await.unwrap().unwrap());
    }
    registered.sort_unstable();
    assert_eq!(registered, (1..=64).map(|n| (n, n)).collect::<Vec<_>>());
}
