//! Races, restarts, and what keeps two processes apart.

use std::collections::BTreeSet;
use std::fs;
use std::future::Future;

use levada_registry_server::StartError;

use super::*;

/// A record with one field, which has no default unless it is optional.
pub(super) fn record(field: &str, default: Option<&str>) -> String {
    let default = default.map(|value| format!(r#","default":"{value}""#)).unwrap_or_default();
    format!(
        r#"{{"type":"record","name":"R","fields":[{{"name":"{field}","type":"string"{default}}}]}}"#
    )
}

/// Runs 64 requests at once.
pub(super) async fn at_once<F: Future<Output = (u16, Value)> + Send + 'static>(
    request: impl Fn(usize) -> F,
) -> Vec<(u16, Value)> {
    let running: Vec<_> = (0..64).map(|n| tokio::spawn(request(n))).collect();
    let mut answers = Vec::new();
    for one in running {
        answers.push(one.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_identical_registrations_get_one_id_and_one_version() {
    let server = Server::start().await;
    let answers = at_once(|_| {
        answer(server.post("/subjects/s/versions", &json!({"schema": record("f", None)})))
    });
    for (status, body) in answers.await {
        assert_eq!((status, &body["id"], &body["version"]), (200, &json!(1), &json!(1)));
    }
    assert_eq!(answer(server.get("/subjects/s/versions")).await, (200, json!([1])));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_incompatible_registrations_have_one_winner() {
    let server = Server::start().await;
    let answers = at_once(|n| {
        let schema = record(&format!("f{n}"), None);
        answer(server.post("/subjects/s/versions", &json!({"schema": schema})))
    });
    let (won, lost): (Vec<_>, Vec<_>) =
        answers.await.into_iter().partition(|(status, _)| *status == 200);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|(_, body)| body["error_code"] == 40901), "{lost:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_registrations_in_many_subjects_take_dense_ids() {
    let server = Server::start().await;
    let answers = at_once(|n| {
        let path = format!("/subjects/s{n}/versions");
        answer(server.post(&path, &json!({"schema": record(&format!("f{n}"), None)})))
    });
    let ids: BTreeSet<i64> =
        answers.await.iter().map(|(_, body)| body["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, (1..=64).collect());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_reads_that_search_all_contexts_do_not_wait_for_each_other() {
    let server = Server::start().await;
    server.register(":.c:s", "\"string\"").await;
    let answers = at_once(|_| answer(server.post("/subjects/s", &json!({"schema": "\"string\""}))));
    for (status, body) in answers.await {
        assert_eq!((status, &body["subject"]), (200, &json!(":.c:s")));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_schemas_settings_and_counters() {
    let server = Server::start().await;
    server.register("s", &record("f", None)).await;
    server.register("gone", "\"string\"").await;
    let delete = |path: &str| server.request(Method::DELETE, path);
    assert_eq!(answer(delete("/subjects/gone")).await, (200, json!([1])));
    assert_eq!(answer(delete("/subjects/gone?permanent=true")).await, (200, json!([1])));
    let level = json!({"compatibility": "NONE"});
    assert_eq!(answer(server.request(Method::PUT, "/config/s").json(&level)).await.0, 200);
    let before = answer(server.get("/schemas?deleted=true")).await;

    let server = Server::start_in(server.stop().await).await;
    assert_eq!(answer(server.get("/schemas?deleted=true")).await, before);
    assert_eq!(server.register("s", "\"string\"").await, (3, 2));
    assert_eq!(error_code(server.get("/schemas/ids/2")).await, (404, 40403));
    server.stop().await;
}

#[tokio::test]
async fn what_was_acknowledged_is_in_the_files_without_a_shutdown() {
    let server = Server::start().await;
    server.register("s", &record("f", None)).await;
    server.register("s", &record("g", Some(""))).await;
    let copy = TempDir::new().unwrap();
    for file in fs::read_dir(server.directory.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let reopened = Server::start_in(copy).await;
    for path in ["/schemas", "/subjects/s/versions", "/schemas/ids/2"] {
        assert_eq!(answer(reopened.get(path)).await, answer(server.get(path)).await, "{path}");
    }
    assert_eq!(reopened.register("t", "\"string\"").await, (3, 1));
    reopened.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_second_server_on_a_database_or_a_port_is_refused_in_one_line() {
    let server = Server::start().await;
    let same_database = Settings::new(server.directory.path().join("registry.db"), "127.0.0.1:0");
    let refused = start(same_database).await.unwrap_err();
    assert!(matches!(refused, StartError::Storage(_)), "{refused}");
    let other = TempDir::new().unwrap();
    let address = server.running.local_addr().to_string();
    let same_port = Settings::new(other.path().join("registry.db"), address.clone());
    let refused = start(same_port).await.unwrap_err();
    assert!(matches!(refused, StartError::Listen { .. }), "{refused}");
    assert!(refused.to_string().starts_with(&format!("cannot listen on {address}: ")));
    assert_eq!(refused.to_string().lines().count(), 1);
    server.stop().await;
}

#[tokio::test]
async fn after_a_change_that_was_not_stored_a_server_is_not_ready_until_one_is() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("registry.db");
    // A row of the audit would be a change that can be stored.
    let settings =
        Settings { audit_retention_days: 0, ..Settings::new(file.clone(), "127.0.0.1:0") };
    let server = Server::start_as(settings).await;
    let disk =
        |statement: &str| rusqlite::Connection::open(&file).unwrap().execute_batch(statement);
    let set = || server.request(Method::PUT, "/config").json(&json!({"compatibility": "NONE"}));
    let failing = "CREATE TRIGGER broken BEFORE UPDATE ON settings_revision
                  BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END";
    disk(failing).unwrap();
    assert_eq!(answer(server.get("/readyz")).await, (200, json!({})), "nobody has tried");
    assert_eq!(error_code(set()).await, (500, 50001));
    let (status, body) = answer(server.get("/readyz")).await;
    let message = "Error in the backend data store: disk I/O error";
    assert_eq!((status, body), (500, json!({"error_code": 50001, "message": message})));
    assert_eq!(answer(server.get("/config")).await.0, 200, "reads go on");
    disk("DROP TRIGGER broken").unwrap();
    assert_eq!(answer(server.get("/readyz")).await, (200, json!({})));
    disk(failing).unwrap();
    assert_eq!(answer(server.get("/readyz")).await, (200, json!({})), "no change is made for it");
    server.stop().await;
}

#[tokio::test]
async fn after_a_shutdown_nobody_answers_and_the_log_is_empty() {
    let server = Server::start().await;
    server.register("s", "\"string\"").await;
    let (address, client) = (server.running.local_addr(), server.client.clone());
    let directory = server.stop().await;
    assert!(client.get(format!("http://{address}/")).send().await.is_err());
    let log = fs::metadata(directory.path().join("registry.db-wal"));
    assert!(log.map_or(true, |log| log.len() == 0));
}
