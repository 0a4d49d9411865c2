//! `levada serve` as its starter sees it: ports on stdout, settings, signals, refusals.

mod metrics;

use std::fs;
use std::process::Output;

use levada_test_postgres::{PASSWORD, PostgresServer};
use levada_tests::{Levada, http_client, levada, serve};
use rustix::process::Signal;

/// Asserts that the start was refused with one line on stderr, and returns that line.
fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "nothing is announced");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let is_why =
        |line: &&str| line.starts_with("levada: ") && !line.starts_with("levada: warning: ");
    let lines: Vec<&str> = log.lines().filter(is_why).collect();
    assert_eq!(lines.len(), 1, "one line says why: {log}");
    lines[0].to_owned()
}

async fn get(url: String) -> (u16, String) {
    let answer = http_client().get(url).send().await.expect("the registry answers");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

#[tokio::test(flavor = "multi_thread")]
async fn registry_answers_on_the_announced_port() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Levada::start(data.path());
    assert_eq!(get(format!("{}/subjects", server.registry)).await, (200, "[]".to_owned()));
    server.terminate();
}

#[test]
fn both_stop_signals_end_with_success_and_the_data_is_reusable() {
    let data = tempfile::tempdir().expect("a folder");
    for signal in [Signal::TERM, Signal::INT] {
        let status = Levada::start(data.path()).stop(signal);
        assert!(status.success(), "{signal:?} ended with {status}");
    }
    Levada::start(data.path()).terminate();
}

#[test]
fn used_port_is_refused_in_one_line_that_names_it() {
    let (data, other) = (tempfile::tempdir().expect("a"), tempfile::tempdir().expect("b"));
    let first = Levada::start(data.path());
    let registry = first.registry.trim_start_matches("http://");
    for (flag, address) in [("--registry-listen", registry), ("--kafka-listen", &first.kafka)] {
        let mut command = levada();
        let rest = if flag == "--kafka-listen" { "--registry-listen" } else { "--kafka-listen" };
        command.args(["serve", flag, address, rest, "127.0.0.1:0", "--data-dir"]).arg(other.path());
        let line = refused(&command.output().expect("it runs"));
        assert!(line.contains(address), "{line}");
    }
    first.terminate();
}

#[test]
fn data_directory_that_cannot_be_made_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    let line = refused(&serve(&file.join("data")).output().expect("it runs"));
    assert!(line.contains("data directory"), "{line}");
}

#[test]
fn data_directory_in_use_is_refused_and_left_alone() {
    let data = tempfile::tempdir().expect("a folder");
    let first = Levada::start(data.path());
    let line = refused(&serve(data.path()).output().expect("it runs"));
    assert!(line.contains("another process"), "{line}");
    first.terminate();
}

