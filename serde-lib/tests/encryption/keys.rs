//! Where keys come from, and when there is another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::ready;
use levada_serde::Error;
use levada_serde::client::Call;
use levada_serde::encryption::{Encryption, EncryptionBuilder};
use levada_serde::rules::{DeadLetter, RuleError};
use serde_json::{Value as Json, json};

use crate::contract::{domain, register, rule};
use crate::driver::{Disturbed, gone};
use crate::orders::{
    SCHEMA, ask, encrypt_fields, encrypt_payload, local, order, raw_reader, reader, round_trip,
    secret, writer,
};
use crate::server::start;

const DAY: u64 = 24 * 60 * 60;

/// Encryption whose clock runs ahead by so many seconds.
fn ahead(seconds: &Arc<AtomicU64>) -> EncryptionBuilder {
    let seconds = Arc::clone(seconds);
    let now = move || SystemTime::now() + Duration::from_secs(seconds.load(Ordering::Relaxed));
    Encryption::builder().property("secret", "s").clock(now)
}

#[tokio::test]
async fn the_first_writer_makes_kek_and_dek() {
    let (_folder, _server, client) = start().await;
    encrypt_fields(&client, local(&[])).await;
    round_trip(&client, &secret("s")).await;
    let kek = json!({
        "name": "kek", "kmsType": "local-kms", "kmsKeyId": "any", "kmsProps": {}, "shared": false
    });
    assert_eq!(ask(&client, &["kek"]).await, kek);
    let mut dek = ask(&client, &["kek", "deks", "orders-value"]).await;
    let wrapped = dek["encryptedKeyMaterial"].take();
    assert!(wrapped.as_str().is_some_and(|wrapped| wrapped.len() > 60), "{wrapped}");
    let wanted = json!({
        "kekName": "kek", "subject": "orders-value", "version": 1, "algorithm": "AES256_GCM",
        "encryptedKeyMaterial": null
    });
    assert_eq!(dek, wanted);
}

#[tokio::test]
async fn another_program_with_the_secret_reads_and_one_without_does_not() {
    let (_folder, _server, client) = start().await;
    encrypt_payload(&client, local(&[])).await;
    let bytes = round_trip(&client, &secret("s")).await;
    let other = reader(&client, &secret("s")).await;
    assert_eq!(other.decode_async(&bytes, None).await.unwrap(), order());
    let stranger = reader(&client, &secret("t")).await.decode_async(&bytes, None).await;
    let error = stranger.unwrap_err();
    assert!(!error.is_poison(), "the record is as it must be");
    assert_eq!(
        error.to_string(),
        "rule `secret` (ENCRYPT_PAYLOAD) of subject 'orders-value' failed on READ: KMS \
         `local-kms`, key 'any': it was not wrapped with this key, or was changed since"
    );
}

#[tokio::test]
async fn the_synchronous_reader_says_which_key_it_lacks() {
    let (_folder, _server, client) = start().await;
    encrypt_payload(&client, local(&[])).await;
    let bytes = round_trip(&client, &secret("s")).await;
    let reader = reader(&client, &secret("s")).await;
    let schema = levada_serde::wire_format::SchemaRef::Id(1);
    reader.load(schema).await.unwrap();
    let error = reader.decode(&bytes, None).unwrap_err();
    let Error::Rule(failure) = &error else { panic!("{error}") };
    let RuleError::NotLoaded(missing) = &failure.error else { panic!("{error}") };
    let wanted = "version 1 of the data key of KEK `kek`, subject 'orders-value'";
    assert_eq!(format!("{missing:?}"), wanted);
    missing.load().await.unwrap();
    assert_eq!(reader.decode(&bytes, None).unwrap(), order());
}

#[tokio::test]
async fn a_key_that_has_aged_gets_a_successor_and_stays_readable() {
    let (_folder, _server, client) = start().await;
    encrypt_payload(&client, local(&[("encrypt.dek.expiry.days", "2")])).await;
    let seconds = Arc::new(AtomicU64::new(0));
    let writer = writer(&client, &ahead(&seconds).build()).await.unwrap();
    let mut written = Vec::new();
    for (days, version) in [(0, 1), (1, 1), (3, 2), (4, 2), (6, 3)] {
        seconds.store(days * DAY, Ordering::Relaxed);
        let bytes = writer.encode_async(&order()).await.unwrap();
        assert_eq!(bytes[5..10], [0, 0, 0, 0, version], "after {days} days");
        written.push(bytes);
    }
    let versions = ask(&client, &["kek", "deks", "orders-value", "versions"]).await;
    assert_eq!(versions, json!([1, 2, 3]));
    let reader = reader(&client, &secret("s")).await;
    for bytes in &written {
        assert_eq!(reader.decode_async(bytes, None).await.unwrap(), order());
    }
}

