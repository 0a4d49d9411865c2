//! The documents of the API, whole.

use super::*;

const RECORD: &str = r#"{"type":"record","name":"R","fields":[]}"#;
const WIDER: &str = r#"{"type":"record","name":"R","fields":[{"name":"f","type":"int"}]}"#;

/// The document without its time, which must be there.
async fn timeless(request: RequestBuilder) -> Value {
    let (status, mut body) = answer(request).await;
    assert_eq!(status, 200, "{body}");
    let ts = body.as_object_mut().unwrap().remove("ts");
    assert!(ts.and_then(|ts| ts.as_i64()).is_some_and(|ts| ts > 1_500_000_000_000));
    body
}

#[tokio::test]
async fn a_schema_shows_in_every_document() {
    let server = Server::start().await;
    let guid = "095d71cf-1255-6b9d-5e33-0ad575b3df5d";
    let body = json!({"schema": r#"{"type":"string"}"#});
    let registered = answer(server.post("/subjects/s/versions", &body)).await;
    let content = json!({"guid": guid, "schemaType": "AVRO", "schema": "\"string\""});
    let with = |members: Value| {
        let mut document = content.as_object().unwrap().clone();
        document.extend(members.as_object().unwrap().clone());
        Value::Object(document)
    };
    assert_eq!(registered, (200, with(json!({"id": 1, "version": 1}))));
    let again = with(json!({"id": 1, "version": 1, "deleted": false}));
    assert_eq!(timeless(server.post("/subjects/s/versions", &body)).await, again);

    let whole = with(json!({"subject": "s", "version": 1, "id": 1, "deleted": false}));
    assert_eq!(timeless(server.get("/subjects/s/versions/latest")).await, whole);
    assert_eq!(timeless(server.post("/subjects/s", &body)).await, whole);
    let by_id = with(json!({"subject": "s", "version": 1, "deleted": false}));
    assert_eq!(timeless(server.get("/schemas/ids/1")).await, by_id);
    let by_guid = with(json!({"deleted": false}));
    assert_eq!(timeless(server.get(&format!("/schemas/guids/{guid}"))).await, by_guid);
    let ids = answer(server.get(&format!("/schemas/guids/{guid}/ids"))).await;
    assert_eq!(ids, (200, json!([{"context": ".", "id": 1}])));
    let max_id = with(json!({"subject": "s", "version": 1, "maxId": 1, "deleted": false}));
    assert_eq!(timeless(server.get("/schemas/ids/1?fetchMaxId=true")).await, max_id);
    for path in ["/schemas/ids/1/schema", "/subjects/s/versions/1/schema"] {
        let text = server.get(path).send().await.unwrap().text().await.unwrap();
        assert_eq!(text, "\"string\"");
    }
    assert_eq!(answer(server.get("/schemas/ids/1/subjects")).await, (200, json!(["s"])));
    let versions = json!([{"subject": "s", "version": 1}]);
    assert_eq!(answer(server.get("/schemas/ids/1/versions")).await, (200, versions));
    server.stop().await;
}

#[tokio::test]
async fn references_and_metadata_show_as_they_were_given() {
    let server = Server::start().await;
    server.register("base", RECORD).await;
    let references = json!([{"name": "R", "subject": "base", "version": 1}]);
    let metadata = json!({"tags": {"R": ["b", "a"]}, "properties": {"k": "v"}, "sensitive": ["k"]});
    let body = json!({
        "schema": r#"{"type":"array","items":"R"}"#, "references": references, "metadata": metadata,
    });
    assert_eq!(answer(server.post("/subjects/s/versions", &body)).await.0, 200);
    let document = timeless(server.get("/subjects/s/versions/1")).await;
    assert_eq!(document["references"], references);
    let sorted = json!({"tags": {"R": ["a", "b"]}, "properties": {"k": "v"}, "sensitive": ["k"]});
    assert_eq!(document["metadata"], sorted);
    let resolved = server.get("/subjects/s/versions/1/schema?format=resolved");
    let resolved = resolved.send().await.unwrap().text().await.unwrap();
    assert_eq!(resolved, format!(r#"{{"type":"array","items":{RECORD}}}"#));
    let referrers = answer(server.get("/subjects/base/versions/1/referencedby")).await;
    assert_eq!(referrers, (200, json!([2])));
    server.stop().await;
}

#[tokio::test]
async fn references_are_qualified_where_that_is_a_parameter_and_lookups_know_no_tags() {
    let server = Server::start().await;
    server.register(":.c:base", RECORD).await;
    let references = json!([{"name": "R", "subject": "base", "version": 1}]);
    let text = r#"{"type":"record","name":"H","fields":[{"name":"r","type":"R"}]}"#;
    let body = json!({"schema": text, "references": references});
    answer(server.post("/subjects/:.c:s/versions", &body)).await;
    let shown = async |request| answer(request).await.1["references"][0]["subject"].clone();
    for path in ["/subjects/:.c:s/versions/1?", "/schemas/ids/2?subject=:.c:&"] {
        let path = format!("{path}referenceFormat=qualified");
        assert_eq!(shown(server.get(&path)).await, ":.c:base", "{path}");
    }
    let qualified = "/subjects/:.c:s?referenceFormat=qualified";
    assert_eq!(shown(server.post(qualified, &body)).await, "base");

    let entity = json!({"entityPath": "none", "entityType": "sr_record"});
    let add = json!([{"schemaEntity": entity, "tags": ["t"]}]);
    let tagged = json!({"schema": text, "references": references, "schemaTagsToAdd": add});
    assert_eq!(answer(server.post("/subjects/:.c:s", &tagged)).await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_check_answers_yes_or_no_and_says_why_when_asked() {
    let server = Server::start().await;
    server.register("s", RECORD).await;
    let check = |query: &str, schema: &str| {
        let path = format!("/compatibility/subjects/s/versions/latest{query}");
        server.post(&path, &json!({"schema": schema}))
    };
    assert_eq!(answer(check("", WIDER)).await, (200, json!({"is_compatible": false})));
    assert_eq!(answer(check("", RECORD)).await, (200, json!({"is_compatible": true})));
    let silent = json!({"is_compatible": true, "messages": []});
    assert_eq!(answer(check("?verbose=true", RECORD)).await, (200, silent));
    let (_, why) = answer(check("?verbose=true", WIDER)).await;
    let expected = json!([
        "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'f' at path \
         '/fields/0' in the new schema has no default value and is missing in the old schema', \
         additionalInfo:'f'}",
        "{oldSchemaVersion: 1}",
        format!("{{oldSchema: '{RECORD}'}}"),
        "{validateFields: 'false', compatibility: 'BACKWARD'}",
    ]);
    assert_eq!(why, json!({"is_compatible": false, "messages": expected}));

    let (status, refused) =
        answer(server.post("/subjects/s/versions", &json!({"schema": WIDER}))).await;
    let reasons: Vec<&str> =
        expected.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let message = format!(
        "Schema being registered is incompatible with an earlier schema for subject \"s\", \
         details: [{}]",
        reasons.join(", ")
    );
    assert_eq!((status, refused), (409, json!({"error_code": 40901, "message": message})));
    server.stop().await;
}

#[tokio::test]
async fn config_and_mode_documents() {
    let server = Server::start().await;
    let put = |path: &str, body: Value| server.request(Method::PUT, path).json(&body);
    let delete = |path: &str| server.request(Method::DELETE, path);
    let echo =
        json!({"normalize": true, "compatibility": "FULL", "compatibilityPolicy": "LENIENT"});
    let update =
        json!({"compatibility": "full", "normalize": true, "compatibilityPolicy": "lenient"});
    assert_eq!(answer(put("/config/s", update)).await, (200, echo));
    let shown =
        json!({"normalize": true, "compatibilityLevel": "FULL", "compatibilityPolicy": "LENIENT"});
    assert_eq!(answer(server.get("/config/s")).await, (200, shown.clone()));
    assert_eq!(answer(delete("/config/s")).await, (200, shown));
    let default = json!({"compatibilityLevel": "BACKWARD"});
    assert_eq!(answer(server.get("/config")).await, (200, default.clone()));
    assert_eq!(answer(delete("/config")).await, (200, default));
    for wrong in [
        json!({"compatibility": "SIDEWAYS"}),
        json!({"compatibility": ""}),
        json!({"compatibility": 5}),
    ] {
        assert_eq!(error_code(put("/config/s", wrong)).await, (422, 42203));
    }

    let mode = json!({"mode": "readonly"});
    assert_eq!(answer(put("/mode/s", mode.clone())).await, (200, mode));
    assert_eq!(answer(server.get("/mode/s")).await, (200, json!({"mode": "READONLY"})));
    let cleared = json!({"mode": null});
    assert_eq!(answer(put("/mode/s", cleared.clone())).await, (200, cleared));
    assert_eq!(error_code(server.get("/mode/s")).await, (404, 40409));
    assert_eq!(error_code(put("/mode/s", json!({}))).await, (422, 422));
    assert_eq!(error_code(put("/mode/s", json!({"mode": "nope"}))).await, (422, 42204));
    assert_eq!(answer(delete("/mode/s?recursive=true")).await, (200, json!({})));
    for always in ["/mode/:.:", "/mode/:.__GLOBAL:", "/mode/:.__GLOBAL:s"] {
        assert_eq!(answer(server.get(always)).await, (200, json!({"mode": "READWRITE"})));
    }
    let level = json!({"compatibilityLevel": "BACKWARD"});
    assert_eq!(answer(server.get("/config/:.__GLOBAL:s")).await, (200, level));
    server.stop().await;
}

#[tokio::test]
async fn an_alias_leads_requests_for_a_subject_to_another() {
    let server = Server::start().await;
    let alias = server.request(Method::PUT, "/config/b").json(&json!({"alias": "a"}));
    assert_eq!(answer(alias).await, (200, json!({"alias": "a"})));
    assert_eq!(server.register("b", RECORD).await, (1, 1));
    assert_eq!(answer(server.get("/subjects")).await, (200, json!(["a"])));
    let by_id = answer(server.get("/schemas/ids/1?subject=b")).await;
    assert_eq!(by_id.1["subject"], "a");
    assert_eq!(error_code(server.get("/config/a")).await, (404, 40408));
    server.stop().await;
}
