//! Schemas with rules in the real registry.

use levada_serde::RegistryClient;
use levada_serde::client::Call;
use serde_json::{Value as Json, json};

/// Registers a schema of a format with a contract; `contract` has the members `ruleSet` and
/// `metadata`.
pub(crate) async fn register(
    client: &RegistryClient,
    subject: &str,
    schema_type: &str,
    schema: &str,
    contract: Json,
) -> i32 {
    let mut body = json!({"schemaType": schema_type, "schema": schema});
    let (Json::Object(body), Json::Object(contract)) = (&mut body, contract) else { panic!() };
    body.extend(contract);
    let body = serde_json::to_vec(&body).unwrap();
    let path = &["subjects", subject, "versions"];
    let answer: Json = client.call(Call::post(path, body)).await.unwrap();
    i32::try_from(answer["id"].as_i64().unwrap()).unwrap()
}

/// A rule of mode WRITEREAD for domain rules; `more` adds and replaces members.
pub(crate) fn rule(name: &str, rule_type: &str, expr: &str, more: Json) -> Json {
    let mut rule = json!({"name": name, "type": rule_type, "expr": expr, "mode": "WRITEREAD"});
    let (Json::Object(members), Json::Object(more)) = (&mut rule, more) else { panic!() };
    members.extend(more);
    rule
}

/// A contract of domain rules alone.
pub(crate) fn domain(rules: &[Json]) -> Json {
    json!({"ruleSet": {"domainRules": rules}})
}
