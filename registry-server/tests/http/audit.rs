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

#[tokio::test]
async fn every_operation_that_changes_something_leaves_a_row() {
    let server = Server::start().await;
    let schema = json!({"schema": "\"string\""});
    let weak = json!({
        "resourceName": "n", "resourceNamespace": "ns", "resourceId": "r",
        "associations": [{"subject": "s", "associationType": "value", "lifecycle": "WEAK"}],
    });
    let op = json!({"opType": "DELETE", "associationType": "value"});
    let batch = json!({"requests": [{"resourceId": "r", "resourceName": "n",
                                     "resourceNamespace": "ns", "associations": [op]}]});
    let kek = json!({"name": "k", "kmsType": "local-kms", "kmsKeyId": "i"});
    let dek = json!({"encryptedKeyMaterial": "AAAA"});
    let (deks, of_s) = ("/dek-registry/v1/keks/k/deks", "/dek-registry/v1/keks/k/deks/s");
    let tags = json!({"metadata": {"properties": {"a": "b"}}});
    let changes: Vec<(Method, &str, Value, Value)> = vec![
        (
            Method::POST,
            "/subjects/s/versions",
            schema.clone(),
            json!(["registerSchema", ".", "s", 1, 1, null, null]),
        ),
        (
            Method::POST,
            "/contexts/.c/subjects/s/versions",
            schema,
            json!(["registerSchema", ".c", "s", 1, 1, null, null]),
        ),
        (
            Method::POST,
            "/subjects/s/versions/1/tags",
            tags,
            json!(["changeTags", ".", "s", 2, 2, null, null]),
        ),
        (
            Method::PUT,
            "/config",
            json!({"compatibility": "NONE"}),
            json!(["updateGlobalConfig", ".", "", null, null, null, null]),
        ),
        (
            Method::PUT,
            "/config/s",
            json!({"compatibility": "NONE"}),
            json!(["updateConfig", ".", "s", null, null, null, null]),
        ),
        (
            Method::DELETE,
            "/config/s",
            json!({}),
            json!(["deleteConfig", ".", "s", null, null, null, null]),
        ),
        (
            Method::DELETE,
            "/config",
            json!({}),
            json!(["deleteGlobalConfig", ".", "", null, null, null, null]),
        ),
        (
            Method::PUT,
            "/mode",
            json!({"mode": "READWRITE"}),
            json!(["updateGlobalMode", ".", "", null, null, null, null]),
        ),
        (
            Method::PUT,
            "/mode/:.c:",
            json!({"mode": "READWRITE"}),
            json!(["updateMode", ".c", "", null, null, null, null]),
        ),
        (
            Method::DELETE,
            "/mode/:.c:",
            json!({}),
            json!(["deleteMode", ".c", "", null, null, null, null]),
        ),
        (
            Method::DELETE,
            "/mode",
            json!({}),
            json!(["deleteGlobalMode", ".", "", null, null, null, null]),
        ),
        (
            Method::POST,
            "/associations",
            weak.clone(),
            json!(["createAssociations", null, null, null, null, "r", null]),
        ),
        (
            Method::DELETE,
            "/associations/resources/r",
            json!({}),
            json!(["deleteAssociations", null, null, null, null, "r", null]),
        ),
        (
            Method::PUT,
            "/associations/resources/r",
            weak,
            json!(["updateAssociations", null, null, null, null, "r", null]),
        ),
        (
            Method::POST,
            "/associations:batchMutate",
            batch,
            json!(["changeAssociations", null, null, null, null, "r", null]),
        ),
        (
            Method::POST,
            "/dek-registry/v1/keks",
            kek,
            json!(["createKek", null, null, null, null, "k", null]),
        ),
        (
            Method::PUT,
            "/dek-registry/v1/keks/k",
            json!({"doc": "d"}),
            json!(["updateKek", null, null, null, null, "k", null]),
        ),
        (
            Method::POST,
            of_s,
            dek.clone(),
            json!(["createDekOfSubject", ".", "s", 1, null, "k", null]),
        ),
        (
            Method::POST,
            deks,
            json!({"subject": "t", "encryptedKeyMaterial": "AAAA"}),
            json!(["createDek", ".", "t", 1, null, "k", null]),
        ),
        (Method::DELETE, of_s, json!({}), json!(["deleteDek", ".", "s", null, null, "k", null])),
        (
            Method::POST,
            "/dek-registry/v1/keks/k/deks/s/undelete",
            json!({}),
            json!(["undeleteDek", ".", "s", null, null, "k", null]),
        ),
        (
            Method::DELETE,
            "/dek-registry/v1/keks/k/deks/s/versions/1",
            json!({}),
            json!(["deleteDekVersion", ".", "s", 1, null, "k", null]),
        ),
        (
            Method::POST,
            "/dek-registry/v1/keks/k/deks/s/versions/1/undelete",
            json!({}),
            json!(["undeleteDekVersion", ".", "s", 1, null, "k", null]),
        ),
        (Method::DELETE, of_s, json!({}), json!(["deleteDek", ".", "s", null, null, "k", null])),
        (
            Method::DELETE,
            "/dek-registry/v1/keks/k/deks/t",
            json!({}),
            json!(["deleteDek", ".", "t", null, null, "k", null]),
        ),
        (
            Method::DELETE,
            "/dek-registry/v1/keks/k",
            json!({}),
            json!(["deleteKek", null, null, null, null, "k", null]),
        ),
        (
            Method::POST,
            "/dek-registry/v1/keks/k/undelete",
            json!({}),
            json!(["undeleteKek", null, null, null, null, "k", null]),
        ),
        (
            Method::DELETE,
            "/subjects/s/versions/1",
            json!({}),
            json!(["deleteVersion", ".", "s", 1, null, null, null]),
        ),
        (
            Method::DELETE,
            "/subjects/s",
            json!({}),
            json!(["deleteSubject", ".", "s", null, null, null, null]),
        ),
        (
            Method::DELETE,
            "/contexts/.d",
            json!({}),
            json!(["deleteContext", ".d", "", null, null, null, null]),
        ),
    ];
    let mut expected = Vec::new();
    for (method, path, body, row) in changes {
        let status = send(&server, method.clone(), path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status}");
        expected.push(row);
        assert_eq!(audit(&server).await.last(), expected.last(), "{method} {path}");
    }
    assert_eq!(audit(&server).await, expected);
    // Each of them was there; what is described as an operation and is missing only reads.
    let (_, document) = answer(server.get("/openapi.json")).await;
    let operations = document["paths"].as_object().unwrap().values();
    let methods = operations.flat_map(|path| path.as_object().unwrap());
    let mut silent: Vec<&str> = methods
        .filter(|(method, _)| *method != "get")
        .map(|(_, operation)| operation["operationId"].as_str().unwrap())
        .filter(|name| expected.iter().all(|row| row[0] != *name))
        .collect();
    silent.sort_unstable();
    let reading = [
        "checkSubject",
        "checkVersion",
        "getAssociationsOfResources",
        "lookUpSchema",
        "postRoot",
        "testKek",
    ];
    assert_eq!(silent, reading);
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
