//! Each kind of difference is named.

use serde_json::{Value, json};

use crate::fill::{fill, record};
use crate::server::Server;
use crate::{bring, compared, source};

/// A change, or several, after which source and target differ.
struct Case {
    at_target: bool,
    changes: Vec<(&'static str, Value)>,
    told: Vec<&'static str>,
}

fn at_target(changes: Vec<(&'static str, Value)>, told: Vec<&'static str>) -> Case {
    Case { at_target: true, changes, told }
}

fn at_source(changes: Vec<(&'static str, Value)>, told: Vec<&'static str>) -> Case {
    Case { at_target: false, changes, told }
}

fn of_schemas() -> Vec<Case> {
    vec![
        at_target(
            vec![("POST /subjects/extra/versions", record("Extra", "a"))],
            vec!["subject extra version 1 is at the target alone"],
        ),
        at_source(
            vec![("POST /subjects/:.us:extra/versions", record("Extra", "a"))],
            vec!["subject :.us:extra version 1 is at the source alone"],
        ),
        at_target(
            vec![("DELETE /subjects/plain/versions/4", Value::Null)],
            vec!["subject plain version 4: deleted is false at the source and true at the target"],
        ),
        at_target(
            vec![
                ("DELETE /subjects/a-json", Value::Null),
                ("DELETE /subjects/a-json?permanent=true", Value::Null),
            ],
            vec!["subject a-json version 1 is at the source alone"],
        ),
        // The same number with another id, guid and schema.
        at_target(
            vec![
                ("DELETE /subjects/plain/versions/4", Value::Null),
                ("DELETE /subjects/plain/versions/4?permanent=true", Value::Null),
                ("DELETE /subjects/plain/versions/2?permanent=true", Value::Null),
                ("PUT /mode/plain?force=true", json!({"mode": "IMPORT"})),
                (
                    "POST /subjects/plain/versions",
                    json!({"schema": "\"int\"", "id": 900, "version": 4,
                           "metadata": {"properties": {"a": "b"}}}),
                ),
                ("PUT /mode/plain", json!({"mode": "READWRITE"})),
            ],
            vec![
                "subject plain version 2 is at the source alone",
                "subject plain version 4: guid is \"",
                "subject plain version 4: id is 10 at the source and 900 at the target",
                "subject plain version 4: metadata is not set at the source and \
                 {\"properties\":{\"a\":\"b\"}} at the target",
                "subject plain version 4: schema is \"",
            ],
        ),
    ]
}

fn of_settings() -> Vec<Case> {
    vec![
        at_target(
            vec![("PUT /config", json!({"compatibility": "NONE", "normalize": null}))],
            vec![
                "config of :.:: compatibilityLevel is \"FULL\" at the source and \"NONE\" at the \
                 target",
                "config of :.:: normalize is true at the source and not set at the target",
            ],
        ),
        at_target(
            vec![
                ("DELETE /mode/:.eu:", Value::Null),
                ("DELETE /config/:.eu:z-target", Value::Null),
            ],
            vec![
                "config of :.eu:z-target is at the source alone",
                "mode of :.eu: is at the source alone",
            ],
        ),
        at_target(
            vec![("PUT /config/also-plain", json!({"compatibility": "FULL"}))],
            vec!["config of also-plain is at the target alone"],
        ),
        at_target(
            vec![("DELETE /config/nickname", Value::Null)],
            vec!["config of nickname is at the source alone"],
        ),
        at_target(
            vec![("DELETE /config/:.__GLOBAL:", Value::Null)],
            vec!["config of :.__GLOBAL: is at the source alone"],
        ),
        at_target(
            vec![("PUT /mode/plain", json!({"mode": "READONLY"}))],
            vec![
                "mode of plain: mode is \"READWRITE\" at the source and \"READONLY\" at the target",
            ],
        ),
        at_target(
            vec![("PUT /mode", json!({"mode": "READONLY"}))],
            vec!["mode of :.: is at the target alone"],
        ),
    ]
}

fn of_keys() -> Vec<Case> {
    vec![
        at_target(
            vec![("PUT /dek-registry/v1/keks/plain", json!({"doc": "x", "kmsProps": {"a": "b"}}))],
            vec![
                "KEK plain: doc is \"for cards\" at the source and \"x\" at the target",
                "KEK plain: kmsProps differs",
            ],
        ),
        at_source(
            vec![("POST /dek-registry/v1/keks/gone/undelete", Value::Null)],
            vec!["KEK gone: deleted is false at the source and true at the target"],
        ),
        at_target(
            vec![(
                "POST /dek-registry/v1/keks",
                json!({"name": "extra", "kmsType": "t", "kmsKeyId": "k"}),
            )],
            vec!["KEK extra is at the target alone"],
        ),
        at_target(
            vec![("DELETE /dek-registry/v1/keks/plain/deks/:.eu:z-target", Value::Null)],
            vec![
                "DEK plain :.eu:z-target AES256_GCM version 1: deleted is false at the source and \
                 true at the target",
            ],
        ),
        at_target(
            vec![(
                "POST /dek-registry/v1/keks/plain/deks?rewrap=true",
                json!({"subject": "plain", "algorithm": "AES256_SIV", "version": 7,
                       "encryptedKeyMaterial": "other"}),
            )],
            vec!["DEK plain plain AES256_SIV version 7: encryptedKeyMaterial differs"],
        ),
        at_target(
            vec![(
                "POST /dek-registry/v1/keks/plain/deks",
                json!({"subject": "plain", "version": 3, "encryptedKeyMaterial": "m"}),
            )],
            vec!["DEK plain plain AES256_GCM version 3 is at the target alone"],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_difference_of_schemas_is_named() {
    assert_told(of_schemas()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_difference_of_settings_is_named() {
    assert_told(of_settings()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_difference_of_keys_is_named() {
    assert_told(of_keys()).await;
}

async fn assert_told(cases: Vec<Case>) {
    let from = Server::start().await;
    fill(&from).await;
    for case in cases {
        let to = Server::start().await;
        bring(&source(&from), &to).await;
        let changed = if case.at_target { &to } else { &from };
        for (line, body) in case.changes {
            changed.make(line, body).await;
        }
        let mut told = compared(&source(&from), &to).await.1;
        told.sort_unstable();
        let is_told = told.len() == case.told.len()
            && told.iter().zip(&case.told).all(|(line, start)| line.starts_with(start));
        assert!(is_told, "told: {told:#?}\nexpected: {:#?}", case.told);
    }
}
