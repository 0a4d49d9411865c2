//! What becomes of the values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use levada_serde::Error;
use levada_serde::rules::RuleError;
use serde_json::json;

use crate::contract::{domain, register, rule};
use crate::orders::{
    Order, SCHEMA, encrypt_fields, encrypt_payload, local, order, raw_reader, reader, round_trip,
    secret, writer,
};
use crate::server::start;

#[tokio::test]
async fn tagged_strings_and_bytes_are_encrypted_and_nothing_else() {
    let (_folder, _server, client) = start().await;
    encrypt_fields(&client, local(&[])).await;
    let bytes = round_trip(&client, &secret("s")).await;
    let raw = raw_reader(&client).await.decode_async(&bytes, None).await.unwrap();
    let Order { id, note, seal, labels, open } = raw;
    assert_eq!((id, open.as_str()), (7, "seen"));
    // A nonce of 12 bytes, the text, a tag of 16 bytes.
    let note = STANDARD.decode(note.unwrap()).unwrap();
    let labels: Vec<_> = labels.iter().map(|label| STANDARD.decode(label).unwrap().len()).collect();
    assert_eq!((note.len(), seal.len(), labels), (2 + 28, 2 + 28, vec![1 + 28, 28]));
}

#[tokio::test]
async fn null_stays_null() {
    let (_folder, _server, client) = start().await;
    encrypt_fields(&client, local(&[])).await;
    let empty = Order { note: None, labels: Vec::new(), ..order() };
    let encryption = secret("s");
    let bytes = writer(&client, &encryption).await.unwrap().encode(&empty).unwrap();
    let raw = raw_reader(&client).await.decode_async(&bytes, None).await.unwrap();
    assert_eq!((raw.note, raw.labels), (None, Vec::new()));
    let read = reader(&client, &encryption).await.decode_async(&bytes, None).await.unwrap();
    assert_eq!(read, empty);
}

#[tokio::test]
async fn bodies_are_encrypted_behind_their_schema_id() {
    for algorithm in ["AES128_GCM", "AES256_GCM", "AES256_SIV"] {
        let (_folder, _server, client) = start().await;
        encrypt_payload(&client, local(&[("encrypt.dek.algorithm", algorithm)])).await;
        let bytes = round_trip(&client, &secret("s")).await;
        assert_eq!(bytes[..5], [0, 0, 0, 0, 1], "{algorithm}");
        assert!(!bytes.windows(4).any(|window| window == b"seen"), "{algorithm}");
    }
}

#[tokio::test]
async fn only_siv_gives_equal_ciphertexts_for_equal_values() {
    for (algorithm, is_equal) in [("AES256_SIV", true), ("AES256_GCM", false)] {
        let (_folder, _server, client) = start().await;
        encrypt_fields(&client, local(&[("encrypt.dek.algorithm", algorithm)])).await;
        let writer = writer(&client, &secret("s")).await.unwrap();
        let (one, other) = (writer.encode(&order()).unwrap(), writer.encode(&order()).unwrap());
        assert_eq!(one == other, is_equal, "{algorithm}");
    }
}

#[tokio::test]
async fn parameters_may_stand_in_the_metadata() {
    let (_folder, _server, client) = start().await;
    let mut contract = domain(&[rule("secret", "ENCRYPT", "", json!({"tags": ["PII"]}))]);
    contract["metadata"] = json!({"properties": local(&[])});
    register(&client, "orders-value", "AVRO", SCHEMA, contract).await;
    round_trip(&client, &secret("s")).await;
}

#[tokio::test]
async fn values_of_other_types_are_refused_by_name() {
    let (_folder, _server, client) = start().await;
    let more = json!({"tags": ["NUMBER"], "params": local(&[])});
    let contract = domain(&[rule("secret", "ENCRYPT", "", more)]);
    register(&client, "orders-value", "AVRO", SCHEMA, contract).await;
    let error = writer(&client, &secret("s")).await.unwrap().encode(&order()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rule `secret` (ENCRYPT) of subject 'orders-value' failed on WRITE: field \
         `shop.Order.id`: a value of type INT cannot be encrypted, only strings and bytes can"
    );
}

#[tokio::test]
async fn what_was_changed_or_never_encrypted_is_poison() {
    let (_folder, _server, client) = start().await;
    encrypt_payload(&client, local(&[])).await;
    let encryption = secret("s");
    let bytes = round_trip(&client, &encryption).await;
    let reader = reader(&client, &encryption).await;
    let mut changed = bytes.clone();
    *changed.last_mut().unwrap() ^= 1;
    for foreign in [&changed[..], &bytes[..5], &bytes[..20]] {
        let error = reader.decode_async(foreign, None).await.unwrap_err();
        assert!(error.is_poison() && !error.is_retriable(), "{error}");
        let Error::Rule(failure) = error else { panic!("{error}") };
        let RuleError::Failed(text) = failure.error else { panic!("{failure}") };
        let wanted = "it cannot be decrypted: it was not encrypted with this key, or was changed \
                      since";
        assert_eq!(text, wanted);
    }
}

#[tokio::test]
async fn a_condition_that_encrypts_is_refused() {
    let (_folder, _server, client) = start().await;
    let more = json!({"tags": ["PII"], "params": local(&[]), "kind": "CONDITION"});
    let contract = domain(&[rule("secret", "ENCRYPT", "", more)]);
    register(&client, "orders-value", "AVRO", SCHEMA, contract).await;
    let error = writer(&client, &secret("s")).await.unwrap().encode(&order()).unwrap_err();
    assert!(error.to_string().ends_with("its kind must be TRANSFORM"), "{error}");
}
