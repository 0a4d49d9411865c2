//! Vault, by a stand-in for its transit engine.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use levada_serde::encryption::Encryption;
use levada_serde::encryption::kms::{KmsDriver, KmsError, KmsKey, Secret, Vault};
use serde_json::{Value, json};

use crate::orders::{encrypt_payload, order, reader, writer};
use crate::server::start;
use crate::stand_in::{Request, StandIn};

const TOKEN: &str = "s.token";

fn routes(stand_in: StandIn) -> Router {
    Router::new()
        .route("/v1/secret/transit/encrypt/k1", post(encrypt))
        .route("/v1/secret/transit/decrypt/k1", post(decrypt))
        .route("/v1/auth/approle/login", post(login))
        .with_state(stand_in)
}

type Answer = (StatusCode, Json<Value>);

async fn encrypt(
    State(stand_in): State<StandIn>,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    note(&stand_in, &uri, &headers, &body);
    let Some(plaintext) = body["plaintext"].as_str() else { return denied("no plaintext") };
    if headers.get("x-vault-token").is_none_or(|token| token != TOKEN) {
        return denied("permission denied");
    }
    let wrapped = stand_in.key.wrap(&STANDARD.decode(plaintext).unwrap()).unwrap();
    let ciphertext = format!("vault:v1:{}", STANDARD.encode(wrapped));
    (StatusCode::OK, Json(json!({"data": {"ciphertext": ciphertext, "key_version": 1}})))
}

async fn decrypt(
    State(stand_in): State<StandIn>,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    note(&stand_in, &uri, &headers, &body);
    let wrapped = body["ciphertext"].as_str().and_then(|text| text.strip_prefix("vault:v1:"));
    let wrapped = wrapped.and_then(|text| STANDARD.decode(text).ok());
    let Some(plaintext) = wrapped.and_then(|wrapped| stand_in.key.unwrap(&wrapped).ok()) else {
        return denied("cipher: message authentication failed");
    };
    (StatusCode::OK, Json(json!({"data": {"plaintext": STANDARD.encode(plaintext)}})))
}

async fn login(
    State(stand_in): State<StandIn>,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    note(&stand_in, &uri, &headers, &body);
    (StatusCode::OK, Json(json!({"auth": {"client_token": TOKEN}})))
}

fn denied(reason: &str) -> Answer {
    (StatusCode::BAD_REQUEST, Json(json!({"errors": [reason]})))
}

fn note(stand_in: &StandIn, uri: &Uri, headers: &HeaderMap, body: &Value) {
    let names = ["x-vault-token", "x-vault-namespace", "x-vault-request"];
    let headers = names.into_iter().filter_map(|name| {
        headers.get(name).map(|value| (name, value.to_str().unwrap().to_owned()))
    });
    let (path, headers, body) = (uri.path().to_owned(), headers.collect(), body.clone());
    stand_in.seen.lock().unwrap().push(Request { path, headers, body });
}

fn key(url: &str, properties: &[(&str, &str)]) -> KmsKey {
    let properties =
        properties.iter().map(|(name, text)| ((*name).to_owned(), Secret::from(*text))).collect();
    KmsKey { id: format!("{url}/secret/transit/keys/k1"), properties }
}

fn sent(path: &str, headers: &[(&'static str, &str)], body: Value) -> Request {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Request { path: path.to_owned(), headers, body }
}

#[tokio::test]
async fn vault_is_sent_the_key_under_its_mount_with_token_and_namespace() {
    let (stand_in, url) = StandIn::start(routes).await;
    let key = key(&url, &[("token.id", TOKEN), ("namespace", "team")]);
    let wrapped = Vault.wrap(&key, b"raw").await.unwrap();
    assert!(wrapped.starts_with(b"vault:v1:"));
    assert_eq!(*Vault.unwrap(&key, &wrapped).await.unwrap(), b"raw");
    let headers =
        [("x-vault-token", TOKEN), ("x-vault-namespace", "team"), ("x-vault-request", "true")];
    let text = String::from_utf8(wrapped).unwrap();
    let wanted = [
        sent(
            "/v1/secret/transit/encrypt/k1",
            &headers,
            json!({"plaintext": STANDARD.encode("raw"), "context": ""}),
        ),
        sent("/v1/secret/transit/decrypt/k1", &headers, json!({"ciphertext": text, "context": ""})),
    ];
    assert_eq!(stand_in.take(), wanted);
}

#[tokio::test]
async fn a_role_gets_its_token_by_a_login() {
    let (stand_in, url) = StandIn::start(routes).await;
    let role = [("approle.role.id", "r"), ("approle.secret.id", "s"), ("token.id", "other")];
    Vault.wrap(&key(&url, &role), b"raw").await.unwrap();
    let seen = stand_in.take();
    let login = json!({"role_id": "r", "secret_id": "s"});
    assert_eq!(seen[0], sent("/v1/auth/approle/login", &[("x-vault-request", "true")], login));
    assert_eq!(seen[1].headers[0], ("x-vault-token", TOKEN.to_owned()));
}

#[tokio::test]
async fn what_vault_refuses_is_said_in_its_words() {
    let (_stand_in, url) = StandIn::start(routes).await;
    let refused = Vault.wrap(&key(&url, &[("token.id", "wrong")]), b"raw").await;
    let denied = |message: &str| KmsError::Refused { status: 400, message: message.to_owned() };
    assert_eq!(refused, Err(denied("permission denied")));
    let key = key(&url, &[("token.id", TOKEN)]);
    let foreign = Vault.unwrap(&key, b"vault:v1:AAAA").await.unwrap_err();
    assert_eq!(foreign, denied("cipher: message authentication failed"));
    assert_eq!(Vault.unwrap(&key, b"\xff").await, Err(KmsError::Foreign));
    let elsewhere = KmsKey { id: format!("{url}/transit/keys/k2"), ..key };
    let missing = Vault.wrap(&elsewhere, b"raw").await.unwrap_err();
    assert!(matches!(missing, KmsError::Refused { status: 404, .. }), "{missing}");
}

#[tokio::test]
async fn messages_are_encrypted_with_keys_that_vault_wraps() {
    let (_folder, _server, client) = start().await;
    let (stand_in, url) = StandIn::start(routes).await;
    let params = json!({
        "encrypt.kek.name": "kek",
        "encrypt.kms.type": "hcvault",
        "encrypt.kms.key.id": format!("{url}/secret/transit/keys/k1"),
    });
    encrypt_payload(&client, params).await;
    let encryption = || Encryption::builder().property("token.id", TOKEN).build();
    let bytes = writer(&client, &encryption()).await.unwrap().encode(&order()).unwrap();
    let read = reader(&client, &encryption()).await.decode_async(&bytes, None).await.unwrap();
    assert_eq!(read, order());
    let paths: Vec<_> = stand_in.take().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/v1/secret/transit/encrypt/k1", "/v1/secret/transit/decrypt/k1"]);
}
