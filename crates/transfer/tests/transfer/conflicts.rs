//! What the target has with another content stays as it is, and is told.

use levada_transfer::ImportOptions;
use serde_json::json;

use crate::fill::{fill, record};
use crate::server::Server;
use crate::{brought, compared, noticed, source};

const FORCE: ImportOptions = ImportOptions { dry_run: false, force: true };

#[tokio::test(flavor = "multi_thread")]
async fn other_content_under_the_same_name_is_kept_and_told_and_the_rest_comes() {
    let (from, to) = (Server::start().await, Server::start().await);
    fill(&from).await;
    to.register("plain", record("Other", "a")).await; // takes id 1 and version 1
    to.register("nickname", record("Other", "b")).await;
    let kek = json!({"name": "plain", "kmsType": "other", "kmsKeyId": "k"});
    to.make("POST /dek-registry/v1/keks", kek).await;
    to.make(
        "POST /dek-registry/v1/keks",
        json!({"name": "gone", "kmsType": "hcvault",
                "kmsKeyId": "https://vault/k"}),
    )
    .await;
    let dek = json!({"subject": "plain", "encryptedKeyMaterial": "other"});
    to.make("POST /dek-registry/v1/keks/gone/deks", dek).await;
    let before = to.get("/subjects/plain/versions/1").await;

    let (tally, mut problems) = brought(&source(&from), &to.url(), FORCE).await;
    problems.sort_unstable();
    let keyless = |what: &str| format!("DEK plain {what}: its KEK plain is not there");
    let expected = [
        "DEK gone plain AES256_GCM version 1: the target has another key in this place".to_owned(),
        keyless(":.eu:z-target AES256_GCM version 1"),
        keyless("plain AES128_GCM version 1"),
        keyless("plain AES256_GCM version 1"),
        keyless("plain AES256_GCM version 2"),
        keyless("plain AES256_SIV version 7"),
        "KEK gone: 422 (error code 42272): ".to_owned(),
        "KEK plain: the target has another key of this name".to_owned(),
        "subject a-refers version 1: 422 (error code 42201): ".to_owned(),
        "subject plain version 1: the target has id 1 here, and the source id 7".to_owned(),
        "subject z-target version 1: 422 (error code 42205): Overwrite new schema with id 1 in "
            .to_owned(),
    ];
    let is_told = problems.len() == expected.len()
        && problems.iter().zip(&expected).all(|(line, start)| line.starts_with(start));
    assert!(is_told, "{problems:#?}\n{expected:#?}");
    let tally = tally.unwrap();
    assert_eq!(tally.problems, 11);
    assert_eq!(to.get("/subjects/plain/versions/1").await["schema"], before["schema"]);
    assert_eq!(to.get("/mode").await, json!({"mode": "READWRITE"}), "and modes are settled");
    let differences = compared(&source(&from), &to).await.1;
    assert!(differences.iter().any(|line| line.starts_with("subject plain version 1: id is 7")));
}

