//! Schemas written and read as type definitions (`format=logical`).

use serde_json::json;

use super::*;

const VERSIONS: &str = "/subjects/orders-value/versions";

fn as_definition(server: &Server, body: &Value) -> RequestBuilder {
    server.post(&format!("{VERSIONS}?format=logical"), body)
}

#[tokio::test]
async fn a_definition_is_stored_as_a_native_schema_and_shown_as_either() {
    let server = Server::start().await;
    let body = json!({"schema": "STRUCT W (id INT NOT NULL, at DATE)", "schemaType": "avro"});
    let native = r#"{"type":"record","name":"W","fields":[{"name":"id","type":"int"},{"name":"at","type":["null",{"type":"int","logicalType":"date"}]}]}"#;
    let (status, registered) = answer(as_definition(&server, &body)).await;
    assert_eq!((status, registered["schema"].as_str()), (200, Some(native)));
    let (status, again) = answer(as_definition(&server, &body)).await;
    assert_eq!((status, &again["id"]), (200, &registered["id"]));

    let plain = answer(server.get(&format!("{VERSIONS}/1"))).await.1;
    assert_eq!(plain["schema"], native);
    let ddl = "STRUCT W (id INT NOT NULL, at DATE);\n";
    let shown = answer(server.get(&format!("{VERSIONS}/latest?format=LOGICAL"))).await.1;
    assert_eq!(shown["schema"], ddl);
    assert_eq!(shown["id"], registered["id"]);
    let text = server.get(&format!("{VERSIONS}/1/schema?format=logical")).send().await.unwrap();
    assert_eq!(text.text().await.unwrap(), ddl);
    // By id there are no definitions.
    let by_id = answer(server.get("/schemas/ids/1?format=logical")).await.1;
    assert_eq!(by_id["schema"], native);
    server.stop().await;
}

#[tokio::test]
async fn a_definition_uses_the_types_of_its_references() {
    let server = Server::start().await;
    server
        .register("money", r#"{"type":"record","name":"Money","namespace":"m","fields":[]}"#)
        .await;
    let references = json!([{"name": "m.Money", "subject": "money", "version": 1}]);
    let mut body = json!({
        "schema": "STRUCT P (price m.Money NOT NULL)", "schemaType": "AVRO", "references": references,
    });
    let (status, registered) = answer(as_definition(&server, &body)).await;
    let native = r#"{"type":"record","name":"P","fields":[{"name":"price","type":"m.Money"}]}"#;
    assert_eq!((status, registered["schema"].as_str()), (200, Some(native)));
    let shown = answer(server.get(&format!("{VERSIONS}/1?format=logical"))).await.1;
    assert_eq!(shown["schema"], "STRUCT P (price m.Money NOT NULL);\n");
    assert_eq!(shown["references"], references);

    body["references"] = json!([]);
    assert_eq!(error_code(as_definition(&server, &body)).await, (422, 42201));
    body["references"] = json!([{"name": "m.Money", "subject": "nobody", "version": 1}]);
    assert_eq!(error_code(as_definition(&server, &body)).await, (422, 42201));
    server.stop().await;
}

#[tokio::test]
async fn a_definition_can_be_stored_as_protobuf_with_the_types_of_its_references() {
    let server = Server::start().await;
    let money = json!({
        "schema": "syntax = \"proto3\"; package m; message Money {}", "schemaType": "PROTOBUF",
    });
    assert_eq!(answer(server.post("/subjects/money/versions", &money)).await.0, 200);
    let references = json!([{"name": "money.proto", "subject": "money", "version": 1}]);
    let ddl = "TYPE STRUCT(price m.Money NOT NULL, at DATE) NOT NULL;\n";
    let body = json!({"schema": ddl, "schemaType": "protobuf", "references": references});
    let (status, registered) = answer(as_definition(&server, &body)).await;
    let native = r#"syntax = "proto3";

import "google/type/date.proto";
import "money.proto";

message orders_value {
  .m.Money price = 1;
  optional .google.type.Date at = 2;
}
"#;
    assert_eq!((status, registered["schema"].as_str()), (200, Some(native)), "{registered}");
    let shown = answer(server.get(&format!("{VERSIONS}/1?format=logical"))).await.1;
    // A reference says of no field whether it may be absent.
    assert_eq!(shown["schema"], "TYPE STRUCT(price m.Money, at DATE) NOT NULL;\n");
    assert_eq!(shown["references"], references);
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_definition_or_has_no_native_form_is_refused_with_the_reason() {
    let server = Server::start().await;
    for (body, reason) in [
        (
            json!({"schema": "STRUCT W (id INT)"}),
            "format=logical needs a schemaType of AVRO, JSON or PROTOBUF, not ''",
        ),
        (
            json!({"schema": "STRUCT W (id INT)", "schemaType": "XML"}),
            "format=logical needs a schemaType of AVRO, JSON or PROTOBUF, not 'XML'",
        ),
        (
            json!({"schema": "STRUCT W (id INT", "schemaType": "AVRO"}),
            "Invalid type definition: expected ',' or ')', found the end (line 1, column 17)",
        ),
        (
            json!({"schema": " ", "schemaType": "AVRO"}),
            "Invalid type definition: nothing to register: declare a STRUCT or an ENUM, or add TYPE (line 1, column 2)",
        ),
        (
            json!({"schema": "STRUCT W (`a-b` INT)", "schemaType": "AVRO"}),
            "The type definition cannot be stored as AVRO: name \"a-b\" must not contain '-'; letters, digits and '_' may stand there",
        ),
    ] {
        let (status, refused) = answer(as_definition(&server, &body)).await;
        assert_eq!((status, &refused["error_code"]), (422, &json!(42201)), "{body}");
        let message = refused["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(reason), "{message}");
    }
    server.register("orders-value", r#"["null",{"type":"int","connect.type":"int64"}]"#).await;
    let (status, refused) = answer(server.get(&format!("{VERSIONS}/1?format=logical"))).await;
    let message =
        "The AVRO schema cannot be shown as a type definition: an int with connect.type 'int64'";
    assert_eq!((status, &refused["message"]), (422, &json!(message)));
    server.stop().await;
}
