//! What holds for every path: media types, errors, names, parameters, limits.

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use reqwest::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

async fn content_type(request: RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn answers_and_errors_have_the_negotiated_type() {
    let server = Server::start().await;
    for (accept, expected) in [
        ("*/*", "application/vnd.schemaregistry.v1+json"),
        ("application/json", "application/json"),
        (
            "text/html, application/vnd.schemaregistry+json;q=0.1",
            "application/vnd.schemaregistry+json",
        ),
    ] {
        for path in ["/subjects", "/subjects/none/versions", "/nowhere"] {
            assert_eq!(content_type(server.get(path).header(ACCEPT, accept)).await, expected);
        }
    }
    let refused = error_code(server.get("/subjects").header(ACCEPT, "text/html")).await;
    assert_eq!(refused, (406, 406));
    server.stop().await;
}

#[tokio::test]
async fn a_request_in_a_foreign_type_is_refused_even_without_a_body() {
    let server = Server::start().await;
    server.register("s", "\"string\"").await;
    let typed = |path: &str, media_type: &str| server.get(path).header(CONTENT_TYPE, media_type);
    // Twice, because the second answer is one that was given before.
    for _ in 0..2 {
        assert_eq!(answer(server.get("/subjects/s/versions/1/schema")).await.0, 200);
        for path in ["/subjects/s/versions/1/schema", "/subjects", "/"] {
            assert_eq!(error_code(typed(path, "text/plain")).await, (415, 415), "{path}");
            assert_eq!(answer(typed(path, "application/json")).await.0, 200, "{path}");
        }
        assert_eq!(error_code(typed("/nowhere", "text/plain")).await, (404, 404));
        assert_eq!(answer(typed("/livez", "text/plain")).await.0, 200);
    }
    server.stop().await;
}

#[tokio::test]
async fn options_answers_the_methods_of_a_path() {
    let server = Server::start().await;
    let asked = server.request(Method::OPTIONS, "/subjects/s").send().await.unwrap();
    assert_eq!(asked.status(), 200);
    assert_eq!(asked.headers()[ALLOW], "POST,DELETE");
    assert_eq!(asked.text().await.unwrap(), "");
    let nowhere = error_code(server.request(Method::OPTIONS, "/nowhere")).await;
    assert_eq!(nowhere, (404, 404));
    server.stop().await;
}

#[tokio::test]
async fn an_answer_without_content_has_no_type() {
    let server = Server::start().await;
    let gone = server.request(Method::DELETE, "/contexts/.none").send().await.unwrap();
    assert_eq!((gone.status().as_u16(), gone.headers().get(CONTENT_TYPE)), (204, None));
    server.stop().await;
}

#[tokio::test]
async fn a_request_whose_answer_is_not_acceptable_changes_nothing() {
    let server = Server::start().await;
    let request = server.post("/subjects/s/versions", &json!({"schema": "\"string\""}));
    assert_eq!(error_code(request.header(ACCEPT, "text/html")).await, (406, 406));
    assert_eq!(answer(server.get("/subjects")).await, (200, json!([])));
    server.stop().await;
}

#[tokio::test]
async fn unknown_paths_methods_and_numbers_are_errors_of_the_framework() {
    let server = Server::start().await;
    for path in [
        "/nope",
        "/subjects/s/nope",
        "/v1/metadata",
        "/schemas/ids/x",
        "/schemas/ids/1.0",
        "/schemas/ids/2147483648",
        "/subjects?offset=x",
        "/subjects/s/versions?limit=x",
    ] {
        assert_eq!(error_code(server.get(path)).await, (404, 404), "{path}");
    }
    for (method, path) in [
        (Method::PUT, "/subjects"),
        (Method::DELETE, "/subjects"),
        (Method::PUT, "/subjects/s/versions/1"),
        (Method::POST, "/config"),
    ] {
        let code = error_code(server.request(method.clone(), path)).await;
        assert_eq!(code, (405, 405), "{method} {path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn bodies_are_judged_by_type_shape_and_size() {
    let server = Server::start().await;
    let post = |body: &'static str| {
        server
            .request(Method::POST, "/subjects/s/versions")
            .header(CONTENT_TYPE, "application/json")
            .body(body)
    };
    for wrong in ["{", "[]", "\"x\"", "7", r#"{"schema": {}}"#, r#"{"version": "x"}"#] {
        assert_eq!(error_code(post(wrong)).await, (400, 400), "{wrong}");
    }
    let marked = answer(post("\u{feff}{\"schema\": \"\\\"int\\\"\"}")).await;
    assert_eq!(marked.0, 200, "after a byte order mark: {marked:?}");
    for missing in ["", "null", " ", "\u{feff}"] {
        assert_eq!(error_code(post(missing)).await, (422, 422), "{missing:?}");
    }
    let plain = server.request(Method::POST, "/subjects/s/versions").body("{}");
    assert_eq!(error_code(plain.header(CONTENT_TYPE, "text/plain")).await, (415, 415));
    let deep = format!(r#"{{"schema": {}}}"#, "[".repeat(100_000));
    let deep = server.request(Method::POST, "/subjects/s/versions").body(deep);
    assert_eq!(error_code(deep).await, (400, 400));
    let untyped =
        server.request(Method::POST, "/subjects/s/versions").body(r#"{"schema":"\"int\""}"#);
    assert_eq!(answer(untyped).await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let server = Server::start().await;
    let body = |bytes: usize| {
        let frame = r#"{"schema":"\"int\"","pad":""}"#.len();
        format!(r#"{{"schema":"\"int\"","pad":"{}"}}"#, "x".repeat(bytes - frame))
    };
    let post = |body: String| server.request(Method::POST, "/subjects/s/versions").body(body);
    assert_eq!(answer(post(body(1 << 20))).await.0, 200);
    assert_eq!(error_code(post(body((1 << 20) + 1))).await, (413, 413));
    server.stop().await;
}

#[tokio::test]
async fn the_request_id_is_sent_back_or_made_up() {
    let server = Server::start().await;
    let id = |request: RequestBuilder| async move {
        let response = request.send().await.unwrap();
        response.headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(id(server.get("/").header("X-Request-ID", "mine")).await, "mine");
    for request in [
        server.get("/nowhere"),
        server.get("/").header("X-Request-ID", " "),
        server.get("/").header("X-Request-ID", "a").header("X-Request-ID", "b"),
    ] {
        let made_up = id(request).await;
        assert_eq!(made_up.len(), 36, "{made_up}");
        assert_eq!(made_up.as_bytes()[14], b'4', "{made_up}");
    }
    server.stop().await;
}

#[tokio::test]
async fn names_in_paths_are_decoded_once() {
    let server = Server::start().await;
    let names =
        ["a/b", "a b", "a%2Fb", "a?b", "a+b", "日本", "o'; DROP TABLE versions;--", "100%", "\\"];
    for name in names {
        let encoded = percent_encode(name.as_bytes(), NON_ALPHANUMERIC).to_string();
        server.register(&encoded, "\"string\"").await;
        let (_, document) = answer(server.get(&format!("/subjects/{encoded}/versions/1"))).await;
        assert_eq!(document["subject"], name);
    }
    let mut expected: Vec<&str> = names.to_vec();
    expected.sort_unstable();
    assert_eq!(answer(server.get("/subjects")).await, (200, json!(expected)));
    assert_eq!(answer(server.get("/subjects/a+b/versions")).await, (200, json!([1])));
    assert_eq!(answer(server.get("/subjects?subjectPrefix=a%252")).await, (200, json!(["a%2Fb"])));
    assert_eq!(answer(server.get("/subjects?subjectPrefix=a%25")).await, (200, json!(["a%2Fb"])));
    assert_eq!(error_code(server.get("/subjects/%FF/versions")).await.0, 400);
    server.stop().await;
}

#[tokio::test]
async fn names_with_control_characters_or_beyond_the_limit_are_refused() {
    let server = Server::start().await;
    for name in ["a%00b", "a%0Ab", "__EMPTY", &"x".repeat(1025)] {
        let path = format!("/subjects/{name}/versions");
        let code = error_code(server.post(&path, &json!({"schema": "\"string\""}))).await;
        assert_eq!(code, (422, 42208), "{name}");
    }
    server.register(&"x".repeat(1024), "\"string\"").await;
    server.stop().await;
}

#[tokio::test]
async fn uris_beyond_the_limit_are_refused() {
    let server = Server::start().await;
    let get = |bytes: usize| server.get(&format!("/subjects?{}", "x".repeat(bytes - 10)));
    assert_eq!(answer(get(8192)).await, (200, json!([])));
    assert_eq!(error_code(get(8193)).await, (414, 414));
    server.stop().await;
}

#[tokio::test]
async fn head_and_trailing_slashes_work_where_get_does() {
    let server = Server::start().await;
    let head = server.request(Method::HEAD, "/subjects").send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.text().await.unwrap()), (200, String::new()));
    assert_eq!(answer(server.get("/subjects/")).await, (200, json!([])));
    assert_eq!(answer(server.get("/")).await, (200, json!({})));
    server.stop().await;
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_order() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.running.local_addr()).await.unwrap();
    let requests = "GET /schemas/types HTTP/1.1\r\nhost: x\r\n\r\n\
                    GET /nope HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(requests.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let statuses: Vec<&str> =
        text.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect();
    assert_eq!(statuses, ["200", "404"]);
    server.stop().await;
}

/// A schema of each type, nested so deep.
fn nested(depth: usize) -> [(&'static str, String); 3] {
    let array = |item: &str| {
        format!("{}{item}{}", r#"{"type":"array","items":"#.repeat(depth), "}".repeat(depth))
    };
    let message = format!("{}{}", "message A {".repeat(depth), "}".repeat(depth));
    [
        ("AVRO", array("\"int\"")),
        ("JSON", array(r#"{"type":"integer"}"#)),
        ("PROTOBUF", format!("syntax = \"proto3\"; {message}")),
    ]
}

#[tokio::test]
async fn deep_schemas_are_taken_up_to_a_limit_and_the_server_outlives_any() {
    let server = Server::start().await;
    let post = |schema_type: &str, schema: &str| {
        let body = json!({"schema": schema, "schemaType": schema_type});
        server.post(&format!("/subjects/{schema_type}/versions?normalize=true"), &body)
    };
    // Protobuf readers stop at 100 levels of messages, so ours does.
    for (schema_type, schema) in nested(90) {
        for _ in 0..2 {
            assert_eq!(answer(post(schema_type, &schema)).await.0, 200, "{schema_type}");
        }
    }
    for (schema_type, schema) in nested(20_000) {
        assert_eq!(error_code(post(schema_type, &schema)).await, (422, 42201), "{schema_type}");
    }
    assert_eq!(answer(server.get("/")).await, (200, json!({})));
    server.stop().await;
}
