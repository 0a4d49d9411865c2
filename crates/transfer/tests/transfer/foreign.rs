//! Registries that are not like ours.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use levada_transfer::{Counts, ImportOptions, Source, export};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::server::Server;
use crate::{Notes, bring, brought, compared, noticed, registry};

/// A registry of canned answers (null is no content), by path, with `?` for those that ask for deleted things. It
/// ignores all other parameters, and knows nothing else.
async fn canned(answers: Vec<(&str, Value)>) -> String {
    let answers: HashMap<String, Value> =
        answers.into_iter().map(|(path, body)| (path.to_owned(), body)).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer).with_state(Arc::new(answers));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn answer(State(answers): State<Arc<HashMap<String, Value>>>, request: Request) -> Response {
    let path = request.uri().path();
    let deleted = request.uri().query().is_some_and(|query| query.contains("deleted=true"));
    let key = if deleted { format!("{path}?") } else { path.to_owned() };
    match answers.get(&key) {
        Some(Value::Null) => return StatusCode::NO_CONTENT.into_response(),
        Some(body) => return body.to_string().into_response(),
        None => {}
    }
    let body = json!({"error_code": 40401, "message": "not found"});
    (StatusCode::NOT_FOUND, body.to_string()).into_response()
}

/// One of before version 8: no guids, no word of what is deleted, neither contexts nor keys.
async fn old_registry() -> String {
    let version = |version: i32| {
        json!({"subject": "s", "version": version, "id": version,
               "schema": format!("{{ \"type\": \"enum\", \"name\": \"E\", \"symbols\": [\"A{version}\"]}}")})
    };
    canned(vec![
        ("/schemas/types", json!(["AVRO"])),
        ("/subjects?", json!(["s"])),
        ("/subjects/s/versions?", json!([1, 2])),
        ("/subjects/s/versions/1?", version(1)),
        ("/subjects/s/versions/2?", version(2)),
        ("/subjects/s/versions/2", version(2)),
        ("/config", json!({"compatibilityLevel": "FULL"})),
        ("/mode", json!({"mode": "READWRITE"})),
        ("/mode/s", Value::Null),
        ("/contexts", json!([":.:"])),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn registry_of_before_version_8_is_read_with_what_it_tells() {
    let (from, to) = (old_registry().await, Server::start().await);
    let from = Source::Registry(registry(&from));
    let brought = bring(&from, &to).await.brought;
    assert_eq!(brought, Counts { versions: 2, configs: 1, ..Counts::default() });
    let listed = to.get("/subjects/s/versions?deletedAsNegative=true").await;
    assert_eq!(listed, json!([-1, 2]), "version 1 is deleted there");
    assert_eq!(to.get("/config").await, json!({"compatibilityLevel": "FULL"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_the_target_writes_in_another_way_is_no_conflict() {
    let (from, to) = (old_registry().await, Server::start().await);
    let from = Source::Registry(registry(&from));
    bring(&from, &to).await;
    let again = bring(&from, &to).await;
    assert_eq!((again.brought, again.problems), (Counts::default(), 0));
    assert_eq!(compared(&from, &to).await.1, Vec::<String>::new());
    to.make("DELETE /subjects/s/versions/2", Value::Null).await;
    to.make("DELETE /subjects/s/versions/2?permanent=true", Value::Null).await;
    to.make("PUT /mode?force=true", json!({"mode": "IMPORT"})).await;
    let other = json!({"schema": "\"int\"", "id": 9, "version": 2});
    to.make("POST /subjects/s/versions", other).await;
    let differences = compared(&from, &to).await.1;
    assert!(differences.iter().any(|line| line.contains("version 2: schema is ")));
}

#[tokio::test(flavor = "multi_thread")]
async fn address_without_a_registry_is_an_error_and_no_empty_archive() {
    let nothing = canned(Vec::new()).await;
    let mut out = Vec::new();
    let failed = export(&registry(&nothing), &mut out, Arc::new(Notes::default())).await;
    let error = failed.expect_err("there is no registry").to_string();
    assert!(error.starts_with("GET /schemas/types: schema registry at http://"), "{error}");
    assert_eq!(out, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn target_that_knows_no_mode_import_is_told_as_such() {
    let to = canned(vec![("/schemas/types", json!(["AVRO"]))]).await;
    let from = Source::Registry(registry(&old_registry().await));
    let (stopped, _) = brought(&from, &to, ImportOptions::default()).await;
    let told = stopped.expect_err("ids would be lost").error.to_string();
    let expected = "the target does not take mode IMPORT, in which schemas keep their ids, for \
                    context :.:: 404 (error code 40401): not found";
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn references_in_a_circle_and_to_nothing_end() {
    let version = |subject: &str, target: &str| {
        let references = [target, "nowhere", subject];
        let references = references.map(|to| json!({"name": to, "subject": to, "version": 1}));
        json!({"subject": subject, "version": 1, "id": 1, "schema": "\"int\"", "deleted": false,
               "references": references})
    };
    let url = canned(vec![
        ("/schemas/types", json!(["AVRO"])),
        ("/subjects?", json!(["a", "b"])),
        ("/subjects/a/versions?", json!([1])),
        ("/subjects/b/versions?", json!([1])),
        ("/subjects/a/versions/1?", version("a", "b")),
        ("/subjects/b/versions/1?", version("b", "a")),
    ])
    .await;
    let mut out = Vec::new();
    let counts = export(&registry(&url), &mut out, Arc::new(Notes::default())).await.unwrap();
    assert_eq!(counts, Counts { versions: 2, ..Counts::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_key_that_the_target_cannot_unwrap_comes_all_the_same() {
    let (from, to) = (Server::start_with(Some("s".into())).await, Server::start().await);
    let keks = "POST /dek-registry/v1/keks";
    let kek = json!({"name": "k", "kmsType": "local-kms", "kmsKeyId": "k", "shared": true});
    from.make(keks, kek).await;
    from.make(&format!("{keks}/k/deks"), json!({"subject": ":.eu:s"})).await;
    let from = Source::Registry(registry(&from.url()));
    let expected = Counts { keks: 1, deks: 1, ..Counts::default() };
    assert_eq!(bring(&from, &to).await.brought, expected);
    let (again, notices) = noticed(&from, &to).await;
    let there = Counts { keks: 1, ..Counts::default() };
    assert_eq!((again.brought, again.unchanged, again.unread), (Counts::default(), there, 1));
    assert!(again.to_string().ends_with(", 1 there but not readable, 0 refused"), "{again}");
    let told = "DEK k :.eu:s AES256_GCM version 1 is there, but not readable: ";
    assert!(notices.len() == 1 && notices[0].starts_with(told), "{notices:?}");
    let versions = "/dek-registry/v1/keks/k/deks/:.eu:s/versions";
    assert_eq!(to.get(versions).await, json!([1]));
    let differences = compared(&from, &to).await.1;
    assert_eq!(differences.len(), 1, "{differences:?}");
    let told = "DEK k :.eu:s AES256_GCM version 1 cannot be compared: ";
    assert!(differences[0].starts_with(told), "{differences:?}");
    assert_eq!(to.ask("GET", "/mode/:.eu:", None).await.0, 404, "modes are settled");
}

#[tokio::test(flavor = "multi_thread")]
async fn password_in_the_url_is_sent_and_never_shown() {
    let server = Server::start().await;
    let url = server.url().replace("http://", "http://user:geheim@");
    let mut out = Vec::new();
    export(&registry(&url), &mut out, Arc::new(Notes::default())).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("geheim") && text.contains(&server.url()), "{text}");
    assert!(!format!("{:?}", registry(&url)).contains("geheim"));
}