#[tokio::test(flavor = "multi_thread")]
async fn context_in_use_is_left_alone_unless_forced() {
    let (from, to) = (Server::start().await, Server::start().await);
    from.register(":.eu:s", record("S", "a")).await;
    to.register(":.eu:other", record("Other", "a")).await;
    let before = to.everything().await;
    let none = ImportOptions::default();
    for options in [none, ImportOptions { dry_run: true, ..none }] {
        let (stopped, _) = brought(&source(&from), &to.url(), options).await;
        let told = stopped.expect_err("it is in use").error.to_string();
        assert!(told.starts_with("the target's context :.eu: has subjects already"), "{told}");
        assert_eq!(to.everything().await, before);
    }
    // A context that came before it takes registrations again.
    from.register("1", record("S", "a")).await;
    let (stopped, _) = brought(&source(&from), &to.url(), none).await;
    assert_eq!(stopped.expect_err("it is in use").tally.brought.versions, 1);
    assert_eq!(to.get("/mode").await, json!({"mode": "READWRITE"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn soft_deleted_leftovers_of_the_target_survive_a_forced_import() {
    let (from, to) = (Server::start().await, Server::start().await);
    from.register("s", record("S", "b")).await;
    for _ in 0..2 {
        from.make("DELETE /subjects/s", serde_json::Value::Null).await;
        from.register("s", record("S", "b")).await;
    }
    to.register("old", record("Old", "a")).await;
    to.register("old", record("Old", "b")).await;
    to.make("DELETE /subjects/old", serde_json::Value::Null).await;
    let (_, problems) = brought(&source(&from), &to.url(), FORCE).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    let kept = to.get("/subjects/old/versions?deleted=true").await;
    assert_eq!(kept, json!([1, 2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn subject_that_is_an_alias_at_the_target_is_not_registered_elsewhere() {
    let (from, to) = (Server::start().await, Server::start().await);
    from.register("s", record("S", "a")).await;
    to.make("PUT /config/s", json!({"alias": "t"})).await;
    let (tally, problems) = brought(&source(&from), &to.url(), ImportOptions::default()).await;
    let told = "the target's config makes the subject an alias of another";
    assert_eq!(problems, [format!("subject s version 1: {told}")]);
    assert_eq!(tally.unwrap().brought.versions, 0);
    assert_eq!(to.get("/subjects").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn config_of_the_target_alone_is_left_to_it() {
    let (from, to) = (Server::start().await, Server::start().await);
    from.register("s", record("S", "a")).await;
    to.make("PUT /config/s", json!({"compatibility": "NONE"})).await;
    let (tally, problems) = brought(&source(&from), &to.url(), ImportOptions::default()).await;
    assert_eq!((tally.unwrap().brought.versions, problems), (1, Vec::new()));
    assert_eq!(to.get("/config/s").await, json!({"compatibilityLevel": "NONE"}));
    let differences = compared(&source(&from), &to).await.1;
    assert_eq!(differences, ["config of s is at the target alone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_modes_of_the_target_alone_stop_nothing_and_are_there_again_afterwards() {
    let (from, to) = (Server::start().await, Server::start().await);
    from.register("s", record("S", "a")).await;
    from.register(":.eu:s", record("S", "a")).await;
    from.make("PUT /config/:.eu:", json!({"compatibility": "NONE"})).await;
    for scope in ["s", ":.eu:"] {
        to.make(&format!("PUT /mode/{scope}"), json!({"mode": "READONLY"})).await;
    }
    let (tally, problems) = brought(&source(&from), &to.url(), ImportOptions::default()).await;
    assert_eq!((tally.unwrap().brought.versions, problems), (2, Vec::new()));
    let mut differences = compared(&source(&from), &to).await.1;
    differences.sort_unstable();
    let expected = ["mode of :.eu: is at the target alone", "mode of s is at the target alone"];
    assert_eq!(differences, expected);
    for scope in ["s", ":.eu:"] {
        assert_eq!(to.get(&format!("/mode/{scope}")).await, json!({"mode": "READONLY"}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mode_import_that_was_there_before_stays_and_is_told() {
    let (from, to) = (Server::start().await, Server::start().await);
    from.register("s", record("S", "a")).await;
    from.register(":.eu:s", record("S", "a")).await;
    let importing = json!({"mode": "IMPORT"});
    for path in ["/mode", "/mode/:.eu:"] {
        to.make(&format!("PUT {path}"), importing.clone()).await;
    }
    let expected = [(":.:", "/mode"), (":.eu:", "/mode/:.eu:")].map(|(context, path)| {
        format!(
            "context {context} was in mode IMPORT before and still is; if an import that was \
             stopped has left it so, end that with DELETE {path}"
        )
    });
    // The first one brings two versions, the second nothing.
    for count in [2, 0] {
        let (tally, notices) = noticed(&source(&from), &to).await;
        assert_eq!((tally.brought.versions, notices.as_slice()), (count, expected.as_slice()));
        for path in ["/mode", "/mode/:.eu:"] {
            assert_eq!(to.get(path).await, importing);
        }
    }
}
