//! A registry that fails when it is told to, and what the client makes of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use levada_serde::client::{RegistryErrorKind, RetryPolicy};
use levada_serde::{Error, RegistryClient, SchemaDefinition};
use levada_testing::MockRegistry;

fn client(registry: &MockRegistry, attempts_max: u32) -> RegistryClient {
    let retry = RetryPolicy { attempts_max, wait_base: Duration::ZERO, ..RetryPolicy::default() };
    RegistryClient::builder(registry.url()).retry(retry).build().unwrap()
}

fn order(fields: &str) -> SchemaDefinition {
    SchemaDefinition::avro(format!(r#"{{"type":"record","name":"Order","fields":[{fields}]}}"#))
}

const ID: &str = r#"{"name":"id","type":"long"}"#;

fn kind(error: Error) -> RegistryErrorKind {
    match error {
        Error::Registry(error) => error.kind,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn answers_are_those_of_a_registry() {
    let registry = MockRegistry::start().await.unwrap();
    let client = client(&registry, 1);
    assert_eq!(client.register("s", &order(""), false).await.unwrap().id, 1);
    let refused = client.register("s", &order(ID), false).await.unwrap_err();
    let refused = kind(refused);
    assert!(matches!(refused, RegistryErrorKind::Refused { status: 409, .. }), "{refused}");
    let unknown = client.schema_by_id(9).await.unwrap_err();
    assert!(matches!(unknown, Error::SchemaNotFound { .. }), "{unknown}");
}

#[tokio::test]
async fn ordered_faults_come_one_a_request() {
    let registry = MockRegistry::start().await.unwrap();
    registry.fail_next(503);
    registry.fail_next(500);
    let once = client(&registry, 1);
    for status in [503, 500] {
        let error = kind(once.register("s", &order(""), false).await.unwrap_err());
        let message = "as was ordered".to_owned();
        let error_code = u32::from(status) * 100 + 1;
        assert_eq!(error, RegistryErrorKind::Refused { status, error_code, message });
    }
    assert_eq!(once.register("s", &order(""), false).await.unwrap().id, 1);
}

#[tokio::test]
async fn registration_whose_answer_was_cut_is_found_again() {
    let registry = MockRegistry::start().await.unwrap();
    registry.cut_next();
    let error = kind(client(&registry, 1).register("s", &order(""), false).await.unwrap_err());
    assert!(matches!(error, RegistryErrorKind::Unreachable(_)), "{error}");
    registry.cut_next();
    let patient = client(&registry, 2);
    assert_eq!(patient.register("s", &order(""), false).await.unwrap().id, 1);
}

#[tokio::test]
async fn delayed_request_runs_into_the_clients_limit() {
    let registry = MockRegistry::start().await.unwrap();
    registry.delay_next(Duration::from_mins(1));
    let limit = Duration::from_millis(50);
    let retry = RetryPolicy { attempt_timeout: limit, attempts_max: 1, ..RetryPolicy::default() };
    let client = RegistryClient::builder(registry.url()).retry(retry).build().unwrap();
    let error = kind(client.register("s", &order(""), false).await.unwrap_err());
    assert_eq!(error, RegistryErrorKind::TimedOut);
}
