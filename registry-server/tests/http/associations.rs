//! Associations and inline tags, as they come and go over the wire.

use super::*;

fn request(associations: &Value) -> Value {
    json!({"resourceName": "t", "resourceNamespace": "ns", "resourceId": "id",
        "associations": associations})
}

#[tokio::test]
async fn an_association_shows_in_every_document() {
    let server = Server::start().await;
    server.register("s", "\"string\"").await;
    let made = server.post("/associations", &request(&json!([{"subject": "s"}])));
    let resource = json!({"resourceName": "t", "resourceNamespace": "ns", "resourceId": "id",
        "resourceType": "topic"});
    let mut shown = resource.clone();
    shown["associations"] =
        json!([{"subject": "s", "associationType": "value", "lifecycle": "WEAK"}]);
    assert_eq!(answer(made).await, (200, shown));
    let again = server.post("/associations", &request(&json!([{"subject": "s"}])));
    assert_eq!(answer(again).await, (200, resource.clone()));
    for path in [
        "/associations/resources/id",
        "/associations/resources/-/t?resourceType=topic&associationType=value&offset=0&limit=-1",
        "/associations/resources/ns/-",
        "/associations/subjects/s",
    ] {
        let (status, body) = answer(server.get(path)).await;
        let mut row = body[0].as_object().unwrap().clone();
        assert_eq!((status, body.as_array().unwrap().len()), (200, 1), "{path}");
        for member in ["guid", "createTs", "updateTs"] {
            assert!(row.remove(member).is_some(), "{path} {member}");
        }
        let mut expected = resource.as_object().unwrap().clone();
        expected.insert("subject".into(), json!("s"));
        expected.insert("associationType".into(), json!("value"));
        expected.insert("lifecycle".into(), json!("WEAK"));
        assert_eq!(row, expected, "{path}");
    }
    let unknown = server.get("/associations/resources/-/any.topic?resourceType=topic");
    assert_eq!(answer(unknown).await, (200, json!([])));
    let wrong = server.get("/associations/resources/id?lifecycle=SOME");
    assert_eq!(error_code(wrong).await, (404, 404));
    assert_eq!(answer(server.get("/schemas?resourceType=topic")).await.1[0]["subject"], "s");
    assert_eq!(error_code(server.request(Method::DELETE, "/subjects/s")).await, (409, 40904));
    let delete = || server.request(Method::DELETE, "/associations/resources/id");
    assert_eq!(delete().send().await.unwrap().status().as_u16(), 204);
    assert_eq!(error_code(delete()).await, (404, 40410));
    server.stop().await;
}

#[tokio::test]
async fn batches_answer_each_request_for_itself() {
    let server = Server::start().await;
    let schema = json!({"schema": "\"int\""});
    let create = json!([{"opType": "CREATE", "schema": schema}]);
    let missing = json!([{"opType": "UPSERT", "subject": "none"}]);
    let unknown = json!([{"opType": "MOVE"}]);
    let requests: Vec<Value> = [&create, &missing, &unknown].map(request).into();
    let (status, body) =
        answer(server.post("/associations:batchMutate", &json!({"requests": requests}))).await;
    assert_eq!(status, 207);
    let results = body["results"].as_array().unwrap();
    let made = &results[0]["result"]["associations"][0];
    assert_eq!((&made["subject"], &made["schema"]["version"]), (&json!(":.ns:t-value"), &json!(1)));
    assert_eq!(results[1]["error"]["error_code"], 42212);
    assert_eq!(results[2]["error"]["error_code"], 42212);
    let queries = json!({"requests": [{"resourceId": "id"}, {"resourceName": "t"}]});
    let path = "/associations:batchGet?includeSchemas=true";
    let (status, body) = answer(server.post(path, &queries)).await;
    assert_eq!(status, 207);
    let found = &body["results"][0]["result"]["associations"][0];
    assert_eq!(found["schema"]["schema"], "\"int\"");
    assert_eq!(body["results"][1]["error"]["error_code"], 42212);
    for path in ["/associations:batchGet", "/associations:batchMutate"] {
        assert_eq!(error_code(server.post(path, &json!({}))).await, (422, 42212));
    }
    server.stop().await;
}

#[tokio::test]
async fn tags_are_added_and_found() {
    let server = Server::start().await;
    server.register("s", r#"{"type":"record","name":"R","fields":[]}"#).await;
    let tags = json!([{"schemaEntity": {"entityPath": "R", "entityType": "sr_record"},
        "tags": ["a"]}]);
    let path = "/subjects/s/versions/latest/tags";
    let (status, body) = answer(server.post(path, &json!({"tagsToAdd": tags}))).await;
    assert_eq!((status, &body["version"]), (200, &json!(2)), "{body}");
    assert_eq!(body["metadata"], json!({"properties": {"confluent:version": "2"}}));
    for (query, expected) in [("*", Some(&tags)), ("b&findTags=a", Some(&tags)), ("b", None)] {
        for path in ["/subjects/s/versions/2", "/schemas/ids/2"] {
            let (_, found) = answer(server.get(&format!("{path}?findTags={query}"))).await;
            assert_eq!(found.get("schemaTags"), expected, "{path} {query}");
        }
    }
    let wrong = json!([{"schemaEntity": {"entityPath": "R", "entityType": "table"}, "tags": []}]);
    let refused = server.post(path, &json!({"tagsToAdd": wrong}));
    assert_eq!(error_code(refused).await, (400, 400));
    let both = json!({"ruleSet": {}, "rulesToRemove": []});
    assert_eq!(error_code(server.post(path, &both)).await, (422, 42210));
    server.stop().await;
}
