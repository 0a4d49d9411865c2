//! AWS KMS, by a stand-in that checks signatures as AWS describes them (Signature Version 4).

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use levada_serde::encryption::Encryption;
use levada_serde::encryption::kms::{AwsKms, KmsDriver, KmsError, KmsKey, Secret};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::orders::{encrypt_payload, order, reader, writer};
use crate::server::start;
use crate::stand_in::{Request, StandIn};

const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";
const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn routes(stand_in: StandIn) -> Router {
    Router::new().route("/", post(answer)).with_state(stand_in)
}

async fn answer(
    State(stand_in): State<StandIn>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let target = header("x-amz-target");
    let refused = |kind: &str, message: &str| {
        (StatusCode::BAD_REQUEST, Json(json!({"__type": kind, "message": message})))
    };
    if header("authorization") != authorization(&headers, &body) {
        return refused("InvalidSignatureException", "The signature does not match");
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let kept = vec![("x-amz-target", target.clone()), ("content-type", header("content-type"))];
    let request = Request { path: "/".to_owned(), headers: kept, body: body.clone() };
    stand_in.seen.lock().unwrap().push(request);
    let bytes = |name: &str| STANDARD.decode(body[name].as_str().unwrap()).unwrap();
    let answer = match target.as_str() {
        "TrentService.Encrypt" => {
            let blob = stand_in.key.wrap(&bytes("Plaintext")).unwrap();
            json!({"CiphertextBlob": STANDARD.encode(blob), "KeyId": ARN})
        }
        "TrentService.Decrypt" => match stand_in.key.unwrap(&bytes("CiphertextBlob")) {
            Ok(plaintext) => json!({"Plaintext": STANDARD.encode(plaintext), "KeyId": ARN}),
            Err(_) => return refused("com.amazonaws.kms#InvalidCiphertextException", ""),
        },
        _ => return refused("UnknownOperationException", ""),
    };
    (StatusCode::OK, Json(answer))
}

/// The header that belongs to a request, by the description of Signature Version 4.
fn authorization(headers: &HeaderMap, body: &[u8]) -> String {
    let header = |name: &str| headers[name].to_str().unwrap();
    let time = header("x-amz-date");
    let mut names = vec!["content-type", "host", "x-amz-date", "x-amz-target"];
    if headers.contains_key("x-amz-security-token") {
        names.insert(3, "x-amz-security-token");
    }
    let lines = names.iter().flat_map(|name| [name, ":", header(name), "\n"]).collect::<String>();
    let names = names.join(";");
    let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", hex(&Sha256::digest(body)));
    let scope = format!("{}/eu-west-1/kms/aws4_request", &time[..8]);
    let hash = hex(&Sha256::digest(canonical));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}");
    let first = format!("AWS4{SECRET}").into_bytes();
    let key = [&time[..8], "eu-west-1", "kms", "aws4_request", &text].into_iter().fold(
        first,
        |key, text| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        },
    );
    format!(
        "AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={names}, Signature={}",
        hex(&key)
    )
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn key(properties: &[(&str, &str)]) -> KmsKey {
    let properties =
        properties.iter().map(|(name, text)| ((*name).to_owned(), Secret::from(*text))).collect();
    KmsKey { id: ARN.to_owned(), properties }
}

#[tokio::test]
async fn aws_is_sent_a_signed_request_for_the_key() {
    let (stand_in, url) = StandIn::start(routes).await;
    let aws = AwsKms::at(url);
    let key = key(&[("access.key.id", KEY_ID), ("secret.access.key", SECRET)]);
    let wrapped = aws.wrap(&key, b"raw").await.unwrap();
    assert_eq!(*aws.unwrap(&key, &wrapped).await.unwrap(), b"raw");
    let sent = |action: &str, name: &str, bytes: &[u8]| Request {
        path: "/".to_owned(),
        headers: vec![
            ("x-amz-target", format!("TrentService.{action}")),
            ("content-type", "application/x-amz-json-1.1".to_owned()),
        ],
        body: json!({"KeyId": ARN, name: STANDARD.encode(bytes), "EncryptionContext": {}}),
    };
    let wanted =
        [sent("Encrypt", "Plaintext", b"raw"), sent("Decrypt", "CiphertextBlob", &wrapped)];
    assert_eq!(stand_in.take(), wanted);
}

#[tokio::test]
async fn what_aws_refuses_is_said_in_its_words() {
    let (_stand_in, url) = StandIn::start(routes).await;
    let aws = AwsKms::at(url);
    let stranger = key(&[("access.key.id", KEY_ID), ("secret.access.key", "wrong")]);
    let refused = |message: &str| KmsError::Refused { status: 400, message: message.to_owned() };
    let wanted = "InvalidSignatureException: The signature does not match";
    assert_eq!(aws.wrap(&stranger, b"raw").await, Err(refused(wanted)));
    let known = key(&[("access.key.id", KEY_ID), ("secret.access.key", SECRET)]);
    let foreign = aws.unwrap(&known, b"foreign").await;
    assert_eq!(foreign, Err(refused("InvalidCiphertextException")));
}

#[tokio::test]
async fn messages_are_encrypted_with_keys_that_aws_wraps() {
    let (_folder, _server, client) = start().await;
    let (stand_in, url) = StandIn::start(routes).await;
    let params = json!({
        "encrypt.kek.name": "kek", "encrypt.kms.type": "aws-kms", "encrypt.kms.key.id": ARN
    });
    encrypt_payload(&client, params).await;
    let encryption = || {
        let builder = Encryption::builder().driver(AwsKms::at(url.clone()));
        builder.property("access.key.id", KEY_ID).property("secret.access.key", SECRET).build()
    };
    let bytes = writer(&client, &encryption()).await.unwrap().encode(&order()).unwrap();
    let read = reader(&client, &encryption()).await.decode_async(&bytes, None).await.unwrap();
    assert_eq!(read, order());
    assert_eq!(stand_in.take().len(), 2, "one key wrapped, and unwrapped by the reader");
}
