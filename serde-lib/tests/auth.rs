//! Who the client says it is: tokens that expire, headers, proxies.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod stub;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use levada_serde::client::{
    ClientCredentials, RegistryClientBuilder, RegistryError, RegistryErrorKind, RetryPolicy, Token,
    TokenError, TokenProvider,
};
use levada_serde::rdkafka::ClientConfig;
use levada_serde::{Error, RegistryClient};
use serde_json::json;
use stub::Stub;

const TOKEN: &str = "POST /token";

/// A registry that knows the schemas 1 to 9, and an authorization server.
async fn servers() -> (Stub, Stub) {
    let (registry, server) = (Stub::start().await, Stub::start().await);
    for id in 1..10 {
        registry.schema(id, "\"int\"");
    }
    (registry, server)
}

fn credentials(server: &Stub) -> ClientCredentials {
    ClientCredentials {
        token_url: format!("{}/token", server.url),
        client_id: "shop:1".to_owned(),
        client_secret: "p@ss word".to_owned(),
        scope: Some("registry/read all".to_owned()),
    }
}

fn built(builder: RegistryClientBuilder) -> RegistryClient {
    let retry = RetryPolicy { wait_base: Duration::ZERO, ..RetryPolicy::default() };
    builder.retry(retry).build().unwrap()
}

fn client(registry: &Stub, server: &Stub) -> RegistryClient {
    built(RegistryClient::builder(&registry.url).oauth(credentials(server)))
}

fn authorizations(stub: &Stub) -> Vec<String> {
    stub.asked().into_iter().map(|asked| asked.authorization.unwrap()).collect()
}

