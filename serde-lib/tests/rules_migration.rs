//! Migration rules in `JSONata` over three versions of a subject, against the real registry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod contract;
mod server;

use contract::{domain, register, rule};
use levada_serde::avro::Value;
use levada_serde::client::Call;
use levada_serde::prost_reflect::DynamicMessage;
use levada_serde::rules::{ReaderVersion, RuleMode};
use levada_serde::{
    AvroDeserializer, AvroSerializer, Error, JsonDeserializer, JsonSerializer,
    ProtobufDeserializer, ProtobufSerializer, RegistryClient, SchemaSource,
};
use serde_json::{Value as Json, json};
use server::start;

/// A schema with an id and one text field of this name.
fn schema(format: &str, field: &str) -> String {
    match format {
        "AVRO" => json!({"type": "record", "name": "Item", "fields": [
            {"name": "id", "type": "int"},
            {"name": field, "type": ["string", "null"]}]})
        .to_string(),
        "PROTOBUF" => {
            format!("syntax = \"proto3\"; message Item {{ int32 id = 1; string {field} = 2; }}")
        }
        _ => json!({"type": "object", "additionalProperties": false, "properties": {
            "id": {"type": "integer"}, field: {"type": "string"}}})
        .to_string(),
    }
}

fn step(mode: &str, expr: &str) -> Json {
    rule(&mode.to_lowercase(), "JSONATA", expr, json!({"mode": mode, "kind": "TRANSFORM"}))
}

/// Three versions of the subject `t-value`; each names the text another way. The ids.
async fn versions(client: &RegistryClient, format: &str) -> [i32; 3] {
    let config = json!({"compatibility": "NONE"}).to_string();
    let _: Json = client.call(Call::put(&["config"], config.into())).await.unwrap();
    let second = json!({"ruleSet": {"migrationRules": [
        step("UPGRADE", "{'id': id + 10, 'second': first & '>'}"),
        step("DOWNGRADE", "{'id': id - 10, 'first': second & '<'}"),
    ]}});
    let third = json!({"ruleSet": {"migrationRules": [
        step("UPGRADE", "$merge([$sift($, function($v, $k) {$k != 'second'}), {'third': second}])"),
        step("DOWNGRADE", "{'id': id, 'second': third}"),
    ]}});
    let none = domain(&[]);
    [
        register(client, "t-value", format, &schema(format, "first"), none).await,
        register(client, "t-value", format, &schema(format, "second"), second).await,
        register(client, "t-value", format, &schema(format, "third"), third).await,
    ]
}

async fn write(client: &RegistryClient, format: &str, id: i32, value: Json) -> Vec<u8> {
    let source = SchemaSource::Id { id: u32::try_from(id).unwrap(), strict: false };
    match format {
        "AVRO" => {
            let writer = AvroSerializer::json_from_registry(client).topic("t").source(source);
            writer.build().await.unwrap().encode(&value).unwrap()
        }
        "PROTOBUF" => {
            let writer = ProtobufSerializer::dynamic_from_registry(client);
            let writer = writer.topic("t").source(source).build().await.unwrap();
            let message = DynamicMessage::deserialize(writer.descriptor().clone(), value).unwrap();
            writer.encode(&message).unwrap()
        }
        _ => {
            let writer = JsonSerializer::from_registry(client).topic("t").source(source);
            writer.build().await.unwrap().encode(&value).unwrap()
        }
    }
}

async fn read(
    client: &RegistryClient,
    format: &str,
    bytes: &[u8],
    version: ReaderVersion,
) -> Result<Json, Error> {
    match format {
        "AVRO" => {
            let reader = AvroDeserializer::generic(client).reader_version(version);
            let value = reader.build().await?.decode_async(bytes, None).await?;
            let Value::Record(fields) = value else { panic!("{value:?}") };
            let json = fields.into_iter().map(|(name, value)| (name, json_of(value)));
            Ok(Json::Object(json.collect()))
        }
        "PROTOBUF" => {
            let reader = ProtobufDeserializer::dynamic(client).reader_version(version).build();
            let message = reader.decode_async(bytes, None).await?;
            Ok(serde_json::to_value(&message).unwrap())
        }
        _ => {
            let reader = JsonDeserializer::<Json>::builder(client).reader_version(version).build();
            reader.decode_async(bytes, None).await
        }
    }
}

