//! Rules that schemas carry themselves, in all formats, against the real registry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod contract;
mod server;

use contract::{domain, register, rule};
use levada_serde::prost_reflect::DynamicMessage;
use levada_serde::rules::ValidationRules;
use levada_serde::{
    AvroSerializer, Error, JsonSerializer, ProtobufSerializer, RegistryClient, SchemaDefinition,
};
use serde_json::{Value as Json, json};
use server::start;

const AVRO: &str = r#"{
  "type": "record", "name": "Order", "namespace": "shop",
  "confluent:rules": [{"name": "total", "doc": "lines must cost something",
                       "expr": "this.lines.size() == 0 || this.price > 0.0"}],
  "fields": [
    {"name": "id", "type": "int", "confluent:rules": [
      {"name": "positive", "expr": "this > 0 ? '' : 'id is ' + string(this)"}]},
    {"name": "note", "type": ["null", "string"], "confluent:rules": [
      {"expr": "this != ''", "sql": "note <> ''"}]},
    {"name": "price", "type": "double"},
    {"name": "lines", "confluent:rules": [{"name": "few", "expr": "this.size() < 3"}],
     "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
        {"name": "sku", "type": "string",
         "confluent:rules": [{"name": "long", "expr": "this.size() > 1"}]}]}}},
    {"name": "by", "type": {"type": "map", "values": "Line"}}
  ]}"#;
const PROTOBUF: &str = r#"syntax = "proto3";
  package shop;
  import "confluent/meta.proto";
  message Order {
    option (confluent.message_meta).rules = {
      name: "total" doc: "lines must cost something"
      expr: "this.lines.size() == 0 || this.price > 0.0"
    };
    int32 id = 1 [(confluent.field_meta).rules = {
      name: "positive" expr: "this > 0 ? '' : 'id is ' + string(this)" }];
    optional string note = 2 [(confluent.field_meta).rules = {
      expr: "this != ''" sql: "note <> ''" }];
    double price = 3;
    repeated Line lines = 4 [(confluent.field_meta).rules = { name: "few" expr: "this.size() < 3" }];
    map<string, Line> by = 5;
  }
  message Line {
    string sku = 1 [(confluent.field_meta).rules = { name: "long" expr: "this.size() > 1" }];
  }"#;
const JSON: &str = r##"{
  "title": "Order", "type": "object",
  "confluent:rules": [{"name": "total", "doc": "lines must cost something",
                       "expr": "this.lines.size() == 0 || this.price > 0.0"}],
  "properties": {
    "id": {"type": "integer", "confluent:rules": [
      {"name": "positive", "expr": "this > 0 ? '' : 'id is ' + string(this)"}]},
    "note": {"oneOf": [{"type": "null"}, {"type": "string"}], "confluent:rules": [
      {"expr": "this != ''", "sql": "note <> ''"}]},
    "price": {"type": "number"},
    "lines": {"type": "array", "confluent:rules": [{"name": "few", "expr": "this.size() < 3"}],
              "items": {"$ref": "#/definitions/line"}},
    "by": {"type": "object", "properties": {"a": {"$ref": "#/definitions/line"}}}
  },
  "definitions": {"line": {"type": "object", "properties": {
    "sku": {"type": "string", "confluent:rules": [{"name": "long", "expr": "this.size() > 1"}]}}}}
}"##;
const FORMATS: [(&str, &str); 3] = [("AVRO", AVRO), ("PROTOBUF", PROTOBUF), ("JSON", JSON)];

const BEFORE: ValidationRules = ValidationRules::BeforeDomainRules { fail_fast: false };
const AFTER: ValidationRules = ValidationRules::AfterDomainRules { fail_fast: false };

fn order() -> Json {
    json!({"id": 1, "note": "n", "price": 1.5, "lines": [{"sku": "ab"}], "by": {}})
}

/// Writes by the latest version of the subject.
async fn write(
    client: &RegistryClient,
    format: &str,
    value: &Json,
    validation: ValidationRules,
) -> Result<Vec<u8>, Error> {
    match format {
        "AVRO" => {
            let writer = AvroSerializer::json_from_registry(client).topic(format);
            writer.validation_rules(validation).build().await?.encode(value)
        }
        "PROTOBUF" => {
            let writer = ProtobufSerializer::dynamic_from_registry(client).topic(format);
            let writer = writer.validation_rules(validation).build().await?;
            let mut value = value.clone();
            value.as_object_mut().unwrap().retain(|_, member| !member.is_null());
            let message = DynamicMessage::deserialize(writer.descriptor().clone(), value).unwrap();
            writer.encode(&message)
        }
        _ => {
            let writer = JsonSerializer::from_registry(client).topic(format);
            writer.validation_rules(validation).build().await?.encode(value)
        }
    }
}

