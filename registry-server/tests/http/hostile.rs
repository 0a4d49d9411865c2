//! Hostile schemas over the API: each is a clear refusal, none a 500, and none makes the server
//! fetch anything.

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
        "CgdlLnByb3RvIgwKAU0SBwoBZhgBKAU",
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
    assert!(announced(&server, 100 << 20).await.starts_with("HTTP/1.1 413 "));
    server.register("s", "\"string\"").await;
    server.stop().await;
}

/// The answer to a body of so many bytes, of which no more are sent than are needed to see that
/// they are too many.
async fn announced(server: &Server, bytes: usize) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(server.running.local_addr()).await.unwrap();
    let head = format!(
        "POST /subjects/s/versions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {bytes}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b' '; (1 << 20) + 1]).await.unwrap();
    let mut answer = vec![0; 13];
    socket.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}
