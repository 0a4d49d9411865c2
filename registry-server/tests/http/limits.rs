//! Limits on connections and requests, over raw sockets: what a breach is answered with, and that
//! others are served meanwhile.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// Longer than any test waits for what will come.
const DEADLINE: Duration = Duration::from_secs(30);

/// A connection whose client writes and reads as it likes.
struct Raw(TcpStream);

impl Raw {
    async fn open(server: &Server) -> Self {
        Self(TcpStream::connect(server.running.local_addr()).await.unwrap())
    }

    async fn sending(server: &Server, bytes: &str) -> Self {
        let mut raw = Self::open(server).await;
        raw.send(bytes).await;
        raw
    }

    async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Everything until the server closes the connection.
    async fn rest(mut self) -> String {
        let mut bytes = Vec::new();
        // What was sent and not read makes the end a reset.
        let _ = tokio::time::timeout(DEADLINE, self.0.read_to_end(&mut bytes)).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }
}

/// Status and error code of each answer in what a connection gave; no code where there is no body.
fn refusals(text: &str) -> Vec<(u16, Option<i64>)> {
    let answers = text.split("HTTP/1.1 ").skip(1);
    answers
        .map(|answer| {
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            (answer[..3].parse().unwrap(), body["error_code"].as_i64())
        })
        .collect()
}

/// A request head without its empty line; the body is announced and still to come.
fn registration(body_bytes: usize) -> String {
    format!(
        "POST /subjects/s/versions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {body_bytes}\r\n\r\n"
    )
}

const LAST: &str = "GET /schemas/types HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// Repeats a request on new connections until it has this status.
async fn until_status(server: &Server, path: &str, status: u16) {
    let once = async || {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let text = Raw::sending(server, &request).await.rest().await;
        refusals(&text).first().map(|(status, _)| *status)
    };
    let repeated = async {
        while once().await != Some(status) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, repeated).await.unwrap();
}

