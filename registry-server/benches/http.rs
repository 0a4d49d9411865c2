//! The registry over HTTP beside what it cannot beat: a handler that answers from memory, and a
//! bare INSERT with the same durability. Both sides of a row are measured in turns, one second each,
//! with the same client in the same process; the middle of the rounds counts.
//!
//! `cargo bench -p levada-registry-server --bench http`, `-- registration` for the rows whose names
//! hold that word, `-- --versions 1000000` for the same reads with so many versions, ten a subject,
//! `-- --versions 1000000 latest` for those of them whose names hold that word.
#![allow(clippy::expect_used, reason = "a measurement may end where it fails")]
#![allow(clippy::print_stdout, reason = "the figures are what it is run for")]

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use levada_registry_server::{Database, RunningRegistry, Settings, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// As the binary has it, for both sides.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLIENTS: usize = 16;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(1);
/// Of `--versions`, so many belong to a subject.
const VERSIONS_A_SUBJECT: usize = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if arguments.iter().any(|argument| argument == "--bench") {
        let mut words = arguments.iter().filter(|argument| *argument != "--bench");
        let first = words.next().map_or("", String::as_str);
        if first == "--versions" {
            let count = words.next().and_then(|count| count.parse().ok());
            let word = words.next().map_or("", String::as_str);
            runtime.block_on(large(count.expect("a number of versions"), word));
        } else {
            runtime.block_on(small(first));
        }
    } else {
        // As a test: that it runs.
        runtime.block_on(async {
            let directory = tempfile::tempdir().expect("a directory");
            let registry = serve(directory.path()).await;
            register(registry.local_addr(), "a", 0).await;
            registry.shutdown().await.expect("a clean stop");
        });
    }
}

/// Ten subjects: reads beside a bare handler, registrations beside a bare INSERT; the rows whose
/// names hold `word`.
async fn small(word: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let registry = serve(directory.path()).await;
    for subject in 0..10 {
        register(registry.local_addr(), &format!("subject-{subject}"), subject).await;
    }
    println!("| request | levada, a second | bare, a second | ratio |\n|---|---:|---:|---:|");
    for path in ["/schemas/ids/5", "/subjects/subject-5/versions/latest"] {
        if path.contains(word) {
            reads(registry.local_addr(), path).await;
        }
    }
    for clients in [1, CLIENTS] {
        let who = if clients == 1 { "one client".to_owned() } else { format!("{clients} clients") };
        let name = format!("registration, {who}, beside INSERT");
        if name.contains(word) {
            registrations(registry.local_addr(), directory.path(), clients, &name).await;
        }
    }
    registry.shutdown().await.expect("a clean stop");
}

/// A large registry: how soon it is ready, and single reads beside those of a small one. Where the
/// large one is asked for something else each time, so that no answer is one that it has kept, the
/// small one is asked for one thing in ever other words.
async fn large(versions: usize, word: &str) {
    let small_directory = tempfile::tempdir().expect("a directory");
    let small = serve(small_directory.path()).await;
    for subject in 0..10 {
        register(small.local_addr(), &format!("s{subject}"), subject).await;
    }
    let directory = tempfile::tempdir().expect("a directory");
    serve(directory.path()).await.shutdown().await.expect("a clean stop");
    fill(directory.path(), versions);
    let started = Instant::now();
    let registry = serve(directory.path()).await;
    ask(registry.local_addr(), "/subjects/s5/versions/latest").await;
    println!("{versions} versions: first answer after {} ms\n", started.elapsed().as_millis());
    println!("| request | large, a second | small, a second | ratio |\n|---|---:|---:|---:|");
    for (name, of_large, of_small) in [
        ("the same schema by id", "/schemas/ids/5".to_owned(), "/schemas/ids/5"),
        (
            "the same subject's latest",
            "/subjects/s5/versions/latest".to_owned(),
            "/subjects/s5/versions/latest",
        ),
        ("schemas by ids in turn", "/schemas/ids/{}".to_owned(), "/schemas/ids/5?unknown={}"),
        (
            "latest of subjects in turn",
            "/subjects/s{}/versions/latest".to_owned(),
            "/subjects/s5/versions/latest?unknown={}",
        ),
        ("ten schemas of the list", "/schemas?limit=10".to_owned(), "/schemas?limit=10"),
        ("ten subjects of the list", "/subjects?limit=10".to_owned(), "/subjects?limit=10"),
    ] {
        if !name.contains(word) {
            continue;
        }
        let subjects = versions / VERSIONS_A_SUBJECT;
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(load(registry.local_addr(), Target::new(&of_large, subjects), CLIENTS).await);
            bare.push(load(small.local_addr(), Target::new(of_small, subjects), CLIENTS).await);
        }
        row(name, ours, bare);
    }
    registry.shutdown().await.expect("a clean stop");
    small.shutdown().await.expect("a clean stop");
}