/// A KMS that a test takes away and gives back.
fn removable() -> (Arc<AtomicBool>, Disturbed) {
    let is_away = Arc::new(AtomicBool::new(false));
    let away = Arc::clone(&is_away);
    let driver = Disturbed::new(move |_| {
        ready(if away.load(Ordering::Relaxed) { Err(gone()) } else { Ok(()) }).boxed()
    });
    (is_away, driver)
}

#[tokio::test]
async fn a_key_that_cannot_be_replaced_goes_on_being_used() {
    let (_folder, server, client) = start().await;
    encrypt_payload(&client, local(&[("encrypt.dek.expiry.days", "1")])).await;
    let seconds = Arc::new(AtomicU64::new(0));
    let (is_away, driver) = removable();
    let writer = writer(&client, &ahead(&seconds).driver(driver.clone()).build()).await.unwrap();
    // The KMS neither wraps nor unwraps for a while.
    is_away.store(true, Ordering::Relaxed);
    seconds.store(2 * DAY, Ordering::Relaxed);
    for _ in 0..3 {
        let bytes = writer.encode_async(&order()).await.unwrap();
        assert_eq!(bytes[5..10], [0, 0, 0, 0, 1]);
    }
    assert_eq!(driver.asked.lock().unwrap().len(), 2, "wrapped, failed");
    // After a pause it is tried again.
    is_away.store(false, Ordering::Relaxed);
    seconds.store(2 * DAY + 90, Ordering::Relaxed);
    assert_eq!(writer.encode_async(&order()).await.unwrap()[5..10], [0, 0, 0, 0, 2]);
    // So it is while the registry is away.
    server.shutdown().await.unwrap();
    seconds.store(4 * DAY, Ordering::Relaxed);
    assert_eq!(writer.encode_async(&order()).await.unwrap()[5..10], [0, 0, 0, 0, 2]);
}

#[tokio::test]
async fn program_that_starts_with_an_aged_key_uses_it_while_the_kms_wraps_none() {
    let (_folder, _server, client) = start().await;
    encrypt_payload(&client, local(&[("encrypt.dek.expiry.days", "1")])).await;
    writer(&client, &secret("s")).await.unwrap();
    let calls = AtomicU64::new(0);
    let driver = Disturbed::new(move |_| {
        let is_first = calls.fetch_add(1, Ordering::Relaxed) == 0;
        ready(if is_first { Err(gone()) } else { Ok(()) }).boxed()
    });
    let late = ahead(&Arc::new(AtomicU64::new(2 * DAY))).driver(driver.clone()).build();
    let bytes = writer(&client, &late).await.unwrap().encode(&order()).unwrap();
    assert_eq!(bytes[5..10], [0, 0, 0, 0, 1]);
    assert_eq!(driver.asked.lock().unwrap().len(), 2, "failed, unwrapped");
}

#[tokio::test]
async fn tasks_that_wait_for_one_key_share_the_failure() {
    let (_folder, _server, client) = start().await;
    encrypt_payload(&client, local(&[])).await;
    let bytes = round_trip(&client, &secret("s")).await;
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let driver = Disturbed::new(move |_| {
        let gate = Arc::clone(&opened);
        async move {
            let _permit = gate.acquire().await;
            Err(gone())
        }
        .boxed()
    });
    let reader = reader(&client, &Encryption::builder().driver(driver.clone()).build()).await;
    reader.load(levada_serde::wire_format::SchemaRef::Id(1)).await.unwrap();
    let mut tasks: Vec<_> = (0..8).map(|_| Box::pin(reader.decode_async(&bytes, None))).collect();
    for task in &mut tasks {
        assert!(task.now_or_never().is_none(), "all wait");
    }
    gate.add_permits(8);
    for task in tasks {
        assert!(task.await.unwrap_err().is_retriable());
    }
    assert_eq!(*driver.asked.lock().unwrap(), ["any"]);
}

