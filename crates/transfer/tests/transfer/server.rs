//! A registry of its own for a test, asked and changed over HTTP.

use levada_registry_server::{RunningRegistry, Secret, Settings, start};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Some part of the build gives reqwest TLS without crypto of its own, and without a process-wide
/// choice it makes no clients then, not even for plain HTTP.
pub(crate) fn http_client() -> Client {
    // An error says that another test has chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

pub(crate) struct Server {
    running: RunningRegistry,
    client: Client,
    _directory: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// With the secret of a KMS of its own.
    pub(crate) async fn start_with(local_kms_secret: Option<Secret>) -> Self {
        let directory = TempDir::new().unwrap();
        let settings = Settings::new(directory.path().join("registry.db"), "127.0.0.1:0");
        let settings = Settings { local_kms_secret, ..settings };
        let running = start(settings).await.unwrap();
        Self { running, client: http_client(), _directory: directory }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.running.local_addr())
    }

    /// Status and body; null where there is none.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.url()));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    /// Makes a change that must be taken, such as `PUT /mode/s`, and gives the answer.
    pub(crate) async fn make(&self, line: &str, body: Value) -> Value {
        let (method, path) = line.split_once(' ').unwrap();
        let body = Some(body).filter(|body| !body.is_null());
        let (status, answer) = self.ask(method, path, body.as_ref()).await;
        assert!(status < 300, "{line} {body:?}: {status} {answer}");
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).await.1
    }

    /// Registers a schema of a type, and answers its id.
    pub(crate) async fn register(&self, subject: &str, body: Value) -> i64 {
        let answer = self.make(&format!("POST /subjects/{subject}/versions"), body).await;
        answer["id"].as_i64().unwrap()
    }

    /// All that the registry shows of its schemas, the time of registration aside, with the
    /// settings and keys that the tests set.
    pub(crate) async fn everything(&self) -> Value {
        let mut schemas = self.get("/schemas?subjectPrefix=:*:&deleted=true").await;
        for schema in schemas.as_array_mut().unwrap() {
            schema.as_object_mut().unwrap().remove("ts");
        }
        let mut rest = Vec::new();
        for path in PATHS {
            let mut shown = self.get(path).await;
            if let Some(shown) = shown.as_object_mut() {
                shown.remove("ts");
            }
            rest.push(json!({"path": path, "shown": shown}));
        }
        json!({"schemas": schemas, "rest": rest})
    }
}

/// Where the things of [`fill`](crate::fill::fill) are that are no schemas.
const PATHS: [&str; 30] = [
    "/config",
    "/config/:.__GLOBAL:",
    "/config/:.eu:",
    "/config/contract-value",
    "/config/:.eu:z-target",
    "/config/nickname",
    "/config/hidden",
    "/config/plain",
    "/mode",
    "/mode/:.__GLOBAL:",
    "/mode/:.eu:",
    "/mode/:.us:",
    "/mode/contract-value",
    "/mode/plain",
    "/subjects?deleted=true",
    "/subjects?deletedOnly=true",
    "/subjects/chain-b/versions?deletedAsNegative=true",
    "/subjects/plain/versions?deletedAsNegative=true&deleted=true",
    "/schemas/ids/1/versions?deleted=true",
    "/schemas/ids/1/versions?deleted=true&subject=:.eu:",
    "/dek-registry/v1/keks?deleted=true",
    "/dek-registry/v1/keks/plain?deleted=true",
    "/dek-registry/v1/keks/shared?deleted=true",
    "/dek-registry/v1/keks/gone?deleted=true",
    "/dek-registry/v1/keks/plain/deks/plain/versions/1?algorithm=AES128_GCM",
    "/dek-registry/v1/keks/plain/deks/plain/versions/7?algorithm=AES256_SIV",
    "/dek-registry/v1/keks/plain/deks/plain/versions?algorithm=AES256_GCM&deleted=true",
    "/dek-registry/v1/keks/shared/deks/:.eu:z-target/versions/1",
    "/dek-registry/v1/keks/gone/deks/plain/versions/1?deleted=true",
    "/contexts",
];