#[tokio::test]
async fn headers_are_counted_and_their_bytes_too() {
    let server = Server::start().await;
    let with = async |count: usize, bytes: usize| {
        // Host and connection are two of them, with 20 bytes; the names of the others have five.
        let value = "v".repeat((bytes - 20) / (count - 2) - 5);
        let others: Vec<String> = (2..count).map(|at| format!("x{at:04}: {value}\r\n")).collect();
        let request =
            format!("GET / HTTP/1.1\r\nhost: x\r\n{}connection: close\r\n\r\n", others.concat());
        refusals(&Raw::sending(&server, &request).await.rest().await)
    };
    assert_eq!(with(64, 10_000).await, [(200, None)]);
    assert_eq!(with(65, 10_000).await, [(431, Some(431))]);
    assert_eq!(with(3, 16 << 10).await, [(200, None)]);
    assert_eq!(with(3, (16 << 10) + 1).await, [(431, Some(431))]);
    // What is not even read to its end has no body.
    assert_eq!(with(3, 100_000).await, [(431, None)]);
    assert_eq!(with(2_000, 40_000).await, [(431, None)]);
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_does_not_end_is_given_up() {
    let limits = HttpLimits { header_read_ms: 50, ..HttpLimits::default() };
    let server = Server::start_limited(limits).await;
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: x\r\nx-a: b\r\n"] {
        assert_eq!(Raw::sending(&server, begun).await.rest().await, "", "{begun:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_end_is_given_up() {
    let limits = HttpLimits { body_read_ms: 50, ..HttpLimits::default() };
    let server = Server::start_limited(limits).await;
    let begun = format!("{}{{\"schema\":", registration(100));
    let text = Raw::sending(&server, &begun).await.rest().await;
    assert_eq!(refusals(&text), [(408, Some(408))]);
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_in_all_is_given_up() {
    let limits = HttpLimits { request_ms: 50, ..HttpLimits::default() };
    let server = Server::start_limited(limits).await;
    let text = Raw::sending(&server, &registration(100)).await.rest().await;
    assert_eq!(refusals(&text), [(503, Some(503))]);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_no_answers_is_given_up() {
    let limits = HttpLimits { request_ms: 200, connections_per_ip_max: 1, ..HttpLimits::default() };
    let server = Server::start_limited(limits).await;
    let request = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut raw = Raw::sending(&server, request).await;
    let asking = async { while raw.0.write_all(request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(DEADLINE, asking).await.unwrap();
    until_status(&server, "/", 200).await;
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_says_that_it_is_too_long_is_refused_unread() {
    let server = Server::start().await;
    let text = Raw::sending(&server, &registration((1 << 20) + 1)).await.rest().await;
    assert_eq!(refusals(&text), [(413, Some(413))]);
    server.stop().await;
}

#[tokio::test]
async fn a_body_in_chunks_is_read_no_further_than_the_limit() {
    let server = Server::start().await;
    let head = registration(0).replace("content-length: 0", "transfer-encoding: chunked");
    let mut raw = Raw::sending(&server, &head).await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(1 << 16));
    // The answer comes long before the end, so that the last chunks are not taken any more.
    let endless = async { while raw.0.write_all(chunk.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(DEADLINE, endless).await.unwrap();
    assert_eq!(answer(server.get("/subjects")).await, (200, json!([])));
    server.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_others_end() {
    let server = Server::start_limited(HttpLimits { connections_max: 1, ..HttpLimits::default() });
    let server = server.await;
    let mut first = Raw::open(&server).await;
    first.send("GET /subjects HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let second = Raw::sending(&server, &LAST.replace("/schemas/types", "/subjects")).await;
    let body = r#"{"schema":"\"int\""}"#;
    let register = registration(body.len()).replace("host: x", "host: x\r\nconnection: close");
    first.send(&format!("{register}{body}")).await;
    assert_eq!(refusals(&first.rest().await), [(200, None), (200, None)]);
    let text = second.rest().await;
    assert!(text.ends_with("\r\n\r\n[\"s\"]"), "it was read before the first ended: {text}");
    server.stop().await;
}

#[tokio::test]
async fn a_client_with_too_many_connections_is_told_so() {
    let limits = HttpLimits { connections_per_ip_max: 2, ..HttpLimits::default() };
    let server = Server::start_limited(limits).await;
    let (first, second) = (Raw::open(&server).await, Raw::open(&server).await);
    let third = Raw::sending(&server, &LAST.replace("connection: close\r\n", "")).await;
    let mut text = String::new();
    let mut third = third.0;
    let told = async {
        while !text.contains("error_code") {
            let mut bytes = [0; 1024];
            let count = third.read(&mut bytes).await.unwrap();
            text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
    };
    tokio::time::timeout(DEADLINE, told).await.unwrap();
    assert_eq!(refusals(&text), [(429, Some(429))]);
    drop((first, second, third));
    until_status(&server, "/", 200).await;
    server.stop().await;
}

#[tokio::test]
async fn requests_beyond_the_limit_wait_a_little_and_supervisors_do_not() {
    let limits = HttpLimits { requests_max: 1, request_wait_ms: 50, ..HttpLimits::default() };
    let server = Server::start_limited(limits).await;
    let body = r#"{"schema":"\"int\""}"#;
    let head = registration(body.len()).replace("host: x", "host: x\r\nconnection: close");
    let mut busy = Raw::sending(&server, &head).await;
    until_status(&server, "/subjects", 503).await;
    assert_eq!(error_code(server.get("/schemas/ids/1")).await, (503, 503));
    assert_eq!(answer(server.get("/livez")).await, (200, json!({})));
    assert_eq!(answer(server.get("/readyz")).await, (200, json!({})));
    busy.send(body).await;
    assert_eq!(refusals(&busy.rest().await), [(200, None)]);
    assert_eq!(answer(server.get("/subjects")).await, (200, json!(["s"])));
    server.stop().await;
}

#[tokio::test]
async fn bodies_whose_length_is_told_in_two_ways_are_never_two_requests() {
    let server = Server::start().await;
    let hidden = "DELETE /subjects/s HTTP/1.1\r\nhost: x\r\n\r\n";
    let post = |lengths: &str| {
        format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{lengths}\r\n")
    };
    for (lengths, expected) in [
        ("content-length: 2\r\ncontent-length: 3\r\n", vec![(400, None)]),
        ("content-length: -1\r\n", vec![(400, None)]),
        ("content-length: 99999999999999999999999\r\n", vec![(400, None)]),
        ("transfer-encoding: gzip\r\n", vec![(400, None)]),
    ] {
        let request = format!("{}{{}}{hidden}", post(lengths));
        let text = Raw::sending(&server, &request).await.rest().await;
        assert_eq!(refusals(&text), expected, "{lengths}");
    }
    // The chunks alone say where the body ends, and nothing is read behind it.
    let both = post("content-length: 1000\r\ntransfer-encoding: chunked\r\n");
    let request = format!("{both}2\r\n{{}}\r\n0\r\n\r\n{hidden}");
    let text = Raw::sending(&server, &request).await.rest().await;
    assert_eq!(refusals(&text), [(200, None)]);
    let overflow = post("transfer-encoding: chunked\r\n") + "ffffffffffffffffff\r\n{}";
    let text = Raw::sending(&server, &overflow).await.rest().await;
    assert_eq!(refusals(&text), [(400, Some(400))]);
    server.stop().await;
}