fn registry_error(error: Error) -> RegistryError {
    match error {
        Error::Registry(error) => error,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn token_is_fetched_once_for_all_requests_while_it_lasts() {
    let (registry, server) = servers().await;
    server.answer(TOKEN, 200, json!({"access_token": "t1", "expires_in": 3600}));
    let client = client(&registry, &server);
    let asked = join_all((1..4).map(|id| client.schema_by_id(id))).await;
    for schema in asked {
        assert_eq!(schema.unwrap().text, "\"int\"");
    }
    client.schema_by_id(4).await.unwrap();
    assert_eq!(authorizations(&registry), ["Bearer t1"; 4]);
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    // `shop%3A1:p%40ss%20word`
    let basic = "Basic c2hvcCUzQTE6cCU0MHNzJTIwd29yZA==".to_owned();
    assert_eq!(asked[0].authorization, Some(basic));
    assert_eq!(asked[0].body, "grant_type=client_credentials&scope=registry%2Fread%20all");
}

#[tokio::test]
async fn token_that_has_expired_is_renewed_and_one_without_an_end_is_not() {
    let (registry, server) = servers().await;
    server.answer(TOKEN, 200, json!({"access_token": "t1", "expires_in": 0}));
    server.answer(TOKEN, 200, json!({"access_token": "t2"}));
    let client = client(&registry, &server);
    for id in 1..4 {
        client.schema_by_id(id).await.unwrap();
    }
    assert_eq!(authorizations(&registry), ["Bearer t1", "Bearer t2", "Bearer t2"]);
}

#[tokio::test]
async fn token_that_the_registry_takes_back_is_replaced_once() {
    let (registry, server) = servers().await;
    let refused = || json!({"error_code": 401, "message": "expired"});
    registry.answer("GET /schemas/ids/77", 401, refused());
    registry.answer("GET /schemas/ids/77", 200, json!({"schema": "\"int\""}));
    registry.answer("GET /schemas/ids/78", 401, refused());
    server.answer(TOKEN, 200, json!({"access_token": "t1"}));
    server.answer(TOKEN, 200, json!({"access_token": "t2", "expires_in": u64::MAX}));
    let client = client(&registry, &server);
    client.schema_by_id(77).await.unwrap();
    assert_eq!(authorizations(&registry), ["Bearer t1", "Bearer t2"]);
    let error = registry_error(client.schema_by_id(78).await.unwrap_err());
    assert_eq!((error.status(), error.attempts), (Some(401), 1));
    // The server gives the refused token again, so the call is not repeated.
    assert_eq!((registry.asked().len(), server.asked().len()), (3, 3));
}

#[tokio::test]
async fn token_that_cannot_be_renewed_is_used_to_its_end() {
    let (registry, server) = servers().await;
    tokio::time::pause();
    server.answer(TOKEN, 200, json!({"access_token": "t1", "expires_in": 3600}));
    server.answer(TOKEN, 400, json!({"error": "invalid_client"}));
    let client = client(&registry, &server);
    client.schema_by_id(1).await.unwrap();
    tokio::time::advance(Duration::from_secs(3590)).await;
    client.schema_by_id(2).await.unwrap();
    client.schema_by_id(3).await.unwrap();
    assert_eq!((authorizations(&registry), server.asked().len()), (vec!["Bearer t1".into(); 3], 2));
    tokio::time::advance(Duration::from_secs(11)).await;
    let error = registry_error(client.schema_by_id(4).await.unwrap_err());
    assert!(matches!(error.kind, RegistryErrorKind::NoToken(_)), "{error}");
}

#[tokio::test]
async fn wait_beyond_all_measure_that_a_server_asks_for_ends_the_call() {
    let registry = Stub::start().await;
    let wait = vec![("retry-after", u64::MAX.to_string())];
    let refused = json!({"error_code": 503, "message": "later"});
    registry.answer_with("GET /schemas/ids/1", 503, wait, refused);
    let client = built(RegistryClient::builder(&registry.url));
    let error = registry_error(client.schema_by_id(1).await.unwrap_err());
    assert_eq!((error.status(), error.attempts), (Some(503), 1));
}

#[tokio::test]
async fn refused_credentials_are_told_at_once_and_without_the_secret() {
    let (registry, server) = servers().await;
    let body = json!({"error": "invalid_client", "error_description": "no such program"});
    server.answer(TOKEN, 401, body);
    let error = registry_error(client(&registry, &server).schema_by_id(1).await.unwrap_err());
    let message = format!(
        "authorization server at {}/token: 401 Unauthorized: invalid_client: no such program",
        server.url
    );
    let expected = TokenError { message, is_retriable: false };
    assert_eq!((error.kind, error.attempts), (RegistryErrorKind::NoToken(expected), 1));
    assert_eq!((registry.asked().len(), server.asked().len()), (0, 1));
    assert!(!format!("{:?}", credentials(&server)).contains("p@ss"));
}

#[tokio::test]
async fn authorization_server_that_fails_in_passing_is_asked_again() {
    let (registry, server) = servers().await;
    server.answer(TOKEN, 503, json!({}));
    server.answer(TOKEN, 200, json!({"access_token": "t1", "expires_in": 3600}));
    client(&registry, &server).schema_by_id(1).await.unwrap();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn strange_answer_of_an_authorization_server_shows_no_token() {
    let (registry, server) = servers().await;
    server.answer(TOKEN, 200, json!({"access_token": {"secret": 1}}));
    let error = client(&registry, &server).schema_by_id(1).await.unwrap_err().to_string();
    assert!(error.contains("its answer is not the JSON of a token"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[tokio::test]
async fn kafka_login_is_shown_to_the_registry_and_must_be_there() {
    let (registry, _) = servers().await;
    let mut kafka = ClientConfig::new();
    kafka.set("sasl.mechanism", "PLAIN").set("sasl.username", "me");
    let builder = || RegistryClient::builder(&registry.url).bearer_auth("said before");
    let error = builder().sasl_inherit(&kafka).build().unwrap_err().to_string();
    assert!(error.contains("the Kafka client") && error.contains("`sasl.password`"), "{error}");
    kafka.set("sasl.password", "p@ss");
    let client = built(builder().sasl_inherit(&kafka));
    client.schema_by_id(1).await.unwrap();
    assert_eq!(authorizations(&registry), ["Basic bWU6cEBzcw=="]);
    assert!(!format!("{:?}", builder().sasl_inherit(&kafka)).contains("p@ss"));
}

#[derive(Debug, Default)]
struct Numbered(AtomicUsize);

impl TokenProvider for Numbered {
    fn token(&self) -> BoxFuture<'_, Result<Token, TokenError>> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let lifetime = Some(Duration::ZERO);
        Box::pin(async move { Ok(Token { text: format!("own-{number}"), lifetime }) })
    }
}

#[tokio::test]
async fn program_brings_tokens_of_its_own() {
    let (registry, _) = servers().await;
    let builder = RegistryClient::builder(&registry.url).token_provider(Numbered::default());
    let client = built(builder);
    for id in 1..3 {
        client.schema_by_id(id).await.unwrap();
    }
    assert_eq!(authorizations(&registry), ["Bearer own-0", "Bearer own-1"]);
    let token = Token { text: "secret".to_owned(), lifetime: None };
    assert_eq!(format!("{token:?}"), "Token { lifetime: None, .. }");
}

#[tokio::test]
async fn headers_are_sent_with_every_request() {
    let (registry, _) = servers().await;
    let builder = RegistryClient::builder(&registry.url).bearer_auth("t");
    let builder = builder.logical_cluster("lsrc-1").identity_pool("pool-2").header("X-Team", "a b");
    let client = built(builder);
    for id in 1..3 {
        client.schema_by_id(id).await.unwrap();
    }
    for asked in registry.asked() {
        let names = ["target-sr-cluster", "confluent-identity-pool-id", "x-team"];
        let values = names.map(|name| asked.headers[name].to_str().unwrap().to_owned());
        assert_eq!(values, ["lsrc-1", "pool-2", "a b"]);
        assert_eq!(asked.authorization.as_deref(), Some("Bearer t"));
    }
}

#[tokio::test]
async fn proxy_is_asked_instead_of_the_registry() {
    let (proxy, _) = servers().await;
    let builder = RegistryClient::builder("http://registry.invalid:8081").proxy(&proxy.url);
    assert_eq!(built(builder).schema_by_id(1).await.unwrap().text, "\"int\"");
    assert_eq!(proxy.asked()[0].headers["host"], "registry.invalid:8081");
}

#[test]
fn settings_that_cannot_be_are_refused_when_the_client_is_built() {
    let builder = || RegistryClient::builder("http://localhost:8081");
    let refused = |builder: RegistryClientBuilder| builder.build().unwrap_err().to_string();
    assert!(refused(builder().header("a b", "c")).contains("`a b` cannot be a header"));
    assert!(refused(builder().header("a", "b\n")).contains("`a` cannot be a header: its value"));
    assert!(refused(builder().proxy("://")).contains("`://` cannot be used as a proxy"));
    let credentials = ClientCredentials {
        token_url: "login.example".to_owned(),
        client_id: String::new(),
        client_secret: String::new(),
        scope: None,
    };
    assert!(refused(builder().oauth(credentials)).contains("authorization server must look like"));
}
