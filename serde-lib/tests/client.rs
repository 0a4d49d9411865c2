//! The registry client against canned answers: requests, errors, retries, caches, single flight.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod stub;

use std::time::Duration;

use levada_serde::client::{
    Compatibility, Registered, RegistryClientBuilder, RegistryErrorKind, RetryPolicy, Version,
};
use levada_serde::wire_format::SchemaRef;
use levada_serde::{Error, RegistryClient, SchemaDefinition};
use serde_json::{Value as Json, json};
use stub::Stub;

const GUID: &str = "0f3f6b1e-5d6a-5c5e-9d3b-3d2a8f1e7c11";

/// Retries at once, so that no test waits.
fn impatient(builder: RegistryClientBuilder) -> RegistryClient {
    let retry = RetryPolicy { wait_base: Duration::ZERO, ..RetryPolicy::default() };
    builder.retry(retry).build().unwrap()
}

fn client(stub: &Stub) -> RegistryClient {
    impatient(RegistryClient::builder(&stub.url))
}

fn refused(status: u16) -> Json {
    json!({"error_code": u32::from(status) * 100, "message": "no"})
}

#[tokio::test]
async fn register_sends_the_schema_once_and_remembers_the_answer() {
    let stub = Stub::start().await;
    let body = json!({"id": 7, "version": 2, "guid": GUID, "schemaType": "AVRO", "schema": "x"});
    stub.answer("POST /subjects/a%2Fb%20%3F%25+-value/versions", 200, body);
    let client = client(&stub);
    let schema = SchemaDefinition::avro("\"int\"").with_reference("r.R", "r-value", 3);
    let expected = Registered { id: 7, guid: Some(GUID.parse().unwrap()), version: Some(2) };
    for _ in 0..2 {
        let registered = client.register("a/b ?%+-value", &schema, true).await.unwrap();
        assert_eq!(registered, expected);
    }
    let asked = stub.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].line.ends_with("/versions?normalize=true"), "{}", asked[0].line);
    let sent: Json = serde_json::from_str(&asked[0].body).unwrap();
    let references = json!([{"name": "r.R", "subject": "r-value", "version": 3}]);
    assert_eq!(sent, json!({"schema": "\"int\"", "schemaType": "AVRO", "references": references}));
}

#[tokio::test]
async fn registry_before_version_8_answers_the_id_alone() {
    let stub = Stub::start().await;
    stub.answer("POST /subjects/s/versions", 200, json!({"id": 7}));
    let registered = client(&stub).register("s", &SchemaDefinition::avro("\"int\""), false).await;
    assert_eq!(registered.unwrap(), Registered { id: 7, guid: None, version: None });
}

#[tokio::test]
async fn schema_by_id_brings_its_references_in_dependency_order() {
    let stub = Stub::start().await;
    let reference = |name: &str| json!({"name": name, "subject": name, "version": 1});
    let version = |schema: &str, references: Json| json!({"subject": "s", "version": 1, "id": 1, "schema": schema, "references": references});
    let root = json!({"schema": "root", "references": [reference("a"), reference("b")]});
    stub.answer("GET /schemas/ids/5", 200, root);
    stub.answer("GET /subjects/a/versions/1", 200, version("text a", json!([reference("b")])));
    stub.answer("GET /subjects/b/versions/1", 200, version("text b", json!([reference("a")])));
    let schema = client(&stub).schema_by_id(5).await.unwrap();
    let texts: Vec<_> = schema.references.iter().map(|found| found.text.as_str()).collect();
    assert_eq!((schema.text.as_str(), texts), ("root", vec!["text b", "text a"]));
    let expected = [
        "GET /schemas/ids/5",
        "GET /subjects/a/versions/1?deleted=true",
        "GET /subjects/b/versions/1?deleted=true",
    ];
    assert_eq!(stub.asked_lines(), expected, "a cycle ends and nothing is asked twice");
}