async fn serve(directory: &Path) -> RunningRegistry {
    let database = Database::Sqlite(directory.join("registry.db"));
    start(Settings::new(database, "127.0.0.1:0")).await.expect("a registry")
}

async fn reads(registry: SocketAddr, path: &str) {
    let body = ask(registry, path).await;
    let bare = bare_handler(body).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(load(registry, Target::new(path, 1), CLIENTS).await);
        theirs.push(load(bare, Target::new(path, 1), CLIENTS).await);
    }
    row(path, ours, theirs);
}

/// A server that gives these bytes to every question.
async fn bare_handler(body: Vec<u8>) -> SocketAddr {
    let body = axum::body::Bytes::from(body);
    let answer = move || {
        let body = body.clone();
        async move { ([(CONTENT_TYPE, "application/vnd.schemaregistry.v1+json")], body) }
    };
    let app = Router::new()
        .route("/schemas/ids/{id}", get(answer.clone()))
        .route("/subjects/{subject}/versions/{version}", get(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn registrations(registry: SocketAddr, directory: &Path, clients: usize, name: &str) {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    let mut connection = bare_table(&directory.join(format!("bare-{clients}.db")));
    for round in 0..ROUNDS {
        let started = Instant::now();
        let each = (0..clients).map(|number| async move {
            let mut client = Client::to(registry).await;
            let (begin, end) = registration_parts();
            let mut count = 0;
            while started.elapsed() < ROUND {
                let name = format!("r{clients}-{round}-{number}-{count}");
                let request = registration(&name, &begin, &name, &end);
                client.ask(request.as_bytes()).await;
                count += 1;
            }
            count
        });
        let counts = in_parallel(each).await;
        ours.push(rate(counts, started.elapsed()));
        bare.push(bare_inserts(&mut connection));
    }
    row(name, ours, bare);
}

/// Runs them at once and adds up what they give.
async fn in_parallel<F>(all: impl Iterator<Item = F>) -> usize
where
    F: Future<Output = usize> + Send + 'static,
{
    let tasks: Vec<_> = all.map(tokio::spawn).collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await.expect("a client that ends");
    }
    sum
}

fn rate(count: usize, elapsed: Duration) -> f64 {
    f64::from(u32::try_from(count).expect("few enough")) / elapsed.as_secs_f64()
}

/// A table of schema texts with the settings of the registry's own database.
fn bare_table(path: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).expect("a database");
    connection.pragma_update(None, "journal_mode", "wal").expect("a log");
    connection.pragma_update(None, "synchronous", "full").expect("durability");
    let table = "CREATE TABLE schemas (id INTEGER PRIMARY KEY, subject TEXT, text TEXT) STRICT";
    connection.execute_batch(table).expect("a table");
    connection
}

fn bare_inserts(connection: &mut rusqlite::Connection) -> f64 {
    let schema = schema("DOC");
    let (begin, end) = schema.split_once("DOC").expect("two parts");
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < ROUND {
        let subject = format!("bare-{count}");
        let transaction = connection.transaction().expect("a transaction");
        transaction
            .prepare_cached("INSERT INTO schemas (subject, text) VALUES (?, ?)")
            .and_then(|mut insert| insert.execute([&subject, &format!("{begin}{subject}{end}")]))
            .expect("an insert");
        transaction.commit().expect("a commit");
        count += 1;
    }
    rate(count, started.elapsed())
}

/// Writes versions as the registry does, all at once: a registry of a million is not registered in
/// a minute.
fn fill(directory: &Path, versions: usize) {
    let connection = rusqlite::Connection::open(directory.join("registry.db")).expect("a database");
    let text = schema("s").replace("\"s\"", "\"s' || n || '\"");
    let numbers = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {versions})"
    );
    for statement in [
        format!("INSERT OR REPLACE INTO contexts (name, next_id) VALUES ('.', {versions} + 1)"),
        format!(
            "INSERT INTO schemas (context, id, fingerprint, schema_type, text, refs, imported)
             {numbers} SELECT '.', n, randomblob(16), 'AVRO', '{text}', '[]', 0 FROM numbers"
        ),
        format!(
            "INSERT INTO versions (context, subject, version, id, is_deleted, ts_ms)
             {numbers} SELECT '.', 's' || ((n - 1) / {VERSIONS_A_SUBJECT}),
             (n - 1) % {VERSIONS_A_SUBJECT} + 1, n, 0, 1700000000000 + n FROM numbers"
        ),
        "INSERT INTO subject_revisions SELECT DISTINCT context, subject, 1 FROM versions"
            .to_owned(),
    ] {
        connection.execute_batch(&statement).expect("rows");
    }
}

