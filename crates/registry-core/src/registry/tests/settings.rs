//! Configs and modes.

use levada_schema_core::CompatibilityLevel;

use super::*;
use crate::{Config, Mode};

fn read_only(name: &str) -> RegistryError {
    RegistryError::ReadOnly(subject(name))
}

async fn level_in_force(registry: &TestRegistry, name: &str) -> &'static str {
    registry.config(&subject(name), true).await.unwrap().level.as_str()
}

#[tokio::test]
async fn a_level_is_inherited_from_context_and_global_context() {
    let registry = registry();
    assert_eq!(level_in_force(&registry, ":.c:s").await, "BACKWARD");
    registry.set_level(":.__GLOBAL:", "FULL").await;
    assert_eq!(level_in_force(&registry, ":.c:s").await, "FULL");
    registry.set_level(":.c:", "FORWARD").await;
    registry.set_level("", "NONE").await;
    assert_eq!(level_in_force(&registry, ":.c:s").await, "FORWARD");
    assert_eq!(level_in_force(&registry, "s").await, "NONE");
    registry.set_level(":.c:s", "FULL_TRANSITIVE").await;
    assert_eq!(level_in_force(&registry, ":.c:s").await, "FULL_TRANSITIVE");
}

#[tokio::test]
async fn an_update_merges_and_a_deletion_answers_what_was_there() {
    let registry = registry();
    let s = subject("s");
    registry.set_level("s", "FULL").await;
    let normalize = ConfigPatch { normalize: FieldPatch::Set(true), ..ConfigPatch::default() };
    let merged = registry.update_config(&s, normalize).await.unwrap();
    let level = Some(CompatibilityLevel::Full);
    let expected = Config { level, normalize: Some(true), ..Config::default() };
    assert_eq!(merged, expected);
    let cleared = ConfigPatch { level: FieldPatch::Clear, ..ConfigPatch::default() };
    registry.update_config(&s, cleared).await.unwrap();
    let deleted = registry.delete_config(&s).await.unwrap();
    assert_eq!(deleted.level, CompatibilityLevel::Backward);
    assert_eq!(deleted.config, Config { level: None, ..expected });
    let twice = registry.delete_config(&s).await;
    assert_eq!(twice, Err(RegistryError::SubjectNotFound(s)));
    assert!(registry.delete_config(&subject("")).await.is_ok());
}

#[tokio::test]
async fn only_the_default_and_the_global_context_always_have_settings() {
    let registry = registry();
    for name in ["", ":.:", ":.__GLOBAL:"] {
        assert!(registry.config(&subject(name), false).await.is_ok(), "{name}");
        assert_eq!(registry.mode(&subject(name), false).await, Ok(Mode::ReadWrite), "{name}");
    }
    for name in ["s", ":.c:", ":.c:s"] {
        let unset = registry.config(&subject(name), false).await;
        assert_eq!(unset, Err(RegistryError::ConfigNotSet(subject(name))));
        let unset = registry.mode(&subject(name), false).await;
        assert_eq!(unset, Err(RegistryError::ModeNotSet(subject(name))));
        assert_eq!(registry.mode(&subject(name), true).await, Ok(Mode::ReadWrite), "{name}");
    }
}

#[tokio::test]
async fn a_context_with_a_config_takes_flags_from_the_default_context() {
    let registry = registry();
    let normalize = ConfigPatch { normalize: FieldPatch::Set(true), ..ConfigPatch::default() };
    registry.update_config(&subject(""), normalize).await.unwrap();
    registry.set_level(":.c:", "FULL").await;
    let context = registry.config(&subject(":.c:"), true).await.unwrap();
    let level = Some(CompatibilityLevel::Full);
    assert_eq!(context.config, Config { level, normalize: Some(true), ..Config::default() });
    // What a subject inherits is the config as it was set.
    let inherited = registry.config(&subject(":.c:s"), true).await.unwrap();
    assert_eq!(inherited.config, Config { level, ..Config::default() });
}

#[tokio::test]
async fn the_default_context_does_not_show_the_mode_of_the_global_one_as_its_own() {
    let registry = registry();
    registry.set_mode_of(":.__GLOBAL:", "READONLY").await.unwrap();
    assert_eq!(registry.mode(&subject(""), false).await, Ok(Mode::ReadWrite));
    assert_eq!(registry.mode(&subject(""), true).await, Ok(Mode::ReadOnly));
    let deleted = registry.delete_mode(&subject(""), false).await;
    assert_eq!(deleted, Ok(Some(Mode::ReadWrite)));
}