#[tokio::test]
async fn of_two_writers_that_make_a_key_at_once_both_use_the_one_that_was_first() {
    let (_folder, _server, client) = start().await;
    encrypt_payload(&client, local(&[])).await;
    let rival = client.clone();
    let driver = Disturbed::new(move |_| {
        let rival = rival.clone();
        async move {
            writer(&rival, &secret("s")).await.unwrap();
            Ok(())
        }
        .boxed()
    });
    let late = Encryption::builder().property("secret", "s").driver(driver).build();
    let bytes = writer(&client, &late).await.unwrap().encode(&order()).unwrap();
    let read = reader(&client, &secret("s")).await.decode_async(&bytes, None).await.unwrap();
    assert_eq!(read, order());
    let versions = ask(&client, &["kek", "deks", "orders-value", "versions"]).await;
    assert_eq!(versions, json!([1]));
}

/// Stores a KEK `kek` of the local KMS.
async fn create_kek(client: &levada_serde::RegistryClient, more: Json) {
    let mut kek = json!({"name": "kek", "kmsType": "local-kms", "kmsKeyId": "any"});
    let (Json::Object(members), Json::Object(more)) = (&mut kek, more) else { panic!() };
    members.extend(more);
    let path = &["dek-registry", "v1", "keks"];
    let call = Call::post(path, serde_json::to_vec(&kek).unwrap());
    client.call::<Json>(call).await.unwrap();
}