#[test]
fn database_that_cannot_be_used_is_refused_in_one_line_without_its_password() {
    let url = PostgresServer::shared().new_database();
    let wrong = url.replace(PASSWORD, "guessed");
    for (database, code, reason) in [
        (wrong.as_str(), 1, "password authentication failed"),
        ("postgres://levada:guessed@127.0.0.1:1/levada", 1, "Connection refused"),
        ("postgres://levada:guessed@127.0.0.1:x/levada", 2, "invalid port number"),
        ("mysql://levada:guessed@127.0.0.1/levada", 2, "neither sqlite:PATH nor postgres://"),
    ] {
        let data = tempfile::tempdir().expect("a folder");
        let output = serve(data.path()).args(["--database", database]).output().expect("it runs");
        let line = refused(&output);
        assert_eq!(output.status.code(), Some(code), "{line}");
        assert!(line.contains(reason), "{line}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("guessed"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_on_one_database_answer_alike() {
    let url = PostgresServer::shared().new_database();
    let folders = [0, 1].map(|_| tempfile::tempdir().expect("a folder"));
    let nodes = [0, 1].map(|node: usize| Levada::start_on(folders[node].path(), &url));
    let client = http_client();
    let request = client.post(format!("{}/subjects/s/versions", nodes[0].registry));
    let answer = request.body(r#"{"schema": "\"string\""}"#).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    for node in nodes {
        let text = get(format!("{}/schemas/ids/1/schema", node.registry)).await;
        assert_eq!(text, (200, "\"string\"".to_owned()));
        node.terminate();
    }
    assert!(!folders[0].path().join("registry.db").exists(), "no file is made beside it");
}

#[test]
fn unknown_flag_is_refused_in_one_line() {
    let output = levada().args(["serve", "--port", "1"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(refused(&output), "levada: unexpected argument '--port' found; see 'levada --help'");
}

#[test]
fn variables_and_the_settings_file_set_what_flags_leave_open() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("levada.toml"),
        "[serve]\nregistry-listen = \"127.0.0.1:0\"\nkafka-listen = \"127.0.0.1:1\"\n",
    )
    .expect("a settings file");
    let mut command = levada();
    command
        .current_dir(folder.path())
        .arg("serve")
        .env("LEVADA_KAFKA_LISTEN", "127.0.0.1:0")
        .env("LEVADA_DATA_DIR", folder.path().join("elsewhere"));
    Levada::spawn(command).terminate();
    assert!(folder.path().join("elsewhere/registry.db").is_file());
    assert!(!folder.path().join("data").exists(), "the default folder is not used");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_on_schemas_and_bodies_are_settings() {
    let data = tempfile::tempdir().expect("a folder");
    let mut command = serve(data.path());
    command.args(["--limit", "text-bytes-max=20", "--registry-body-max", "60"]);
    command.args(["--limit", "http-uri-bytes-max=30"]);
    command.env("LEVADA_LIMIT_DEPTH_MAX", "2");
    let server = Levada::spawn(command);
    let client = http_client();
    let register = async |schema: &str| {
        let body = serde_json::json!({"schema": schema}).to_string();
        let answer = client.post(format!("{}/subjects/s/versions", server.registry)).body(body);
        let answer = answer.send().await.expect("the registry answers");
        let status = answer.status().as_u16();
        let body: serde_json::Value = answer.json().await.expect("a body");
        (status, body["error_code"].as_i64())
    };
    assert_eq!(register("\"string\"").await, (200, None));
    assert_eq!(register("[[[]]]").await, (422, Some(42201)), "depth");
    assert_eq!(register(&"x".repeat(21)).await, (422, Some(42209)), "text");
    assert_eq!(register(&" ".repeat(60)).await, (413, Some(413)), "body");
    let uri = get(format!("{}/subjects?subjectPrefix=x{}", server.registry, "y".repeat(9))).await;
    assert_eq!(uri.0, 414, "URI: {}", uri.1);
    server.terminate();
}

/// The lines about requests in a log of JSON lines.
fn requests(log: &[String]) -> Vec<serde_json::Value> {
    log.iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON"))
        .filter(|line| line["message"] == "answered")
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_a_line_of_the_log_with_its_request_id() {
    let data = tempfile::tempdir().expect("a folder");
    let mut command = serve(data.path());
    command.env("LEVADA_LOG_FORMAT", "json").env("LEVADA_LOG", "levada_registry_server=debug");
    let server = Levada::spawn(command);
    let client = http_client();
    let send = async |method: reqwest::Method, path: &str, id: &str| {
        let url = format!("{}{path}", server.registry);
        let request = client.request(method, url).header("x-request-id", id);
        request.body(r#"{"schema": "\"string\""}"#).send().await.expect("an answer");
    };
    send(reqwest::Method::POST, "/subjects/a%0Ab%1B/versions?force=hidden", "first").await;
    send(reqwest::Method::POST, "/contexts/.c/subjects/s/versions", "second").await;
    send(reqwest::Method::GET, "/subjects", "third\u{9b}31m").await;
    send(reqwest::Method::GET, "/nowhere", "fourth").await;
    let log = server.terminate_with_log();
    let told: Vec<serde_json::Value> = requests(&log)
        .into_iter()
        .map(|line| {
            let status = &line["status"];
            serde_json::json!([
                line["method"],
                line["route"],
                line["path"],
                status,
                line["span"]["id"]
            ])
        })
        .collect();
    let versions = "/subjects/{subject}/versions";
    assert_eq!(
        told,
        [
            serde_json::json!(["POST", versions, "/subjects/a%0Ab%1B/versions", 422, "first"]),
            serde_json::json!([
                "POST",
                versions,
                "/contexts/.c/subjects/s/versions",
                200,
                "second"
            ]),
            serde_json::json!(["GET", "/subjects", "/subjects", 200, "third\\xc2\\x9b31m"]),
            serde_json::json!(["GET", null, "/nowhere", 404, "fourth"]),
        ]
    );
    for line in &requests(&log) {
        assert!(line["duration_ms"].is_f64() && line["client"] == "127.0.0.1", "{line}");
    }
    assert!(!log.concat().contains("hidden"), "parameters are not logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_not_logged_unless_the_level_is_debug_and_changes_are() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Levada::start(data.path());
    let url = format!("{}/config", server.registry);
    assert_eq!(get(url.clone()).await.0, 200);
    let put = http_client().put(url).body(r#"{"compatibility": "FULL"}"#);
    assert_eq!(put.send().await.expect("an answer").status().as_u16(), 200);
    let log = server.terminate_with_log();
    let about = log.iter().filter(|line| line.contains("answered")).collect::<Vec<_>>();
    assert!(about.len() == 1 && about[0].contains("method=\"PUT\" route=\"/config\""), "{log:?}");
}

#[test]
fn advertised_address_is_what_kafka_clients_are_told() {
    use rdkafka::consumer::{BaseConsumer, Consumer};
    let data = tempfile::tempdir().expect("a folder");
    let mut command = serve(data.path());
    command.args(["--kafka-advertise", "kafka.example.com:19092"]);
    let server = Levada::spawn(command);
    let consumer: BaseConsumer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", &server.kafka)
        .create()
        .expect("a client");
    let metadata =
        consumer.fetch_metadata(None, std::time::Duration::from_secs(20)).expect("metadata");
    let brokers: Vec<_> =
        metadata.brokers().iter().map(|broker| (broker.host(), broker.port())).collect();
    assert_eq!(brokers, [("kafka.example.com", 19092)]);
    server.terminate();
}
