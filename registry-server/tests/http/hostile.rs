//! Hostile schemas over the API: each is a clear refusal, none a 500, and none makes the server
//! fetch anything.

use levada_schema_core::Limits;

use super::*;

/// A `FileDescriptorProto` in base64: the file `e.proto` with a message `M` of one field, in
/// proto3, edition 2023 and edition 2024.
const PROTO3: &str = "CgdlLnByb3RvIgwKAU0SBwoBZhgBKAViBnByb3RvMw==";
const EDITION_2023: &str = "CgdlLnByb3RvIgwKAU0SBwoBZhgBKAViCGVkaXRpb25zcOgH";
const EDITION_2024: &str = "CgdlLnByb3RvIgwKAU0SBwoBZhgBKAViCGVkaXRpb25zcOkH";

fn protobuf(schema: &str) -> Value {
    json!({"schemaType": "PROTOBUF", "schema": schema})
}

/// The status, the code and the message of a refusal.
async fn refusal(request: RequestBuilder) -> (u16, i64, String) {
    let (status, body) = answer(request).await;
    let message = body["message"].as_str().unwrap_or_default().to_owned();
    (status, body["error_code"].as_i64().unwrap_or_default(), message)
}

#[tokio::test]
async fn editions_in_text_are_refused_by_name_with_the_way_out() {
    let server = Server::start().await;
    for edition in ["2023", "2024"] {
        for head in ["", "// a comment\n", "/* another */ "] {
            let text = format!("{head}edition = \"{edition}\";\nmessage M {{ int32 f = 1; }}");
            for path in ["/subjects/s/versions", "/subjects/s"] {
                let (status, code, message) = refusal(server.post(path, &protobuf(&text))).await;
                assert_eq!((status, code), (422, 42201), "{message}");
                for part in [&format!("edition {edition} is not supported"), "write syntax = "] {
                    assert!(message.contains(part), "{message}");
                }
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn descriptors_are_taken_whatever_their_edition_and_given_back_serialized() {
    let server = Server::start().await;
    for (subject, descriptor) in [("a", PROTO3), ("b", EDITION_2023), ("c", EDITION_2024)] {
        let path = format!("/subjects/{subject}/versions");
        let (status, registered) = answer(server.post(&path, &protobuf(descriptor))).await;
        assert_eq!(status, 200, "{registered}");
        let path = format!("/schemas/ids/{}", registered["id"]);
        let (_, stored) = answer(server.get(&path)).await;
        let text = stored["schema"].as_str().unwrap();
        assert!(text.contains("message M {\n"), "stored as text: {text}");
        let (_, shown) = answer(server.get(&format!("{path}?format=serialized"))).await;
        let serialized = shown["schema"].as_str().unwrap();
        assert_ne!(serialized, text);
        let again =
            answer(server.post(&format!("/subjects/{subject}"), &protobuf(serialized))).await;
        assert_eq!((again.0, &again.1["id"]), (200, &registered["id"]), "{serialized}");
    }
    server.stop().await;
}

#[tokio::test]
async fn broken_descriptors_are_refused_like_broken_text() {
    let server = Server::start().await;
    for broken in [
        &PROTO3[..PROTO3.len() - 6],
        "====",
        &"A".repeat(100_000),
        &format!("{PROTO3}\n{PROTO3}"),
        "\u{0}",
        "iwEA",
    ] {
        let (status, code, message) =
            refusal(server.post("/subjects/s/versions", &protobuf(broken))).await;
        assert_eq!((status, code), (422, 42201), "{broken}: {message}");
    }
    server.stop().await;
}

#[tokio::test]
async fn well_known_files_need_no_registration() {
    let server = Server::start().await;
    for (import, field) in [
        ("google/protobuf/any.proto", "google.protobuf.Any"),
        ("google/protobuf/api.proto", "google.protobuf.Api"),
        ("google/protobuf/descriptor.proto", "google.protobuf.FileDescriptorProto"),
        ("google/protobuf/duration.proto", "google.protobuf.Duration"),
        ("google/protobuf/empty.proto", "google.protobuf.Empty"),
        ("google/protobuf/field_mask.proto", "google.protobuf.FieldMask"),
        ("google/protobuf/source_context.proto", "google.protobuf.SourceContext"),
        ("google/protobuf/struct.proto", "google.protobuf.Struct"),
        ("google/protobuf/timestamp.proto", "google.protobuf.Timestamp"),
        ("google/protobuf/type.proto", "google.protobuf.Type"),
        ("google/protobuf/wrappers.proto", "google.protobuf.StringValue"),
        ("google/type/calendar_period.proto", "google.type.CalendarPeriod"),
        ("google/type/color.proto", "google.type.Color"),
        ("google/type/date.proto", "google.type.Date"),
        ("google/type/datetime.proto", "google.type.DateTime"),
        ("google/type/dayofweek.proto", "google.type.DayOfWeek"),
        ("google/type/decimal.proto", "google.type.Decimal"),
        ("google/type/expr.proto", "google.type.Expr"),
        ("google/type/fraction.proto", "google.type.Fraction"),
        ("google/type/interval.proto", "google.type.Interval"),
        ("google/type/latlng.proto", "google.type.LatLng"),
        ("google/type/money.proto", "google.type.Money"),
        ("google/type/month.proto", "google.type.Month"),
        ("google/type/phone_number.proto", "google.type.PhoneNumber"),
        ("google/type/postal_address.proto", "google.type.PostalAddress"),
        ("google/type/quaternion.proto", "google.type.Quaternion"),
        ("google/type/timeofday.proto", "google.type.TimeOfDay"),
        ("confluent/meta.proto", "confluent.Meta"),
        ("confluent/type/decimal.proto", "confluent.type.Decimal"),
        ("confluent/type/variant.proto", "confluent.type.Variant"),
    ] {
        let text =
            format!("syntax = \"proto3\"; import \"{import}\"; message M {{ {field} f = 1; }}");
        let path = format!("/subjects/{field}/versions");
        let (status, body) = answer(server.post(&path, &protobuf(&text))).await;
        assert_eq!(status, 200, "{import}: {body}");
    }
    let (status, body) = answer(server.post("/subjects/s/versions", &protobuf(
        "syntax = \"proto3\"; import \"google/type/nowhere.proto\"; message M { google.type.No f = 1; }"
    ))).await;
    assert_eq!((status, body["error_code"].as_i64()), (422, Some(42201)), "{body}");
    server.stop().await;
}

#[tokio::test]
async fn no_address_in_a_schema_is_ever_asked() {
    let server = Server::start().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let host = listener.local_addr().unwrap();
    let address = format!("http://{host}/a");
    let schemas = [
        ("JSON", json!({"$ref": address}).to_string()),
        ("JSON", json!({"$schema": address, "$id": address, "$ref": "b"}).to_string()),
        ("JSON", json!({"$ref": format!("jar:{address}!/b")}).to_string()),
        ("JSON", json!({"$ref": "file:///etc/hostname"}).to_string()),
        (
            "PROTOBUF",
            format!("syntax = \"proto3\"; import \"{address}\"; message M {{ A a = 1; }}"),
        ),
        ("AVRO", json!({"type": address}).to_string()),
    ];
    for (schema_type, schema) in schemas {
        let body = json!({"schemaType": schema_type, "schema": schema});
        for path in ["/subjects/s/versions", "/compatibility/subjects/s/versions"] {
            let (status, code, message) = refusal(server.post(path, &body)).await;
            assert_eq!((status, code), (422, 42201), "{schema}: {message}");
        }
    }
    let accepted = listener.accept().map(|(_, peer)| peer).map_err(|error| error.kind());
    assert_eq!(accepted, Err(std::io::ErrorKind::WouldBlock), "somebody connected");
    server.stop().await;
}

#[tokio::test]
async fn schemas_beyond_a_limit_are_refused_and_the_server_goes_on() {
    let server = Server::start().await;
    let deep = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
    for (schema_type, schema, setting) in [
        ("AVRO", deep("[", "]"), "depth-max"),
        ("JSON", deep("{\"not\":", "}"), "depth-max"),
        ("PROTOBUF", deep("message A {", "}"), "depth-max"),
        ("AVRO", format!("[{}]", "\"int\",".repeat(60_000)), "nodes-max"),
        ("JSON", "{\"maximum\":1e999999999}".to_owned(), "number-exponent-max"),
        ("JSON", format!("{{\"maximum\":{}}}", "9".repeat(900_000)), "number-digits-max"),
    ] {
        let body = json!({"schemaType": schema_type, "schema": schema});
        let (status, code, message) = refusal(server.post("/subjects/s/versions", &body)).await;
        assert_eq!((status, code), (422, 42201), "{message}");
        assert!(message.contains(&format!("(setting {setting})")), "{message}");
        assert!(message.len() < 5_000, "{} bytes", message.len());
    }
    server.register("s", "\"string\"").await;
    server.stop().await;
}

/// A record that refers to version 1 of `target` under the name that its text uses, or to nothing.
fn linked(name: &str, target: Option<&str>) -> Value {
    let field = target.unwrap_or("string");
    let schema = format!(
        r#"{{"type":"record","name":"{name}","fields":[{{"name":"f","type":"{field}"}}]}}"#
    );
    let references = target.map(|target| json!({"name": target, "subject": target, "version": 1}));
    json!({"schema": schema, "references": references.into_iter().collect::<Vec<_>>()})
}

/// Limits that a small schema can pass.
fn small() -> Limits {
    Limits {
        text_bytes_max: 900,
        nodes_max: 60,
        union_branches_max: 2,
        enum_symbols_max: 2,
        pattern_depth_max: 2,
        references_max: 1,
        closure_max: 2,
        closure_bytes_max: 300,
        ..Limits::default()
    }
}

async fn limited(limits: Limits) -> Server {
    let directory = TempDir::new().unwrap();
    let settings = Settings::new(directory.path().join("registry.db"), "127.0.0.1:0");
    let server = Server::start_as(Settings { limits, ..settings }).await;
    Server { directory, ..server }
}

#[tokio::test]
async fn a_limit_on_one_schema_is_named_when_it_is_passed() {
    let server = limited(small()).await;
    let wide = |count: usize| {
        let fields: Vec<String> =
            (0..count).map(|at| format!(r#"{{"name":"f{at}","type":"int"}}"#)).collect();
        format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","))
    };
    for (schema_type, schema, setting) in [
        ("AVRO", r#"["null","int","string"]"#.to_owned(), "union-branches-max"),
        ("JSON", r#"{"oneOf":[true,true,true]}"#.to_owned(), "union-branches-max"),
        (
            "PROTOBUF",
            "syntax = \"proto3\"; message M { oneof o { int32 a = 1; int32 b = 2; int32 c = 3; } }"
                .to_owned(),
            "union-branches-max",
        ),
        (
            "AVRO",
            r#"{"type":"enum","name":"E","symbols":["A","B","C"]}"#.to_owned(),
            "enum-symbols-max",
        ),
        ("JSON", r#"{"pattern":"(((a)))"}"#.to_owned(), "pattern-depth-max"),
        ("AVRO", wide(25), "nodes-max"),
    ] {
        let body = json!({"schemaType": schema_type, "schema": schema});
        let (status, code, message) = refusal(server.post("/subjects/s/versions", &body)).await;
        assert_eq!((status, code), (422, 42201), "{message}");
        assert!(message.contains(&format!("(setting {setting})")), "{setting}: {message}");
    }
    let long = json!({"schema": format!("\"{}\"", "x".repeat(900))});
    let (status, code, message) = refusal(server.post("/subjects/s/versions", &long)).await;
    assert_eq!((status, code), (422, 42209), "{message}");
    server.stop().await;
}

#[tokio::test]
async fn a_limit_on_references_is_named_when_it_is_passed() {
    let server = limited(small()).await;
    for (name, target) in [("A", None), ("B", Some("A")), ("C", Some("B"))] {
        let path = format!("/subjects/{name}/versions");
        assert_eq!(answer(server.post(&path, &linked(name, target))).await.0, 200, "{name}");
    }
    let mut twice = linked("D", Some("A"));
    twice["references"] = json!([twice["references"][0], twice["references"][0]]);
    let refused = async |body: Value| refusal(server.post("/subjects/D/versions", &body)).await;
    let (status, code, message) = refused(twice).await;
    assert_eq!((status, code), (422, 42201), "{message}");
    assert!(message.contains("(setting references-max)"), "{message}");
    let (status, code, message) = refused(linked("D", Some("C"))).await;
    assert_eq!((status, code), (422, 42201), "{message}");
    assert!(message.contains("(setting closure-max)"), "{message}");
    let doc = "x".repeat(300);
    let schema = format!(r#"{{"type":"record","name":"L","doc":"{doc}","fields":[]}}"#);
    let long = json!({"schema": schema});
    assert_eq!(answer(server.post("/subjects/L/versions", &long)).await.0, 200);
    let (status, code, message) = refused(linked("D", Some("L"))).await;
    assert_eq!((status, code), (422, 42201), "{message}");
    assert!(message.contains("(setting closure-bytes-max)"), "{message}");
    server.stop().await;
}

#[tokio::test]
async fn a_chain_of_references_is_followed_so_far_and_no_further() {
    let server = limited(Limits { reference_depth_max: 2, ..Limits::default() }).await;
    for (name, target) in [("A", None), ("B", Some("A")), ("C", Some("B"))] {
        let path = format!("/subjects/{name}/versions");
        assert_eq!(answer(server.post(&path, &linked(name, target))).await.0, 200, "{name}");
    }
    let (status, code, message) =
        refusal(server.post("/subjects/D/versions", &linked("D", Some("C")))).await;
    assert_eq!((status, code), (422, 42201), "{message}");
    assert!(message.contains("(setting reference-depth-max)"), "{message}");
    server.stop().await;
}

#[tokio::test]
async fn names_of_references_are_bounded_like_those_of_subjects() {
    let server = Server::start().await;
    server.register("A", r#"{"type":"record","name":"A","fields":[]}"#).await;
    for (name, expected) in [
        ("x".repeat(1024), (200, 0)),
        ("x".repeat(1025), (422, 42208)),
        ("a\nb".to_owned(), (422, 42208)),
        ("a\0b".to_owned(), (422, 42208)),
    ] {
        let reference = json!({"name": name, "subject": "A", "version": 1});
        let body = json!({"schema": "\"int\"", "references": [reference]});
        for path in ["/subjects/s/versions", "/compatibility/subjects/s/versions"] {
            let (status, code, message) = refusal(server.post(path, &body)).await;
            assert_eq!((status, code), expected, "{path}: {message}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_limit_on_comparisons_is_named_when_it_is_passed() {
    let server = limited(Limits { versions_max: 2, pairs_max: 40, ..Limits::default() }).await;
    let config = json!({"compatibility": "BACKWARD_TRANSITIVE"});
    let put = server.request(Method::PUT, "/config/s").json(&config);
    assert_eq!(answer(put).await.0, 200);
    let record = |fields: &[String]| {
        let fields = fields.join(",");
        json!({"schema": format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)})
    };
    let fields: Vec<String> =
        (0..3).map(|at| format!(r#"{{"name":"f{at}","type":"int","default":0}}"#)).collect();
    for count in 0..2 {
        let body = record(&fields[..count]);
        assert_eq!(answer(server.post("/subjects/s/versions", &body)).await.0, 200);
    }
    assert_eq!(answer(server.post("/subjects/s/versions", &record(&fields[..2]))).await.0, 200);
    let refused = refusal(server.post("/subjects/s/versions", &record(&fields))).await;
    assert_eq!((refused.0, refused.1), (422, 42201), "{}", refused.2);
    assert!(refused.2.contains("(setting versions-max)"), "{}", refused.2);
    // Each branch is compared with each, twice as deep.
    let nested = |doc: &str| {
        let items = r#"{"type":"array","items":["null",{"type":"map","values":["null","int"]}]}"#;
        let fields: Vec<String> =
            (0..7).map(|at| format!(r#"{{"name":"f{at}","type":{items}}}"#)).collect();
        let fields = fields.join(",");
        json!({"schema": format!(r#"{{"type":"record","name":"R","doc":"{doc}","fields":[{fields}]}}"#)})
    };
    assert_eq!(answer(server.post("/subjects/t/versions", &nested("a"))).await.0, 200);
    let refused = refusal(server.post("/subjects/t/versions", &nested("b"))).await;
    assert_eq!((refused.0, refused.1), (422, 42201), "{}", refused.2);
    assert!(refused.2.contains("(setting pairs-max)"), "{}", refused.2);
    server.stop().await;
}

#[tokio::test]
async fn a_pattern_that_costs_too_much_to_search_for_is_named() {
    let limits = Limits { pattern_bytes_max: 4_096, pattern_steps_max: 50, ..Limits::default() };
    let server = limited(limits).await;
    let name = "a".repeat(64);
    let old = json!({"type": "object", "properties": {&name: {"type": "string"}}});
    // One is large once it is compiled, the other is tried in every way before it fails.
    for (subject, pattern) in [("large", "^[a-z]{5000}$"), ("slow", "^(?=a)(a*)*\\1b$")] {
        let new = json!({"type": "object", "patternProperties": {pattern: {"type": "string"}}});
        let path = format!("/subjects/{subject}/versions");
        let json = |schema: &Value| json!({"schemaType": "JSON", "schema": schema.to_string()});
        assert_eq!(answer(server.post(&path, &json(&old))).await.0, 200);
        let (status, code, message) = refusal(server.post(&path, &json(&new))).await;
        assert_eq!((status, code), (422, 42201), "{message}");
        for named in [pattern, "pattern-bytes-max", "pattern-steps-max"] {
            assert!(message.contains(named), "{named}: {message}");
        }
    }
    server.stop().await;
}
