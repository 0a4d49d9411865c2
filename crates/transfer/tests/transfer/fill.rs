//! A registry with one of every kind of thing.

use serde_json::{Value, json};

use crate::server::Server;

/// What a registry holds after [`fill`].
pub(crate) const VERSIONS: u64 = 23;
pub(crate) const CONFIGS: u64 = 7;
pub(crate) const MODES: u64 = 3;
pub(crate) const KEKS: u64 = 3;
pub(crate) const DEKS: u64 = 7;

/// A record of one field, which is another record for each name and field.
pub(crate) fn record(name: &str, field: &str) -> Value {
    let schema = json!({
        "type": "record", "name": name,
        "fields": [{"name": field, "type": "string", "default": ""}],
    });
    json!({"schema": schema.to_string()})
}

pub(crate) async fn fill(server: &Server) {
    references(server).await;
    deletions(server).await;
    contracts(server).await;
    keys(server).await;
    settings(server).await;
}

/// References of all formats, within a context and across, to names that sort behind.
async fn references(server: &Server) {
    let to = |name: &str, subject: &str| json!([{"name": name, "subject": subject, "version": 1}]);
    for context in ["", ":.eu:"] {
        server.register(&format!("{context}z-target"), record("Target", "a")).await;
        let schema = r#"{"type":"record","name":"R","fields":[{"name":"t","type":"Target"}]}"#;
        let body = json!({"schema": schema, "references": to("Target", "z-target")});
        server.register(&format!("{context}a-refers"), body).await;
    }
    let schema = r#"{"type":"record","name":"X","fields":[{"name":"t","type":"Target"}]}"#;
    let body = json!({"schema": schema, "references": to("Target", ":.eu:z-target")});
    server.register(":.us:across", body).await;

    let proto = |text: &str| format!("syntax = \"proto3\";\n{text}");
    let target = json!({"schemaType": "PROTOBUF", "schema": proto("message T { int32 a = 1; }")});
    server.register("z.proto", target).await;
    let text = proto("import \"z.proto\";\nmessage A { T t = 1; }");
    let references = to("z.proto", "z.proto");
    let body = json!({"schemaType": "PROTOBUF", "schema": text, "references": references});
    server.register("a.proto", body).await;

    let target = json!({"schemaType": "JSON", "schema": r#"{"type":"string","maxLength":9}"#});
    server.register("z-json", target).await;
    let text = r#"{"type":"object","properties":{"z":{"$ref":"z.json"}}}"#;
    let body = json!({"schemaType": "JSON", "schema": text, "references": to("z.json", "z-json")});
    server.register("a-json", body).await;
}

/// Soft-deleted versions and subjects, numbers and ids that are gone, and names of all kinds.
async fn deletions(server: &Server) {
    for field in ["a", "b", "c", "d"] {
        server.register("plain", record("Plain", field)).await;
    }
    server.make("DELETE /subjects/plain/versions/2", Value::Null).await;
    server.make("DELETE /subjects/plain/versions/3", Value::Null).await;
    server.make("DELETE /subjects/plain/versions/3?permanent=true", Value::Null).await;
    server.register("also-plain", record("Plain", "a")).await;
    for subject in ["a%2Fb%20c%25", "%C3%BC", ":.us:gone"] {
        server.register(subject, record("Named", "a")).await;
    }
    server.make("DELETE /subjects/:.us:gone", Value::Null).await;
    // A chain of deleted ones, whose order matters.
    server.register("chain-a", record("A", "a")).await;
    let refers = |name: &str, target: &str, subject: &str| {
        let schema = format!(
            r#"{{"type":"record","name":"{name}","fields":[{{"name":"t","type":"{target}"}}]}}"#
        );
        json!({"schema": schema,
               "references": [{"name": target, "subject": subject, "version": 1}]})
    };
    server.register("chain-b", refers("B", "A", "chain-a")).await;
    server.register("chain-0", refers("C", "B", "chain-b")).await;
    for subject in ["chain-0", "chain-b", "chain-a"] {
        server.make(&format!("DELETE /subjects/{subject}"), Value::Null).await;
    }
}

/// Metadata, rules and tags, also as a config gives them.
async fn contracts(server: &Server) {
    let rule = json!({"name": "r", "type": "CEL", "kind": "CONDITION", "mode": "WRITE",
                      "expr": "true", "tags": ["PII"], "params": {"a": "b"}});
    let mut body = record("Contract", "a");
    body["metadata"] = json!({"tags": {"Contract.a": ["PII"]}, "properties": {"owner": "us"},
                              "sensitive": ["owner"]});
    body["ruleSet"] = json!({"domainRules": [rule]});
    server.register("contract-value", body).await;
    let config = json!({
        "compatibility": "NONE", "validateFields": true,
        "defaultMetadata": {"properties": {"team": "a"}},
        "overrideMetadata": {"properties": {"zone": "b"}},
        "overrideRuleSet": {"migrationRules": [
            {"name": "up", "type": "JSONATA", "kind": "TRANSFORM", "mode": "UPGRADE", "expr": "$"}
        ]},
    });
    server.make("PUT /config/contract-value", config).await;
    server.register("contract-value", record("Contract", "b")).await;
    let tags = json!({"tagsToAdd": [{
        "schemaEntity": {"entityPath": "Contract.b", "entityType": "sr_field"}, "tags": ["T"],
    }]});
    server.make("POST /subjects/contract-value/versions/latest/tags", tags).await;
}

/// KEKs with and without the right to use the KMS, and DEKs of every algorithm.
async fn keys(server: &Server) {
    const KEKS: &str = "POST /dek-registry/v1/keks";
    let kek = json!({"name": "plain", "kmsType": "aws-kms", "kmsKeyId": "arn:aws:kms:k",
                     "kmsProps": {"region": "eu"}, "doc": "for cards"});
    server.make(KEKS, kek).await;
    let kek = json!({"name": "shared", "kmsType": "local-kms", "kmsKeyId": "k", "shared": true,
                     "kmsProps": {"secret": "of the test"}});
    server.make(KEKS, kek).await;
    let kek = json!({"name": "gone", "kmsType": "hcvault", "kmsKeyId": "https://vault/k"});
    server.make(KEKS, kek).await;
    for (kek, subject, algorithm, version) in [
        ("plain", "plain", "AES128_GCM", 1),
        ("plain", "plain", "AES256_GCM", 1),
        ("plain", "plain", "AES256_GCM", 2),
        ("plain", "plain", "AES256_SIV", 7),
        ("plain", ":.eu:z-target", "AES256_GCM", 1),
        ("gone", "plain", "AES256_GCM", 1),
    ] {
        let material = format!("{kek}-{subject}-{algorithm}-{version}");
        let dek = json!({"subject": subject, "algorithm": algorithm, "version": version,
                         "encryptedKeyMaterial": material});
        server.make(&format!("{KEKS}/{kek}/deks"), dek).await;
    }
    // The registry makes and wraps this one itself.
    server.make(&format!("{KEKS}/shared/deks"), json!({"subject": ":.eu:z-target"})).await;
    let path = "DELETE /dek-registry/v1/keks/plain/deks/plain/versions/2?algorithm=AES256_GCM";
    server.make(path, Value::Null).await;
    server.make("DELETE /dek-registry/v1/keks/gone/deks/plain", Value::Null).await;
    server.make("DELETE /dek-registry/v1/keks/gone", Value::Null).await;
}

/// Configs and modes on every level, and aliases: of a name, and of a subject with versions.
async fn settings(server: &Server) {
    server.register("hidden", record("Hidden", "a")).await;
    for (scope, config) in [
        ("/:.__GLOBAL:", json!({"compatibility": "FORWARD"})),
        ("", json!({"compatibility": "FULL", "normalize": true})),
        ("/:.eu:", json!({"compatibility": "BACKWARD_TRANSITIVE"})),
        ("/:.eu:z-target", json!({"compatibilityGroup": "g", "validateRules": false})),
        ("/nickname", json!({"alias": "plain"})),
        ("/hidden", json!({"alias": "also-plain"})),
    ] {
        server.make(&format!("PUT /config{scope}"), config).await;
    }
    for (scope, mode) in
        [("contract-value", "READONLY"), (":.eu:", "READONLY"), ("plain", "READWRITE")]
    {
        server.make(&format!("PUT /mode/{scope}"), json!({"mode": mode})).await;
    }
}
