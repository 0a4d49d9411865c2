//! A registry of canned answers on a local port, which records what it is asked.
#![allow(dead_code, reason = "each test binary uses the part it needs")]

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use tokio::sync::Semaphore;

/// What the stub was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Method, path and query as sent, such as `GET /schemas/ids/7`.
    pub(crate) line: String,
    pub(crate) authorization: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

struct Canned {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Json,
}

#[derive(Default)]
struct Book {
    /// Answers by request line without query; the last one stays.
    answers: HashMap<String, VecDeque<Canned>>,
    asked: Vec<Asked>,
}

/// A running stub; it ends with the test's runtime.
pub(crate) struct Stub {
    pub(crate) url: String,
    book: Arc<Mutex<Book>>,
    gate: Arc<Semaphore>,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self::serve(listener, url)
    }

    /// Answers whatever comes over `listener`, which clients find at `url`.
    pub(crate) fn serve<L: axum::serve::Listener>(listener: L, url: String) -> Self
    where
        L::Addr: std::fmt::Debug,
    {
        let book = Arc::new(Mutex::new(Book::default()));
        let gate = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let app = Router::new().fallback(answer).with_state((Arc::clone(&book), Arc::clone(&gate)));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, book, gate }
    }

    /// Adds an answer for a request line; several are given in turn and the last one stays.
    pub(crate) fn answer(&self, line: &str, status: u16, body: Json) -> &Self {
        self.answer_with(line, status, Vec::new(), body)
    }

    pub(crate) fn answer_with(
        &self,
        line: &str,
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Json,
    ) -> &Self {
        let canned = Canned { status, headers, body };
        self.book.lock().unwrap().answers.entry(line.to_owned()).or_default().push_back(canned);
        self
    }

    /// Answers with an Avro schema by id.
    pub(crate) fn schema(&self, id: u32, schema: &str) -> &Self {
        let body = json!({"schemaType": "AVRO", "schema": schema});
        self.answer(&format!("GET /schemas/ids/{id}"), 200, body)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.book.lock().unwrap().asked.clone()
    }

    pub(crate) fn asked_lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// Waits until `count` requests have come.
    pub(crate) async fn wait_for(&self, count: usize) {
        let come = async {
            while self.asked().len() < count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), come).await;
        waited.unwrap_or_else(|_| panic!("asked {:?} instead of {count} times", self.asked()));
    }

    /// Holds all answers back until [`Self::open`].
    pub(crate) fn close(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn open(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS);
    }
}

type Shared = (Arc<Mutex<Book>>, Arc<Semaphore>);

async fn answer(State((book, gate)): State<Shared>, request: Request) -> Response {
    let path = format!("{} {}", request.method(), request.uri().path());
    let line = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.clone(),
    };
    let headers = request.headers().clone();
    let authorization = headers.get(header::AUTHORIZATION);
    let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let reply = {
        let mut book = book.lock().unwrap();
        book.asked.push(Asked { line, authorization, headers, body });
        reply(book.answers.get_mut(&path))
    };
    let _permit = gate.acquire().await.unwrap();
    reply
}

fn reply(answers: Option<&mut VecDeque<Canned>>) -> Response {
    let Some(answers) = answers else {
        let body = json!({"error_code": 40403, "message": "Schema not found"});
        return (StatusCode::NOT_FOUND, body.to_string()).into_response();
    };
    let is_last = answers.len() == 1;
    let canned = answers.front().unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in &canned.headers {
        headers.insert(*name, value.parse().unwrap());
    }
    let status = StatusCode::from_u16(canned.status).unwrap();
    let response = (status, headers, canned.body.to_string()).into_response();
    if !is_last {
        answers.pop_front();
    }
    response
}