#[tokio::test]
async fn version_that_is_referred_to_by_two_names_comes_under_both_and_is_asked_for_once() {
    let stub = Stub::start().await;
    let reference = |name: &str| json!({"name": name, "subject": "common", "version": 3});
    let root = json!({"schema": "root", "references": [reference("a"), reference("b")]});
    stub.answer("GET /schemas/ids/5", 200, root);
    let common = json!({"subject": "common", "version": 3, "id": 1, "schema": "text"});
    stub.answer("GET /subjects/common/versions/3", 200, common);
    let schema = client(&stub).schema_by_id(5).await.unwrap();
    let found = schema.references.iter();
    let found: Vec<_> = found.map(|found| (&*found.reference.name, &*found.text)).collect();
    assert_eq!(found, [("a", "text"), ("b", "text")]);
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn schemas_by_id_and_guid_are_fetched_once() {
    let stub = Stub::start().await;
    stub.schema(5, "\"int\"");
    stub.answer(&format!("GET /schemas/guids/{GUID}"), 200, json!({"schema": "\"long\""}));
    let client = client(&stub);
    for _ in 0..3 {
        assert_eq!(client.schema_by_id(5).await.unwrap().text, "\"int\"");
        let by_guid = client.schema_by_guid(GUID.parse().unwrap()).await;
        assert_eq!(by_guid.unwrap().text, "\"long\"");
    }
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn unknown_id_is_asked_for_once_within_its_time() {
    let stub = Stub::start().await;
    let remembering = client(&stub);
    for _ in 0..3 {
        let error = remembering.schema_by_id(999).await.unwrap_err();
        assert!(matches!(error, Error::SchemaNotFound { schema: SchemaRef::Id(999) }), "{error}");
        assert!(error.is_poison() && !error.is_retriable());
    }
    assert_eq!(stub.asked().len(), 1);
    let forgetful = impatient(RegistryClient::builder(&stub.url).missing_ttl(Duration::ZERO));
    for _ in 0..3 {
        forgetful.schema_by_id(999).await.unwrap_err();
    }
    assert_eq!(stub.asked().len(), 4);
}

#[tokio::test]
async fn compatibility_check_returns_verdict_and_messages() {
    let stub = Stub::start().await;
    let body = json!({"is_compatible": false, "messages": ["reader lacks x"]});
    stub.answer("POST /compatibility/subjects/s/versions/latest", 200, body);
    let schema = SchemaDefinition::avro("\"int\"");
    let verdict = client(&stub).check_compatibility("s", Version::Latest, &schema).await.unwrap();
    let messages = vec!["reader lacks x".to_owned()];
    assert_eq!(verdict, Compatibility { is_compatible: false, messages });
}

#[tokio::test]
async fn refusal_carries_status_code_and_message_and_is_not_repeated() {
    let stub = Stub::start().await;
    let body = json!({"error_code": 40901, "message": "incompatible"});
    stub.answer("POST /subjects/s/versions", 409, body);
    let result = client(&stub).register("s", &SchemaDefinition::avro("x"), false).await;
    let Err(Error::Registry(error)) = result else { panic!("{result:?}") };
    assert_eq!((error.status(), error.error_code()), (Some(409), Some(40901)));
    assert_eq!((error.is_retriable(), error.attempts), (false, 1));
    assert!(error.to_string().contains("incompatible"), "{error}");
}

#[tokio::test]
async fn passing_failures_are_retried_until_the_answer_comes() {
    for status in [408, 429, 500, 502, 503, 504] {
        let stub = Stub::start().await;
        stub.answer("GET /schemas/ids/5", status, refused(status));
        stub.answer("GET /schemas/ids/5", status, json!("a proxy's words"));
        stub.schema(5, "\"int\"");
        assert_eq!(client(&stub).schema_by_id(5).await.unwrap().text, "\"int\"");
        assert_eq!(stub.asked().len(), 3, "{status}");
    }
}

#[tokio::test]
async fn attempts_are_bounded() {
    let stub = Stub::start().await;
    stub.answer("GET /schemas/ids/5", 503, refused(503));
    let error = client(&stub).schema_by_id(5).await.unwrap_err();
    assert!(error.is_retriable() && !error.is_poison());
    assert_eq!(stub.asked().len(), 4);
}

#[tokio::test]
async fn a_wait_that_would_pass_the_deadline_ends_the_call() {
    let stub = Stub::start().await;
    let retry_after = vec![("retry-after", "3600".to_owned())];
    stub.answer_with("GET /schemas/ids/5", 429, retry_after, refused(429));
    let error = client(&stub).schema_by_id(5).await.unwrap_err();
    assert!(matches!(&error, Error::Registry(error) if error.status() == Some(429)), "{error}");
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn unreachable_registry_is_named_after_all_attempts() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://user:secret@{}", listener.local_addr().unwrap())
    };
    let client = impatient(RegistryClient::builder(&gone));
    let Err(Error::Registry(error)) = client.schema_by_id(5).await else { panic!("no error") };
    assert!(matches!(error.kind, RegistryErrorKind::Unreachable(_)), "{error}");
    assert_eq!(error.attempts, 4);
    assert!(error.is_retriable());
    let words = format!("{error} {error:?} {client:?}");
    assert!(!words.contains("secret"), "{words}");
}

#[tokio::test]
async fn next_url_answers_when_the_first_does_not_and_is_kept() {
    let broken = Stub::start().await;
    broken.answer("GET /schemas/ids/5", 503, refused(503));
    let good = Stub::start().await;
    good.schema(5, "\"int\"").schema(6, "\"long\"");
    let client = impatient(RegistryClient::builder(&broken.url).url(&good.url));
    assert_eq!(client.schema_by_id(5).await.unwrap().text, "\"int\"");
    assert_eq!(client.schema_by_id(6).await.unwrap().text, "\"long\"");
    assert_eq!((broken.asked().len(), good.asked().len()), (1, 2));
}

#[tokio::test]
async fn shuffled_urls_share_out_the_clients_and_still_stand_in_for_each_other() {
    let (one, other, broken) = (Stub::start().await, Stub::start().await, Stub::start().await);
    for stub in [&one, &other] {
        stub.schema(5, "\"int\"");
    }
    broken.answer("GET /schemas/ids/5", 503, refused(503));
    for _ in 0..100 {
        let builder = RegistryClient::builder(&broken.url).url(&one.url).url(&other.url);
        assert_eq!(
            impatient(builder.shuffle_urls()).schema_by_id(5).await.unwrap().text,
            "\"int\""
        );
    }
    let asked = [&one, &other, &broken].map(|stub| stub.asked().len());
    assert!(asked[0] > 0 && asked[1] > 0, "{asked:?}");
    assert_eq!(asked[0] + asked[1], 100);
    assert!((1..100).contains(&asked[2]), "{asked:?}");
}

#[tokio::test]
async fn url_prefix_and_credentials_are_sent() {
    let stub = Stub::start().await;
    let at = |user: &str| stub.url.replace("http://", &format!("http://{user}@"));
    stub.answer("GET /registry/schemas/ids/5", 200, json!({"schema": "\"int\""}));
    let in_url = RegistryClient::builder(format!("{}/registry/", at("me:p%40ss")));
    let given = RegistryClient::builder(format!("{}/registry", stub.url)).basic_auth("me", "p@ss");
    let bearer = RegistryClient::builder(format!("{}/registry", stub.url)).bearer_auth("token");
    for builder in [in_url, given, bearer] {
        impatient(builder).schema_by_id(5).await.unwrap();
    }
    let sent: Vec<_> = stub.asked().into_iter().filter_map(|asked| asked.authorization).collect();
    assert_eq!(sent, ["Basic bWU6cEBzcw==", "Basic bWU6cEBzcw==", "Bearer token"]);
}

#[tokio::test]
async fn unusable_urls_are_refused_at_once() {
    for url in ["localhost:8081", "not a url", "ftp://x"] {
        let error = RegistryClient::new(url).unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn answer_without_a_schema_is_unusable() {
    let stub = Stub::start().await;
    stub.answer("GET /schemas/ids/5", 200, json!({"schemaType": "AVRO"}));
    let Err(Error::Registry(error)) = client(&stub).schema_by_id(5).await else { panic!() };
    assert!(matches!(error.kind, RegistryErrorKind::InvalidAnswer(_)), "{error}");
}

#[tokio::test]
async fn tasks_that_miss_together_send_one_request() {
    let stub = Stub::start().await;
    stub.schema(5, "\"int\"");
    stub.close();
    let client = client(&stub);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.schema_by_id(5).await.unwrap().text.clone() })
        })
        .collect();
    stub.wait_for(1).await;
    stub.open();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "\"int\"");
    }
    assert_eq!(stub.asked().len(), 1);
}