#[tokio::test]
async fn read_only_stops_every_write_but_a_change_of_mode() {
    let registry = registry();
    registry.put_text("s", &record(&[])).await.unwrap();
    for mode in ["READONLY", "READONLY_OVERRIDE"] {
        registry.set_mode_of("s", mode).await.unwrap();
        assert_eq!(registry.put_text("s", &record(&["f?"])).await, Err(read_only("s")));
        assert_eq!(registry.put_text("s", &record(&[])).await, Ok((1, 1)));
        let refused = registry.delete_subject(&subject("s"), false).await;
        assert_eq!(refused, Err(read_only("s")));
        let refused = registry.update_config(&subject("s"), ConfigPatch::default()).await;
        assert_eq!(refused, Err(read_only("s")));
    }
    registry.set_mode_of("s", "READWRITE").await.unwrap();
    assert_eq!(registry.put_text("s", &record(&["f?"])).await, Ok((2, 2)));
}

#[tokio::test]
async fn a_subject_mode_beats_a_read_only_context() {
    let registry = registry();
    registry.set_mode_of("", "READONLY_OVERRIDE").await.unwrap();
    assert_eq!(registry.put_text("s", "\"string\"").await, Err(read_only("s")));
    registry.set_mode_of("s", "READWRITE").await.unwrap();
    assert_eq!(registry.put_text("s", "\"string\"").await, Ok((1, 1)));
}

#[tokio::test]
async fn import_needs_a_scope_without_live_versions_and_removes_the_deleted_ones() {
    let registry = registry();
    registry.put_text(":.c:s", "\"string\"").await.unwrap();
    for scope in [":.c:s", ":.c:", ":.__GLOBAL:"] {
        let refused = registry.set_mode_of(scope, "IMPORT").await;
        assert_eq!(refused, Err(RegistryError::SubjectsExist));
    }
    registry.set_mode_of("", "IMPORT").await.unwrap();
    registry.soft_delete(":.c:s").await;
    registry.set_mode_of(":.c:", "IMPORT").await.unwrap();
    assert_eq!(registry.numbers(":.c:s").await, [0; 0]);
}

#[tokio::test]
async fn a_subject_of_an_importing_context_needs_no_switch() {
    let registry = registry();
    registry.put_text(":.c:s", "\"string\"").await.unwrap();
    registry.set_mode(&subject(":.c:"), Some(Mode::Import), true).await.unwrap();
    registry.set_mode_of(":.c:s", "IMPORT").await.unwrap();
    assert_eq!(registry.numbers(":.c:s").await, [1]);
}

#[tokio::test]
async fn force_and_repetition_switch_to_import_over_live_versions() {
    let registry = registry();
    registry.put_text("s", "\"string\"").await.unwrap();
    registry.set_mode(&subject("s"), Some(Mode::Import), true).await.unwrap();
    registry.set_mode_of("s", "IMPORT").await.unwrap();
    assert_eq!(registry.numbers("s").await, [1]);
}

#[tokio::test]
async fn forward_is_for_the_global_context_alone() {
    let registry = registry();
    for scope in ["", "s", ":.c:", ":.__GLOBAL:s"] {
        let refused = registry.set_mode_of(scope, "FORWARD").await;
        assert_eq!(refused, Err(RegistryError::ForwardModeOnlyGlobal), "{scope}");
    }
    registry.set_mode_of(":.__GLOBAL:", "FORWARD").await.unwrap();
}

#[tokio::test]
async fn deleting_a_mode_answers_it_and_recursion_reaches_the_subjects() {
    let registry = registry();
    let delete = |name, recursive| {
        let registry = registry.clone();
        async move { registry.delete_mode(&subject(name), recursive).await }
    };
    registry.set_mode_of(":.c:s", "READONLY").await.unwrap();
    let unset = RegistryError::SubjectNotFound(subject(":.c:"));
    assert_eq!(delete(":.c:", false).await, Err(unset));
    assert_eq!(delete(":.c:", true).await, Ok(None));
    assert_eq!(registry.mode(&subject(":.c:s"), true).await, Ok(Mode::ReadWrite));
    assert_eq!(delete("", false).await, Ok(Some(Mode::ReadWrite)));
    registry.set_mode_of("", "READONLY").await.unwrap();
    assert_eq!(delete("", false).await, Ok(Some(Mode::ReadOnly)));
    assert_eq!(delete(":.__GLOBAL:", false).await, Ok(Some(Mode::ReadWrite)));
    let level = registry.delete_config(&subject(":.__GLOBAL:")).await.unwrap().level;
    assert_eq!(level, CompatibilityLevel::Backward);
}
