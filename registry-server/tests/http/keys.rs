//! The DEK registry, as it comes and goes over the wire.

use super::*;

const KEKS: &str = "/dek-registry/v1/keks";

/// The document without its time, which must be there.
async fn timeless(request: RequestBuilder) -> Value {
    let (status, mut body) = answer(request).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.as_object_mut().unwrap().remove("ts").unwrap().as_i64().is_some());
    body
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn keks_show_what_they_have() {
    let server = Server::start().await;
    let body = json!({"name": "k", "kmsType": "AWS", "kmsKeyId": "id", "unknown": 1});
    let shown = json!({"name": "k", "kmsType": "aws-kms", "kmsKeyId": "id", "kmsProps": {},
        "shared": false});
    assert_eq!(timeless(server.post(KEKS, &body)).await, shown);
    let path = format!("{KEKS}/k");
    assert_eq!(timeless(server.get(&path)).await, shown);
    assert_eq!(answer(server.get(KEKS)).await, (200, json!(["k"])));
    let update = json!({"kmsProps": {"b": "2", "a": "1"}, "doc": "d", "kmsKeyId": "ignored"});
    let updated = json!({"name": "k", "kmsType": "aws-kms", "kmsKeyId": "id",
        "kmsProps": {"a": "1", "b": "2"}, "doc": "d", "shared": false});
    let put = |body: &Value| server.request(Method::PUT, &path).json(body);
    assert_eq!(timeless(put(&update)).await, updated);
    assert_eq!(timeless(put(&json!({"doc": null, "kmsProps": null}))).await, shown);
    assert_eq!(status(server.request(Method::DELETE, &path)).await, 204);
    let deleted = timeless(server.get(&format!("{path}?deleted=true"))).await;
    assert_eq!(deleted["deleted"], true);
    assert_eq!(error_code(server.get(&path)).await, (404, 40470));
    assert_eq!(status(server.request(Method::POST, &format!("{path}/undelete"))).await, 204);
    let test = server.request(Method::POST, &format!("{path}/test"));
    assert_eq!(error_code(test).await, (422, 42271));
    server.stop().await;
}

#[tokio::test]
async fn deks_are_made_under_either_path_and_read_by_version() {
    let server = Server::start().await;
    let kek = json!({"name": "k", "kmsType": "t", "kmsKeyId": "id"});
    assert_eq!(answer(server.post(KEKS, &kek)).await.0, 200);
    let deks = format!("{KEKS}/k/deks");
    let shown = |subject: &str, version: i64, material: &str| {
        json!({"kekName": "k", "subject": subject, "version": version,
            "algorithm": "AES256_GCM", "encryptedKeyMaterial": material})
    };
    let old = json!({"subject": "s", "encryptedKeyMaterial": "bQ=="});
    assert_eq!(timeless(server.post(&deks, &old)).await, shown("s", 1, "bQ=="));
    let in_path = json!({"subject": "ignored", "version": 3, "encryptedKeyMaterial": "bg=="});
    let below = format!("{deks}/s");
    assert_eq!(timeless(server.post(&below, &in_path)).await, shown("s", 3, "bg=="));
    assert_eq!(timeless(server.get(&below)).await, shown("s", 1, "bQ=="));
    let latest = server.get(&format!("{below}/versions/latest"));
    assert_eq!(timeless(latest).await, shown("s", 3, "bg=="));
    assert_eq!(answer(server.get(&format!("{below}/versions"))).await, (200, json!([1, 3])));
    let siv = server.get(&format!("{below}/versions?algorithm=AES256_SIV"));
    assert_eq!(answer(siv).await, (200, json!([])));
    let unknown = server.get(&format!("{below}/versions?algorithm=none"));
    assert_eq!(error_code(unknown).await, (404, 404));
    assert_eq!(error_code(server.get(&format!("{below}/versions/0"))).await, (422, 42202));
    let wrong = json!({"algorithm": "none", "encryptedKeyMaterial": "bQ=="});
    assert_eq!(error_code(server.post(&below, &wrong)).await, (400, 400));
    let inside = format!("/contexts/.c{deks}/s");
    assert_eq!(timeless(server.post(&inside, &old)).await, shown(":.c:s", 1, "bQ=="));
    assert_eq!(answer(server.get(&deks)).await, (200, json!([":.c:s", "s"])));
    for _ in 0..2 {
        assert_eq!(status(server.request(Method::DELETE, &below)).await, 204);
    }
    assert_eq!(error_code(server.get(&below)).await, (404, 40470));
    assert_eq!(status(server.request(Method::POST, &format!("{below}/undelete"))).await, 204);
    assert_eq!(timeless(server.get(&below)).await, shown("s", 1, "bQ=="));
    server.stop().await;
}

#[tokio::test]
async fn a_secret_in_the_settings_serves_shared_keks() {
    let directory = TempDir::new().unwrap();
    let mut settings = Settings::new(directory.path().join("registry.db"), "127.0.0.1:0");
    settings.local_kms_secret = Some("secret".into());
    let running = start(settings).await.unwrap();
    let server = Server { running, client: http_client(), directory };
    let kek = json!({"name": "k", "kmsType": "local-kms", "kmsKeyId": "id", "shared": true});
    let created = server.post(&format!("{KEKS}?testSharing=true"), &kek);
    assert_eq!(answer(created).await.0, 200);
    let made = timeless(server.post(&format!("{KEKS}/k/deks/s"), &json!({}))).await;
    assert!(made["keyMaterial"].is_string() && made["encryptedKeyMaterial"].is_string());
    assert_eq!(timeless(server.get(&format!("{KEKS}/k/deks/s"))).await, made);
    let unknown = json!({"name": "n", "kmsType": "no-such", "kmsKeyId": "id", "shared": true});
    assert_eq!(answer(server.post(KEKS, &unknown)).await.0, 200);
    let failed = server.post(&format!("{KEKS}/n/deks/s"), &json!({}));
    assert_eq!(error_code(failed).await, (500, 50070));
    server.stop().await;
}

#[tokio::test]
async fn dek_subjects_follow_the_alias_for_deks_first() {
    let server = Server::start().await;
    let kek = json!({"name": "k", "kmsType": "t", "kmsKeyId": "id"});
    answer(server.post(KEKS, &kek)).await;
    let dek = json!({"encryptedKeyMaterial": "bQ=="});
    for (config, subject) in [(json!({"alias": "a"}), "a"), (json!({"aliasForDeks": "d"}), "d")] {
        answer(server.request(Method::PUT, "/config/s").json(&config)).await;
        let made = timeless(server.post(&format!("{KEKS}/k/deks/s"), &dek)).await;
        assert_eq!(made["subject"], subject);
    }
    server.stop().await;
}