/// What is broken, in the order of the text, without what JSON puts in front of paths.
fn broken(result: Result<Vec<u8>, Error>) -> Vec<String> {
    match result {
        Ok(_) => Vec::new(),
        Err(Error::ValidationRules(error)) => {
            assert!(Error::from(error.clone()).is_poison());
            let told = error.violations.iter();
            let told = told.map(|it| it.to_string().replace("$.", "").replace("$:", "<root>:"));
            let mut told: Vec<_> = told.collect();
            told.sort_unstable();
            told
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn value_that_breaks_rules_of_its_schema_is_refused_with_all_of_them() {
    let (_folder, _server, client) = start().await;
    for (format, schema) in FORMATS {
        register(&client, &format!("{format}-value"), format, schema, json!({})).await;
        let wrong = json!({"id": -1, "note": "", "price": 0.0,
            "lines": [{"sku": "ab"}, {"sku": "c"}, {"sku": "d"}], "by": {"a": {"sku": "e"}}});
        let by = if format == "JSON" { "by.a.sku" } else { "by[\"a\"].sku" };
        let expected = [
            "<root>: total: lines must cost something".to_owned(),
            format!("{by}: long: this.size() > 1"),
            "id: positive: id is -1".to_owned(),
            "lines: few: this.size() < 3".to_owned(),
            "lines[1].sku: long: this.size() > 1".to_owned(),
            "lines[2].sku: long: this.size() > 1".to_owned(),
            "note: unnamed: note <> ''".to_owned(),
        ];
        for validation in [BEFORE, AFTER] {
            let written = write(&client, format, &wrong, validation).await;
            assert_eq!(broken(written), expected, "{format} {validation:?}");
        }
        let first = ValidationRules::BeforeDomainRules { fail_fast: true };
        assert_eq!(broken(write(&client, format, &wrong, first).await).len(), 1, "{format}");
        let unchecked = write(&client, format, &wrong, ValidationRules::Disabled).await;
        assert!(unchecked.is_ok(), "{format}: {unchecked:?}");

        let mut right = order();
        right["note"] = Json::Null; // absent: its rule is passed over
        let checked = write(&client, format, &right, BEFORE).await.unwrap();
        let unchecked = write(&client, format, &right, ValidationRules::Disabled).await.unwrap();
        assert_eq!(checked, unchecked, "{format}");
    }
}

#[tokio::test]
async fn domain_rules_run_behind_or_before_the_check_as_it_is_wanted() {
    let (_folder, _server, client) = start().await;
    for (format, schema) in FORMATS {
        let more = json!({"kind": "TRANSFORM", "mode": "WRITE"});
        let negated = rule("negate", "CEL_FIELD", "name == 'id' ; -value", more);
        let subject = format!("{format}-value");
        register(&client, &subject, format, schema, domain(&[negated])).await;
        let mut negative = order();
        negative["id"] = json!(-1);
        let refused = "id: positive: id is -1".to_owned();
        for (value, validation, expected) in [
            (&order(), BEFORE, vec![]),
            (&order(), AFTER, vec![refused.clone()]),
            (&negative, BEFORE, vec![refused]),
            (&negative, AFTER, vec![]),
        ] {
            let written = write(&client, format, value, validation).await;
            assert_eq!(broken(written), expected, "{format} {validation:?} {value}");
        }
    }
}

#[tokio::test]
async fn rules_that_cannot_be_applied_refuse_every_value_and_say_why() {
    let (_folder, _server, client) = start().await;
    let schema = |rules: Json| {
        let field = json!({"name": "id", "type": "int", "confluent:rules": rules});
        SchemaDefinition::avro(
            json!({"type": "record", "name": "R", "fields": [field]}).to_string(),
        )
    };
    for (topic, rules, reason) in [
        ("a", json!([{"name": "r", "expr": "this +"}]), "the rule is invalid"),
        ("b", json!([{"name": "r"}]), "it has no expression"),
        ("c", json!([{"name": "r", "expr": "this.x"}]), "caused by"),
        ("d", json!([{"name": "r", "expr": "this + 1"}]), "must give a bool or a string"),
    ] {
        let writer = AvroSerializer::generic(&client, schema(rules)).topic(topic);
        let writer = writer.validation_rules(BEFORE).build().await.unwrap();
        let value = levada_serde::avro::Value::Record(vec![(
            "id".to_owned(),
            levada_serde::avro::Value::Int(1),
        )]);
        let broken = broken(writer.encode(&value));
        assert!(broken.len() == 1 && broken[0].contains(reason), "{broken:?}");
    }
}