fn json_of(value: Value) -> Json {
    match value {
        Value::Union(_, inner) => json_of(*inner),
        Value::Int(value) => json!(value),
        Value::String(text) => json!(text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn messages_come_up_and_down_over_the_versions_between() {
    for format in ["AVRO", "PROTOBUF", "JSON"] {
        let (_folder, _server, client) = start().await;
        let [first, second, third] = versions(&client, format).await;
        let (one, two, three) = (
            json!({"id": 1, "first": "a"}),
            json!({"id": 1, "second": "a"}),
            json!({"id": 1, "third": "a"}),
        );
        for (id, value, version, expected) in [
            (first, &one, ReaderVersion::Latest, json!({"id": 11, "third": "a>"})),
            (first, &one, ReaderVersion::Number(2), json!({"id": 11, "second": "a>"})),
            (first, &one, ReaderVersion::Number(1), one.clone()),
            (second, &two, ReaderVersion::Number(3), json!({"id": 1, "third": "a"})),
            (third, &three, ReaderVersion::Number(2), json!({"id": 1, "second": "a"})),
            (third, &three, ReaderVersion::Number(1), json!({"id": -9, "first": "a<"})),
            (third, &three, ReaderVersion::Latest, three.clone()),
        ] {
            let bytes = write(&client, format, id, value.clone()).await;
            let read = read(&client, format, &bytes, version.clone()).await;
            assert_eq!(read.unwrap(), expected, "{format} {value} {version:?}");
        }
    }
}

#[tokio::test]
async fn soft_deleted_version_still_takes_part() {
    let (_folder, _server, client) = start().await;
    let [first, ..] = versions(&client, "JSON").await;
    let path = &["subjects", "t-value", "versions", "2"];
    let _: Json = client.call(Call::delete(path)).await.unwrap();
    let bytes = write(&client, "JSON", first, json!({"id": 1, "first": "a"})).await;
    let read = read(&client, "JSON", &bytes, ReaderVersion::Latest).await.unwrap();
    assert_eq!(read, json!({"id": 11, "third": "a>"}));
}

#[tokio::test]
async fn integers_that_jsonata_cannot_hold_are_refused_and_not_rounded() {
    let (_folder, _server, client) = start().await;
    let [first, ..] = versions(&client, "JSON").await;
    for (id, passes) in [(9_007_199_254_740_982i64, true), (9_007_199_254_740_993, false)] {
        let bytes = write(&client, "JSON", first, json!({"id": id, "first": "a"})).await;
        match read(&client, "JSON", &bytes, ReaderVersion::Number(2)).await {
            Ok(value) => assert_eq!((value["id"].as_i64(), passes), (Some(id + 10), true)),
            Err(Error::Rule(failure)) => {
                assert_eq!((failure.mode, failure.rule.as_str()), (RuleMode::Upgrade, "upgrade"));
                assert!(!passes && failure.error.to_string().contains("9007199254740993"));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn endless_expression_is_stopped() {
    let endless = "($f := function($n) {$f($n + 1)}; $f(0))";
    let deep = "(".repeat(50_000);
    for expr in [endless, &deep, "$map([1..100000000], function($x) {$x})", ""] {
        let (_folder, _server, client) = start().await;
        let config = json!({"compatibility": "NONE"}).to_string();
        let _: Json = client.call(Call::put(&["config"], config.into())).await.unwrap();
        let none = domain(&[]);
        let first = register(&client, "t-value", "JSON", &schema("JSON", "first"), none).await;
        let rules = json!({"ruleSet": {"migrationRules": [step("UPGRADE", expr)]}});
        register(&client, "t-value", "JSON", &schema("JSON", "second"), rules).await;
        let bytes = write(&client, "JSON", first, json!({"id": 1, "first": "a"})).await;
        let result = read(&client, "JSON", &bytes, ReaderVersion::Latest).await;
        assert!(matches!(result, Err(Error::Rule(_))), "{result:?}");
    }
}