#[tokio::test]
async fn keys_of_a_shared_kek_come_from_the_registry() {
    for algorithm in ["AES128_GCM", "AES256_GCM", "AES256_SIV"] {
        let (_folder, _server, client) = start().await;
        create_kek(&client, json!({"shared": true, "kmsProps": {"secret": "of the kek"}})).await;
        let more = [("encrypt.dek.algorithm", algorithm), ("encrypt.dek.expiry.days", "1")];
        encrypt_payload(&client, local(&more)).await;
        let away = Disturbed::new(|_| ready(Err(gone())).boxed());
        let seconds = Arc::new(AtomicU64::new(0));
        let encryption = ahead(&seconds).driver(away.clone()).build();
        round_trip(&client, &encryption).await;
        seconds.store(2 * DAY, Ordering::Relaxed);
        let bytes = round_trip(&client, &encryption).await;
        assert_eq!(bytes[5..10], [0, 0, 0, 0, 2], "{algorithm}");
        assert_eq!(*away.asked.lock().unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn alternate_keys_of_the_kms_are_tried_in_order() {
    let (_folder, _server, client) = start().await;
    let props = json!({"encrypt.alternate.kms.key.ids": "other, , third"});
    create_kek(&client, json!({"kmsProps": props})).await;
    encrypt_payload(&client, local(&[])).await;
    let driver =
        Disturbed::new(|key| ready(if key.id == "third" { Ok(()) } else { Err(gone()) }).boxed());
    let encryption = Encryption::builder().property("secret", "s").driver(driver.clone()).build();
    writer(&client, &encryption).await.unwrap();
    assert_eq!(driver.asked.lock().unwrap()[..3], ["any", "other", "third"]);
}

#[tokio::test]
async fn a_rule_and_a_kek_that_contradict_each_other_encrypt_nothing() {
    let (_folder, _server, client) = start().await;
    create_kek(&client, json!({"kmsKeyId": "another"})).await;
    encrypt_payload(&client, local(&[])).await;
    let error = writer(&client, &secret("s")).await.unwrap().encode(&order()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rule `secret` (ENCRYPT_PAYLOAD) of subject 'orders-value' failed on WRITE: the rule is \
         invalid: KEK `kek` has the key id 'another', the rule says 'any'"
    );
}

#[tokio::test]
async fn a_writer_without_its_kms_is_not_built() {
    let (_folder, _server, client) = start().await;
    encrypt_payload(&client, local(&[])).await;
    let driver = Disturbed::new(|_| ready(Err(gone())).boxed());
    let encryption = Encryption::builder().driver(driver).build();
    let error = writer(&client, &encryption).await.unwrap_err();
    assert!(error.is_retriable(), "{error}");
    let text = error.to_string();
    assert!(text.ends_with("KMS `local-kms`, key 'any': not reachable: gone"), "{text}");
}

#[tokio::test]
async fn rule_that_may_fail_on_reading_lets_records_pass_without_its_kms() {
    let (_folder, _server, client) = start().await;
    let more = json!({"tags": ["PII"], "params": local(&[]), "onFailure": "ERROR,NONE"});
    let secrets = domain(&[rule("secret", "ENCRYPT", "", more)]);
    register(&client, "orders-value", "AVRO", SCHEMA, secrets).await;
    let bytes = writer(&client, &secret("s")).await.unwrap().encode(&order()).unwrap();
    let away = Disturbed::new(|_| ready(Err(gone())).boxed());
    let reader = reader(&client, &Encryption::builder().driver(away.clone()).build()).await;
    let encrypted = raw_reader(&client).await.decode_async(&bytes, None).await.unwrap();
    for _ in 0..2 {
        assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), encrypted);
    }
    assert_eq!(*away.asked.lock().unwrap(), ["any"], "not asked again at once");
}

#[tokio::test]
async fn record_whose_key_cannot_be_had_is_set_aside_where_the_rule_says_so() {
    let (_folder, _server, client) = start().await;
    let mut params = local(&[]);
    params["dlq.topic"] = json!("aside");
    let more = json!({"tags": ["PII"], "params": params, "onFailure": "DLQ"});
    let secrets = domain(&[rule("secret", "ENCRYPT", "", more)]);
    register(&client, "orders-value", "AVRO", SCHEMA, secrets).await;
    let (is_away, driver) = removable();
    let ttl = Duration::from_mins(1);
    let encryption = Encryption::builder().property("secret", "s").keys_ttl(ttl).driver(driver);
    let writer = writer(&client, &encryption.build()).await.unwrap();
    is_away.store(true, Ordering::Relaxed);
    tokio::time::pause();
    tokio::time::advance(ttl).await;
    tokio::time::resume();
    let Error::Rule(failure) = writer.encode_async(&order()).await.unwrap_err() else { panic!() };
    let Some(DeadLetter { topic, body: Some(body) }) = failure.dead_letter else {
        panic!("{failure}");
    };
    let hidden = "<REDACTED>";
    let wanted = json!({
        "id": 7, "note": hidden, "seal": hidden, "labels": [hidden, hidden], "open": "seen"
    });
    let body: Json = serde_json::from_slice(&body).unwrap();
    assert_eq!((topic.as_str(), body), ("aside", wanted));
}

#[tokio::test]
async fn a_key_that_the_registry_has_not_is_poison_and_not_asked_for_again_at_once() {
    let (_folder, _server, client) = start().await;
    encrypt_payload(&client, local(&[("encrypt.dek.expiry.days", "1")])).await;
    let encryption = secret("s");
    let mut bytes = round_trip(&client, &encryption).await;
    bytes[9] = 9;
    let reader = reader(&client, &encryption).await;
    for _ in 0..2 {
        let error = reader.decode_async(&bytes, None).await.unwrap_err();
        assert!(error.is_poison(), "{error}");
        let text = error.to_string();
        let wanted = "the registry has no DEK of KEK `kek` for AES256_GCM, subject \
                      'orders-value', version 9";
        assert!(text.ends_with(wanted), "{text}");
    }
}

#[tokio::test]
async fn a_key_older_than_its_time_to_live_is_asked_for_again() {
    let (_folder, _server, client) = start().await;
    encrypt_payload(&client, local(&[])).await;
    let ttl = Duration::from_mins(1);
    let encryption = Encryption::builder().property("secret", "s").keys_ttl(ttl).build();
    let bytes = round_trip(&client, &encryption).await;
    let reader = reader(&client, &encryption).await;
    reader.load(levada_serde::wire_format::SchemaRef::Id(1)).await.unwrap();
    assert_eq!(reader.decode(&bytes, None).unwrap(), order());
    tokio::time::pause();
    tokio::time::advance(ttl).await;
    tokio::time::resume();
    assert!(reader.decode(&bytes, None).unwrap_err().is_retriable());
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), order());
}

#[test]
fn secrets_are_not_shown() {
    let encryption = secret("hidden");
    for shown in [format!("{encryption:?}"), format!("{:?}", encryption.fields())] {
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
