//! The server over real sockets.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

mod associations;
mod audit;
mod contracts;
mod conventions;
mod documents;
mod durability;
mod hostile;
mod keys;
mod limits;
mod logical;
mod metrics;
mod nodes;
mod openapi;
mod remembered;

use levada_registry_server::{Database, HttpLimits, RunningRegistry, Settings, start};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Some part of the build gives reqwest TLS without crypto of its own, and without a process-wide
/// choice it makes no clients then, not even for plain HTTP.
fn http_client() -> Client {
    // An error says that another test has chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

/// A server on a database of its own, and a client.
struct Server {
    running: RunningRegistry,
    client: Client,
    directory: TempDir,
}

impl Server {
    async fn start() -> Self {
        Self::start_in(TempDir::new().unwrap()).await
    }

    async fn start_in(directory: TempDir) -> Self {
        let database = directory.path().join("registry.db").into();
        Self { directory, ..Self::start_on(database).await }
    }

    /// A server on any database; its directory stays empty.
    async fn start_on(database: Database) -> Self {
        Self::start_as(Settings::new(database, "127.0.0.1:0")).await
    }

    async fn start_limited(limits: HttpLimits) -> Self {
        let directory = TempDir::new().unwrap();
        let database = directory.path().join("registry.db");
        let settings = Settings::new(database, "127.0.0.1:0");
        let started = Self::start_as(Settings { http_limits: limits, ..settings }).await;
        Self { directory, ..started }
    }

    async fn start_as(settings: Settings) -> Self {
        let running = start(settings).await.unwrap();
        Self { running, client: http_client(), directory: TempDir::new().unwrap() }
    }

    /// Stops the server and gives back its directory.
    async fn stop(self) -> TempDir {
        self.running.shutdown().await.unwrap();
        self.directory
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.running.local_addr());
        self.client.request(method, url)
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// Registers a schema that must be taken, and answers its id and version.
    async fn register(&self, subject: &str, schema: &str) -> (i64, i64) {
        let path = format!("/subjects/{subject}/versions");
        let (status, body) = answer(self.post(&path, &json!({"schema": schema}))).await;
        assert_eq!(status, 200, "{body}");
        (body["id"].as_i64().unwrap(), body["version"].as_i64().unwrap())
    }
}

/// Status and JSON body.
async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    (status, body)
}

/// The error code, which must stand beside a message and nothing else.
async fn error_code(request: RequestBuilder) -> (u16, i64) {
    let (status, body) = answer(request).await;
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["error_code", "message"], "{body}");
    assert!(!body["message"].as_str().unwrap().is_empty(), "{body}");
    (status, body["error_code"].as_i64().unwrap())
}
