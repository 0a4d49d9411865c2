//! Contexts in the path, metadata and rule sets, as they come and go over the wire.

use super::*;

#[tokio::test]
async fn a_path_can_enter_a_context() {
    let server = Server::start().await;
    let body = json!({"schema": "\"string\""});
    let registered = answer(server.post("/contexts/c/subjects/s/versions", &body)).await;
    assert_eq!(registered.0, 200);
    server.register("other", "\"string\"").await;
    let names = json!([":.c:s"]);
    assert_eq!(answer(server.get("/contexts/.c/subjects")).await, (200, names));
    let (_, found) = answer(server.get("/contexts/:.c:/schemas/ids/1")).await;
    assert_eq!((&found["subject"], &found["version"]), (&json!(":.c:s"), &json!(1)));
    assert_eq!(error_code(server.get("/contexts/a:b/subjects")).await, (400, 400));
    assert_eq!(answer(server.get("/contexts/.c/contexts")).await, (200, json!([".", ".c"])));
    let delete = || server.request(Method::DELETE, "/contexts/c");
    assert_eq!(error_code(delete()).await, (422, 42211));
    for query in ["", "?permanent=true"] {
        let path = format!("/contexts/.c/subjects/s{query}");
        assert_eq!(answer(server.request(Method::DELETE, &path)).await, (200, json!([1])));
    }
    assert_eq!(delete().send().await.unwrap().status().as_u16(), 204);
    assert_eq!(answer(server.get("/contexts")).await, (200, json!(["."])));
    server.stop().await;
}

#[tokio::test]
async fn settings_inside_a_context_are_its_own() {
    let server = Server::start().await;
    let put = |path: &str, body: Value| server.request(Method::PUT, path).json(&body);
    let level = json!({"compatibility": "FULL"});
    assert_eq!(answer(put("/contexts/.c/config", level.clone())).await, (200, level.clone()));
    let shown = json!({"compatibilityLevel": "FULL"});
    assert_eq!(answer(server.get("/config/:.c:")).await, (200, shown));
    let mode = json!({"mode": "READONLY"});
    assert_eq!(answer(put("/contexts/.c/mode/s", mode.clone())).await, (200, mode.clone()));
    assert_eq!(answer(server.get("/mode/:.c:s")).await, (200, mode));
    server.stop().await;
}

#[tokio::test]
async fn a_rule_set_comes_back_with_its_defaults_written_out() {
    let server = Server::start().await;
    let rules = json!({"domainRules": [{"name": "r", "type": "CEL", "tags": ["b", "a"]}],
                       "enableAt": "CLIENT"});
    let body = json!({"schema": "\"string\"", "ruleSet": rules});
    assert_eq!(answer(server.post("/subjects/s/versions", &body)).await.0, 200);
    let shown = json!({"domainRules": [{"name": "r", "kind": "TRANSFORM", "mode": "WRITEREAD",
        "type": "CEL", "tags": ["a", "b"], "disabled": false}], "enableAt": "CLIENT"});
    for path in ["/subjects/s/versions/1", "/schemas/ids/1"] {
        assert_eq!(answer(server.get(path)).await.1["ruleSet"], shown);
    }
    let listed = |rule_type: &str| server.get(&format!("/schemas?ruleType={rule_type}"));
    assert_eq!(answer(listed("CEL")).await.1[0]["subject"], "s");
    assert_eq!(answer(listed("cel")).await, (200, json!([])));
    for (rule, expected) in [
        (json!({"name": "r", "type": "CEL", "kind": "condition"}), (400, 400)),
        (json!({"name": "r", "type": "CEL", "mode": "NEVER"}), (400, 400)),
        (json!({"name": "r"}), (422, 42210)),
    ] {
        let body = json!({"schema": "\"string\"", "ruleSet": {"domainRules": [rule]}});
        assert_eq!(error_code(server.post("/subjects/t/versions", &body)).await, expected);
    }
    server.stop().await;
}

#[tokio::test]
async fn defaults_and_overrides_of_a_config_come_back_whole() {
    let server = Server::start().await;
    let rule = json!({"name": "r", "kind": "CONDITION", "mode": "READ", "type": "CEL",
                      "disabled": true});
    let contract = json!({
        "defaultMetadata": {"properties": {"k": "v"}},
        "overrideMetadata": {"tags": {"p": ["t"]}, "sensitive": ["k"]},
        "defaultRuleSet": {"encodingRules": [rule]},
        "overrideRuleSet": {"enableAt": "NONE"},
    });
    let put = |body: &Value| server.request(Method::PUT, "/config/s").json(body);
    assert_eq!(answer(put(&contract)).await, (200, contract.clone()));
    let mut shown = contract.clone();
    shown["compatibilityLevel"] = json!("BACKWARD");
    assert_eq!(answer(server.get("/config/s")).await, (200, shown));
    let cleared = json!({"defaultRuleSet": null, "overrideMetadata": null});
    let left = json!({"defaultMetadata": {"properties": {"k": "v"}},
                      "overrideRuleSet": {"enableAt": "NONE"}});
    assert_eq!(answer(put(&cleared)).await, (200, left));
    server.stop().await;
}
