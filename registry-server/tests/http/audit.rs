//! The audit, read with plain SQL as an operator would: who asked for which change, and what came
//! of it.

use sqlx::{Connection, Row, SqliteConnection};

use super::*;

/// The rows in their order: action, context, subject, version, schema id, name and error code.
async fn audit(server: &Server) -> Vec<Value> {
    let file = server.directory.path().join("registry.db");
    let mut database =
        SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let rows = sqlx::query("SELECT * FROM audit ORDER BY seq").fetch_all(&mut database).await;
    database.close().await.unwrap();
    let shown = |row: &sqlx::sqlite::SqliteRow| {
        let text = |column| row.get::<Option<String>, _>(column);
        let number = |column| row.get::<Option<i64>, _>(column);
        assert_eq!(text("principal").as_deref(), Some("anonymous"));
        assert!(!text("request_id").unwrap().is_empty());
        assert!(number("ts_ms") > Some(1_700_000_000_000));
        json!([
            text("action"),
            text("context"),
            text("subject"),
            number("version"),
            number("schema_id"),
            text("name"),
            number("error_code"),
        ])
    };
    rows.unwrap().iter().map(shown).collect()
}

/// Sends a request with a body, and answers its status.
async fn send(server: &Server, method: Method, path: &str, body: Value) -> u16 {
    let request = server.request(method, path).header("x-request-id", "mine").json(&body);
    request.send().await.unwrap().status().as_u16()
}

/// Changes one after the other: method, path, body, and the row that is left.
const CHANGES: &str = r#"
POST | /subjects/s/versions | {"schema": "\"string\""} | ["registerSchema", ".", "s", 1, 1, null, null]
POST | /contexts/.c/subjects/s/versions | {"schema": "\"string\""} | ["registerSchema", ".c", "s", 1, 1, null, null]
POST | /subjects/s/versions/1/tags | {"metadata": {"properties": {"a": "b"}}} | ["changeTags", ".", "s", 2, 2, null, null]
PUT | /config | {"compatibility": "NONE"} | ["updateGlobalConfig", ".", "", null, null, null, null]
PUT | /config/s | {"compatibility": "NONE"} | ["updateConfig", ".", "s", null, null, null, null]
DELETE | /config/s | {} | ["deleteConfig", ".", "s", null, null, null, null]
DELETE | /config | {} | ["deleteGlobalConfig", ".", "", null, null, null, null]
PUT | /mode | {"mode": "READWRITE"} | ["updateGlobalMode", ".", "", null, null, null, null]
PUT | /mode/:.c: | {"mode": "READWRITE"} | ["updateMode", ".c", "", null, null, null, null]
DELETE | /mode/:.c: | {} | ["deleteMode", ".c", "", null, null, null, null]
DELETE | /mode | {} | ["deleteGlobalMode", ".", "", null, null, null, null]
POST | /associations | {"resourceName": "n", "resourceNamespace": "ns", "resourceId": "r", "associations": [{"subject": "s"}]} | ["createAssociations", null, null, null, null, "r", null]
DELETE | /associations/resources/r | {} | ["deleteAssociations", null, null, null, null, "r", null]
PUT | /associations/resources/r | {"resourceName": "n", "resourceNamespace": "ns", "associations": [{"subject": "s"}]} | ["updateAssociations", null, null, null, null, "r", null]
POST | /associations:batchMutate | {"requests": [{"resourceId": "r", "associations": [{"opType": "DELETE"}]}]} | ["changeAssociations", null, null, null, null, "r", null]
POST | /dek-registry/v1/keks | {"name": "k", "kmsType": "local-kms", "kmsKeyId": "i"} | ["createKek", null, null, null, null, "k", null]
PUT | /dek-registry/v1/keks/k | {"doc": "d"} | ["updateKek", null, null, null, null, "k", null]
POST | /dek-registry/v1/keks/k/deks/s | {"encryptedKeyMaterial": "AAAA"} | ["createDekOfSubject", ".", "s", 1, null, "k", null]
POST | /dek-registry/v1/keks/k/deks | {"subject": "t", "encryptedKeyMaterial": "AAAA"} | ["createDek", ".", "t", 1, null, "k", null]
DELETE | /dek-registry/v1/keks/k/deks/s | {} | ["deleteDek", ".", "s", null, null, "k", null]
POST | /dek-registry/v1/keks/k/deks/s/undelete | {} | ["undeleteDek", ".", "s", null, null, "k", null]
DELETE | /dek-registry/v1/keks/k/deks/s/versions/1 | {} | ["deleteDekVersion", ".", "s", 1, null, "k", null]
POST | /dek-registry/v1/keks/k/deks/s/versions/1/undelete | {} | ["undeleteDekVersion", ".", "s", 1, null, "k", null]
DELETE | /dek-registry/v1/keks/k/deks/s | {} | ["deleteDek", ".", "s", null, null, "k", null]
DELETE | /dek-registry/v1/keks/k/deks/t | {} | ["deleteDek", ".", "t", null, null, "k", null]
DELETE | /dek-registry/v1/keks/k | {} | ["deleteKek", null, null, null, null, "k", null]
POST | /dek-registry/v1/keks/k/undelete | {} | ["undeleteKek", null, null, null, null, "k", null]
DELETE | /subjects/s/versions/1 | {} | ["deleteVersion", ".", "s", 1, null, null, null]
DELETE | /subjects/s | {} | ["deleteSubject", ".", "s", null, null, null, null]
DELETE | /contexts/.d | {} | ["deleteContext", ".d", "", null, null, null, null]
"#;

