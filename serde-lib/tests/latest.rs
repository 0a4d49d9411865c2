//! Latest versions: what is remembered, refreshed in the background, and asked for at once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod stub;

use std::time::Duration;

use levada_serde::client::{RetryPolicy, Version};
use levada_serde::{Error, RegistryClient, SchemaDefinition};
use serde_json::{Value as Json, json};
use stub::Stub;

const LATEST: &str = "GET /subjects/s/versions/latest";
/// Longer than a latest version counts.
const EXPIRED: Duration = Duration::from_secs(61);

fn body(version: i32) -> Json {
    json!({"subject": "s", "version": version, "id": version + 10, "schema": "x"})
}

/// A registry that gives these answers in turn, and a client that asks once for each.
async fn registry(answers: &[(u16, Json)]) -> (Stub, RegistryClient) {
    let stub = Stub::start().await;
    for (status, body) in answers {
        stub.answer(LATEST, *status, body.clone());
    }
    let retry = RetryPolicy { attempts_max: 1, ..RetryPolicy::default() };
    let client = RegistryClient::builder(&stub.url).retry(retry).build().unwrap();
    (stub, client)
}

async fn latest(client: &RegistryClient) -> Result<i32, Error> {
    client.version("s", Version::Latest).await.map(|latest| latest.version)
}

/// Lets time pass at once.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Looks again and again until what happens in the background has happened.
async fn until(mut has_happened: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !has_happened().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waited).await.unwrap();
}

#[tokio::test]
async fn latest_version_is_remembered_and_forgotten_by_a_registration() {
    let (stub, client) = registry(&[(200, body(1)), (200, body(2))]).await;
    stub.answer("POST /subjects/s/versions", 200, json!({"id": 12}));
    for _ in 0..2 {
        assert_eq!(latest(&client).await.unwrap(), 1);
    }
    client.register("s", &SchemaDefinition::avro("x"), false).await.unwrap();
    assert_eq!(latest(&client).await.unwrap(), 2);
    assert_eq!(stub.asked().len(), 3);
}

#[tokio::test]
async fn old_latest_version_is_answered_while_one_request_fetches_the_new_one() {
    let (stub, client) = registry(&[(200, body(1)), (200, body(2))]).await;
    assert_eq!(latest(&client).await.unwrap(), 1);
    stub.close();
    pass(EXPIRED).await;
    for _ in 0..3 {
        assert_eq!(latest(&client).await.unwrap(), 1);
    }
    stub.wait_for(2).await;
    assert_eq!(latest(&client).await.unwrap(), 1);
    stub.open();
    until(async || latest(&client).await.unwrap() == 2).await;
    assert_eq!(stub.asked_lines(), [LATEST, LATEST]);
}

#[tokio::test]
async fn latest_version_counts_on_while_no_registry_answers_and_is_asked_for_again_after_a_while() {
    let down = (503, json!({"error_code": 503, "message": "no"}));
    let (stub, client) = registry(&[(200, body(1)), down, (200, body(2))]).await;
    assert_eq!(latest(&client).await.unwrap(), 1);
    assert!(client.refresh_failure("s").is_none());
    pass(EXPIRED).await;
    assert_eq!(latest(&client).await.unwrap(), 1);
    until(async || client.refresh_failure("s").is_some()).await;
    let Some(Error::Registry(failure)) = client.refresh_failure("s") else { panic!() };
    assert_eq!(failure.status(), Some(503));
    pass(Duration::from_secs(9)).await;
    assert_eq!(latest(&client).await.unwrap(), 1);
    assert_eq!(stub.asked().len(), 2, "it is not asked for within ten seconds");
    pass(Duration::from_secs(2)).await;
    assert_eq!(latest(&client).await.unwrap(), 1);
    until(async || latest(&client).await.unwrap() == 2).await;
    assert!(client.refresh_failure("s").is_none());
    assert_eq!(stub.asked().len(), 3);
}

#[tokio::test]
async fn refusal_to_refresh_is_told_to_who_looks_up_next() {
    let gone = (404, json!({"error_code": 40401, "message": "Subject 's' not found."}));
    let (_stub, client) = registry(&[(200, body(1)), gone]).await;
    assert_eq!(latest(&client).await.unwrap(), 1);
    pass(EXPIRED).await;
    until(async || latest(&client).await.is_err()).await;
    let Err(Error::Registry(error)) = latest(&client).await else { panic!() };
    assert_eq!((error.error_code(), error.is_retriable()), (Some(40401), false));
}

#[tokio::test]
async fn forced_look_up_waits_for_what_the_registry_has_now_and_is_remembered() {
    let (stub, client) = registry(&[(200, body(1)), (200, body(2))]).await;
    assert_eq!(latest(&client).await.unwrap(), 1);
    assert_eq!(client.refreshed_latest("s").await.unwrap().version, 2);
    assert_eq!(latest(&client).await.unwrap(), 2);
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn without_a_time_each_look_up_of_the_latest_version_asks_and_waits() {
    let (stub, _) = registry(&[(200, body(1)), (200, body(2)), (200, body(3))]).await;
    let builder = RegistryClient::builder(&stub.url).latest_ttl(Duration::ZERO);
    let client = builder.build().unwrap();
    for version in 1..4 {
        assert_eq!(latest(&client).await.unwrap(), version);
    }
}

#[tokio::test]
async fn numbered_version_is_asked_for_each_time() {
    let (stub, client) = registry(&[]).await;
    stub.answer("GET /subjects/s/versions/4", 200, body(4));
    for _ in 0..2 {
        assert_eq!(client.version("s", Version::Number(4)).await.unwrap().id, 14);
    }
    assert_eq!(stub.asked().len(), 2);
}