fn schema(name: &str) -> String {
    let fields: Vec<String> = (0..10)
        .map(|at| format!(r#"{{"name":"field{at}","type":["null","string"],"default":null}}"#))
        .collect();
    format!(r#"{{"type":"record","name":"Order","doc":"{name}","fields":[{}]}}"#, fields.join(","))
}

async fn register(registry: SocketAddr, subject: &str, number: usize) {
    let (begin, end) = registration_parts();
    let request = registration(subject, &begin, &number.to_string(), &end);
    Client::to(registry).await.ask(request.as_bytes()).await;
}

/// The body of a registration before and behind its doc.
fn registration_parts() -> (String, String) {
    let body = format!(r#"{{"schema":"{}"}}"#, schema("DOC").replace('"', "\\\""));
    let (begin, end) = body.split_once("DOC").expect("two parts");
    (begin.to_owned(), end.to_owned())
}

fn registration(subject: &str, begin: &str, doc: &str, end: &str) -> String {
    format!(
        "POST /subjects/{subject}/versions HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/vnd.schemaregistry.v1+json\r\ncontent-length: {}\r\n\r\n\
         {begin}{doc}{end}",
        begin.len() + doc.len() + end.len()
    )
}

/// A path, in which `{}` stands for a number that changes with each question.
struct Target {
    before: String,
    behind: Option<String>,
    count: usize,
}

impl Target {
    fn new(path: &str, count: usize) -> Self {
        match path.split_once("{}") {
            Some((before, behind)) => {
                Self { before: before.to_owned(), behind: Some(behind.to_owned()), count }
            }
            None => Self { before: path.to_owned(), behind: None, count },
        }
    }

    /// The request with that number; numbers are spread over the registry.
    fn request(&self, number: usize) -> Vec<u8> {
        let path = match &self.behind {
            Some(behind) => {
                let spread = 1 + number.wrapping_mul(7919) % self.count.saturating_sub(1).max(1);
                format!("{}{spread}{behind}", self.before)
            }
            None => self.before.clone(),
        };
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
    }
}

/// How many questions a second are answered.
async fn load(server: SocketAddr, target: Target, clients: usize) -> f64 {
    let target = std::sync::Arc::new(target);
    let started = Instant::now();
    let each = (0..clients).map(|number| {
        let target = std::sync::Arc::clone(&target);
        async move {
            let mut client = Client::to(server).await;
            let mut count = 0;
            while started.elapsed() < ROUND {
                client.ask(&target.request(count * clients + number)).await;
                count += 1;
            }
            count
        }
    });
    let count = in_parallel(each).await;
    rate(count, started.elapsed())
}

async fn ask(server: SocketAddr, path: &str) -> Vec<u8> {
    Client::to(server).await.ask(&Target::new(path, 1).request(0)).await.to_vec()
}

/// A connection that is kept: one question, one answer.
struct Client {
    stream: TcpStream,
    /// What was received of the answer.
    answer: Vec<u8>,
}

impl Client {
    async fn to(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, answer: Vec::with_capacity(4 << 10) }
    }

    /// Sends a request and gives the body of the answer, which must be 200.
    async fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.expect("a request sent");
        self.answer.clear();
        let body = loop {
            let read = self.stream.read_buf(&mut self.answer).await.expect("an answer");
            assert_ne!(read, 0, "a whole answer");
            if let Some(body) = body_of(&self.answer) {
                break body;
            }
        };
        self.answer.get(body).expect("a body")
    }
}

/// Where the body of an answer is, once all of it is there.
fn body_of(answer: &[u8]) -> Option<std::ops::Range<usize>> {
    const LENGTH: &[u8] = b"content-length: ";
    let find = |bytes: &[u8], from: usize| {
        answer.get(from..)?.windows(bytes.len()).position(|at| at == bytes).map(|at| from + at)
    };
    let head = find(b"\r\n\r\n", 0)?;
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", answer.escape_ascii());
    let digits = find(LENGTH, 0)? + LENGTH.len();
    let length = answer.get(digits..find(b"\r\n", digits)?)?;
    let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
    let body = head + 4..head + 4 + length;
    (answer.len() == body.end).then_some(body)
}

fn row(name: &str, mut ours: Vec<f64>, mut bare: Vec<f64>) {
    let ours = middle(&mut ours);
    let bare = middle(&mut bare);
    println!("| {name} | {ours:.0} | {bare:.0} | {:.2} |", ours / bare);
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().expect("a round")
}
