//! Answers that are given again: the same to the byte, and never one of the past.

use reqwest::header::{DATE, HeaderMap};

use super::*;

const RECORD: &str = r#"{"type":"record","name":"R","fields":[]}"#;
const WIDER: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"f","type":"int","default":0}]}"#;
/// Single reads whose answers are kept.
const READS: [&str; 5] = [
    "/schemas/ids/1",
    "/schemas/ids/1/schema",
    "/subjects/s/versions/1",
    "/subjects/s/versions/1/schema",
    "/contexts/:.:/subjects/s/versions/latest",
];

/// Status, headers but those of the moment, and body.
async fn whole(request: RequestBuilder) -> (u16, HeaderMap, String) {
    let response = request.send().await.unwrap();
    let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
    headers.remove(DATE);
    headers.remove("x-request-id").unwrap();
    (status, headers, response.text().await.unwrap())
}

#[tokio::test]
async fn an_answer_given_again_is_the_same_to_the_byte_in_whatever_type_is_asked_for() {
    let server = Server::start().await;
    server.register("s", RECORD).await;
    for path in READS {
        for accept in ["application/json", "application/vnd.schemaregistry.v1+json"] {
            let ask = || whole(server.get(path).header("accept", accept));
            let first = ask().await;
            assert_eq!((first.0, ask().await), (200, first.clone()), "{path}");
            assert_eq!(first.1["content-type"], accept, "{path}");
        }
        let refused = server.get(path).header("accept", "text/html");
        assert_eq!(error_code(refused).await, (406, 406), "{path}");
        let head = server.request(Method::HEAD, path);
        assert_eq!(whole(head).await.2, "", "{path}");
    }
}

#[tokio::test]
async fn every_change_is_seen_by_the_next_read() {
    let server = Server::start().await;
    let latest = || async {
        let (status, body) = answer(server.get("/subjects/s/versions/latest")).await;
        (status, body["version"].as_i64())
    };
    let holder = || async { answer(server.get("/schemas/ids/1")).await.1["subject"].clone() };
    server.register("s", RECORD).await;
    server.register("t", RECORD).await;
    assert_eq!((latest().await, holder().await), ((200, Some(1)), json!("s")));
    server.register("s", WIDER).await;
    assert_eq!(latest().await, (200, Some(2)));
    answer(server.request(Method::DELETE, "/subjects/s/versions/2")).await;
    assert_eq!(latest().await, (200, Some(1)));
    answer(server.request(Method::DELETE, "/subjects/s")).await;
    assert_eq!((latest().await.0, holder().await), (404, json!("t")));
    let alias = json!({"alias": "t"});
    answer(server.request(Method::PUT, "/config/s").json(&alias)).await;
    assert_eq!(answer(server.get("/subjects/s/versions/latest")).await.1["subject"], "t");
}

#[tokio::test]
async fn readers_beside_a_writer_never_see_less_than_was_acknowledged() {
    let server = Server::start().await;
    let acknowledged = std::sync::atomic::AtomicI64::new(0);
    let reads = async {
        for _ in 0..300 {
            let before = acknowledged.load(std::sync::atomic::Ordering::SeqCst);
            let (_, body) = answer(server.get("/subjects/s/versions/latest")).await;
            assert!(body["version"].as_i64().unwrap_or(0) >= before, "{before}: {body}");
        }
    };
    let writes = async {
        for version in 1..=30 {
            let schema =
                format!(r#"{{"type":"enum","name":"E","symbols":["A"],"doc":"{version}"}}"#);
            server.register("s", &schema).await;
            acknowledged.store(version, std::sync::atomic::Ordering::SeqCst);
        }
    };
    tokio::join!(reads, writes);
}