/// The operations with a body, or that delete, which only ask.
const READING: [&str; 6] = [
    "checkSubject",
    "checkVersion",
    "getAssociationsOfResources",
    "lookUpSchema",
    "postRoot",
    "testKek",
];

#[tokio::test]
async fn every_operation_that_changes_something_leaves_a_row() {
    let server = Server::start().await;
    let mut expected = Vec::new();
    for change in CHANGES.lines().filter(|line| !line.is_empty()) {
        let parts: Vec<&str> = change.split(" | ").collect();
        let [method, path, body, row] = parts[..] else { panic!("{change}") };
        let body = serde_json::from_str(body).unwrap();
        let status = send(&server, method.parse().unwrap(), path, body).await;
        assert!((200..300).contains(&status), "{change}: {status}");
        expected.push(serde_json::from_str::<Value>(row).unwrap());
        assert_eq!(audit(&server).await, expected, "{change}");
    }
    let (_, document) = answer(server.get("/openapi.json")).await;
    let paths = document["paths"].as_object().unwrap().values();
    let mut silent: Vec<&str> = paths
        .flat_map(|path| path.as_object().unwrap())
        .filter(|(method, _)| *method != "get")
        .map(|(_, operation)| operation["operationId"].as_str().unwrap())
        .filter(|name| expected.iter().all(|row| row[0] != *name))
        .collect();
    silent.sort_unstable();
    assert_eq!(silent, READING);
    server.stop().await;
}

#[tokio::test]
async fn changes_that_are_refused_leave_a_row_and_those_that_are_none_do_not() {
    let server = Server::start().await;
    let registered = server.register("s", "\"string\"").await;
    assert_eq!(server.register("s", "\"string\"").await, registered);
    let int = json!({"schema": "\"int\""});
    assert_eq!(send(&server, Method::POST, "/subjects/s/versions", int.clone()).await, 409);
    assert_eq!(send(&server, Method::POST, "/subjects/a%00b/versions", int.clone()).await, 422);
    assert_eq!(send(&server, Method::POST, "/subjects/s/versions", json!([])).await, 400);
    assert_eq!(send(&server, Method::DELETE, "/subjects/t/versions/7", json!({})).await, 404);
    assert_eq!(send(&server, Method::DELETE, "/contexts/.", json!({})).await, 405);
    assert_eq!(send(&server, Method::POST, "/compatibility/subjects/s/versions", int).await, 200);
    let op = json!({"opType": "DELETE"});
    let batch = json!({"requests": [{"resourceId": "r", "associations": [op]}, {}]});
    assert_eq!(send(&server, Method::POST, "/associations:batchMutate", batch).await, 207);
    assert_eq!(
        audit(&server).await,
        [
            json!(["registerSchema", ".", "s", 1, 1, null, null]),
            json!(["registerSchema", ".", "s", null, null, null, 40901]),
            json!(["registerSchema", ".", "a\u{fffd}b", null, null, null, 42208]),
            json!(["registerSchema", ".", "s", null, null, null, 400]),
            json!(["deleteVersion", ".", "t", 7, null, null, 40401]),
            json!(["changeAssociations", null, null, null, null, "r", null]),
            json!(["changeAssociations", null, null, null, null, "", 42212]),
        ]
    );
    server.stop().await;
}

#[tokio::test]
async fn without_a_retention_there_are_no_rows() {
    let directory = TempDir::new().unwrap();
    let settings = Settings::new(directory.path().join("registry.db"), "127.0.0.1:0");
    let server = Server::start_as(Settings { audit_retention_days: 0, ..settings }).await;
    let server = Server { directory, ..server };
    server.register("s", "\"string\"").await;
    assert_eq!(send(&server, Method::DELETE, "/subjects/t", json!({})).await, 404);
    assert_eq!(audit(&server).await, Vec::<Value>::new());
    server.stop().await;
}
