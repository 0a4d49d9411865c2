//! Rules in CEL on messages of each format, against the real registry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod contract;
mod server;

use contract::{domain, register, rule};
use levada_serde::prost_reflect::{DynamicMessage, SerializeOptions};
use levada_serde::rules::{RuleMode, RuleOverride};
use levada_serde::wire_format::Side;
use levada_serde::{
    AvroDeserializer, AvroSerializer, DeserializerBuilder, Error, Framing, JsonDeserializer,
    JsonSerializer, ProtobufDeserializer, ProtobufSerializer, RegistryClient, Rules,
    SchemaDefinition, Serializer, SubjectNameStrategy,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use server::start;

const AVRO: &str = r#"{
  "type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "id", "type": "int"},
    {"name": "note", "type": "string", "confluent:tags": ["PII"]},
    {"name": "price", "type": "double"},
    {"name": "lines", "type": {"type": "array", "items": {
      "type": "record", "name": "Line", "fields": [
        {"name": "sku", "type": "string", "confluent:tags": ["PII"]},
        {"name": "count", "type": "int"}]}}}
  ]}"#;
const PROTOBUF: &str = r#"syntax = "proto3";
  package shop;
  import "confluent/meta.proto";
  message Order {
    int32 id = 1;
    string note = 2 [(confluent.field_meta).tags = "PII"];
    double price = 3;
    repeated Line lines = 4;
  }
  message Line {
    string sku = 1 [(confluent.field_meta).tags = "PII"];
    int32 count = 2;
  }"#;
const JSON: &str = r##"{
  "title": "Order", "type": "object",
  "properties": {
    "id": {"type": "integer"},
    "note": {"type": "string", "confluent:tags": ["PII"]},
    "price": {"oneOf": [{"type": "null"}, {"type": "number"}]},
    "lines": {"type": "array", "items": {"$ref": "#/definitions/line"}}
  },
  "definitions": {"line": {"type": "object", "properties": {
    "sku": {"type": "string", "confluent:tags": ["PII"]},
    "count": {"type": "integer"}
  }}}
}"##;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Order {
    id: i32,
    note: String,
    price: f64,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Line {
    sku: String,
    count: i32,
}

fn order(note: &str, price: f64, sku: &str) -> Order {
    Order {
        id: 1,
        note: note.to_owned(),
        price,
        lines: vec![Line { sku: sku.to_owned(), count: 2 }],
    }
}

/// The formats and a schema of the same orders in each.
const FORMATS: [(&str, &str); 3] = [("AVRO", AVRO), ("PROTOBUF", PROTOBUF), ("JSON", JSON)];

/// Writes an order with the rules of the subject `t-value`.
async fn write(
    client: &RegistryClient,
    format: &str,
    value: &Order,
    rules: Rules,
) -> Result<Vec<u8>, Error> {
    match format {
        "AVRO" => {
            let writer = AvroSerializer::from_registry(client).topic("t").rules(rules);
            writer.build().await?.encode(value)
        }
        "PROTOBUF" => {
            let writer = ProtobufSerializer::dynamic_from_registry(client).topic("t").rules(rules);
            let writer = writer.build().await?;
            let json = serde_json::to_value(value).unwrap();
            let message = DynamicMessage::deserialize(writer.descriptor().clone(), json).unwrap();
            writer.encode(&message)
        }
        _ => {
            let writer = JsonSerializer::from_registry(client).topic("t").rules(rules);
            writer.build().await?.encode(value)
        }
    }
}

async fn read(
    client: &RegistryClient,
    format: &str,
    bytes: &[u8],
    rules: Rules,
) -> Result<Order, Error> {
    match format {
        "AVRO" => {
            let reader = AvroDeserializer::with_schema(client, SchemaDefinition::avro(AVRO));
            reader.rules(rules).build().await?.decode_async(bytes, None).await
        }
        "PROTOBUF" => {
            let reader = ProtobufDeserializer::dynamic(client).rules(rules).build();
            let message = reader.decode_async(bytes, None).await?;
            Ok(serde_json::from_value(json_of(&message)).unwrap())
        }
        _ => JsonDeserializer::builder(client).rules(rules).build().decode_async(bytes, None).await,
    }
}

fn json_of(message: &DynamicMessage) -> Json {
    let options = SerializeOptions::new().skip_default_fields(false);
    message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
}

fn failed(result: Result<impl std::fmt::Debug, Error>) -> (RuleMode, String) {
    let Err(Error::Rule(failure)) = result else { panic!("{result:?}") };
    (failure.mode, failure.error.to_string())
}

#[tokio::test]
async fn condition_passes_what_holds_and_refuses_the_rest_on_both_sides() {
    for (format, schema) in FORMATS {
        let (_folder, _server, client) = start().await;
        let expr = "message.price < 10.0 && size(message.lines) == 1 && message.note != 'x'";
        let rule = rule("cheap", "CEL", expr, json!({"kind": "CONDITION"}));
        register(&client, "t-value", format, schema, domain(&[rule])).await;
        let (rules, good, bad) = (Rules::default(), order("n", 9.5, "s"), order("n", 10.5, "s"));
        let bytes = write(&client, format, &good, rules.clone()).await.unwrap();
        assert_eq!(read(&client, format, &bytes, rules.clone()).await.unwrap(), good);
        let (mode, reason) = failed(write(&client, format, &bad, rules.clone()).await);
        assert_eq!(mode, RuleMode::Write);
        assert_eq!(reason, format!("the condition does not hold: {expr}"), "{format}");
        let bytes = write(&client, format, &bad, Rules::none()).await.unwrap();
        assert_eq!(failed(read(&client, format, &bytes, rules).await).0, RuleMode::Read);
        assert_eq!(read(&client, format, &bytes, Rules::none()).await.unwrap(), bad);
    }
}

#[tokio::test]
async fn transform_of_the_message_takes_its_place_and_a_guard_can_pass_it_over() {
    for (format, schema) in FORMATS {
        let (_folder, _server, client) = start().await;
        let expr = "message.id == 1 ; {'id': message.id + 1, 'note': message.note + '!', \
                    'price': message.price * 2.0, 'lines': message.lines}";
        let rule = rule("double", "CEL", expr, json!({"mode": "WRITE", "kind": "TRANSFORM"}));
        register(&client, "t-value", format, schema, domain(&[rule])).await;
        let rules = Rules::default();
        let bytes = write(&client, format, &order("n", 1.5, "s"), rules.clone()).await.unwrap();
        let expected = Order { id: 2, ..order("n!", 3.0, "s") };
        assert_eq!(read(&client, format, &bytes, rules.clone()).await.unwrap(), expected);
        let other = Order { id: 7, ..order("n", 1.5, "s") };
        let bytes = write(&client, format, &other, rules.clone()).await.unwrap();
        assert_eq!(read(&client, format, &bytes, rules).await.unwrap(), other, "{format}");
    }
}

#[tokio::test]
async fn field_rule_changes_the_fields_with_its_tag_alone() {
    for (format, schema) in FORMATS {
        let (_folder, _server, client) = start().await;
        let full_name = match format {
            "JSON" => "$.note",
            _ => "shop.Order.note",
        };
        let expr = format!(
            "typeName == 'STRING' ; name == 'note' && fullName == '{full_name}' && 'PII' in tags \
             ? value + string(message.id) : value + '-' + string(message.count)"
        );
        let rule = rule("mark", "CEL_FIELD", &expr, json!({"mode": "WRITE", "tags": ["PII"]}));
        register(&client, "t-value", format, schema, domain(&[rule])).await;
        let rules = Rules::default();
        let bytes = write(&client, format, &order("n", 1.5, "s"), rules.clone()).await.unwrap();
        let read = read(&client, format, &bytes, rules).await.unwrap();
        assert_eq!(read, order("n1", 1.5, "s-2"), "{format}");
    }
}

#[tokio::test]
async fn json_fields_behind_references_of_every_kind_are_found() {
    let line =
        r#"{"type":"object","properties":{"sku":{"type":"string","confluent:tags":["PII"]}}"#;
    for (target, definitions) in [
        ("#/definitions/a%20line", format!(r#"{{"a line":{line}}}}}"#)),
        ("#line", format!(r##"{{"x":{line},"$id":"#line"}}}}"##)),
        ("line.json", format!(r#"{{"x":{line},"$id":"http://x.org/line.json"}}}}"#)),
    ] {
        let schema = format!(
            r#"{{"$id":"http://x.org/order.json","type":"object",
            "properties":{{"lines":{{"type":"array","items":{{"$ref":"{target}"}}}}}},
            "definitions":{definitions}}}"#
        );
        let (_folder, _server, client) = start().await;
        let details = json!({"mode": "WRITE", "tags": ["PII"]});
        let rule = rule("mark", "CEL_FIELD", "typeName == 'STRING' ; value + '!'", details);
        register(&client, "t-value", "JSON", &schema, domain(&[rule])).await;
        let order = order("n", 1.5, "s");
        let bytes = write(&client, "JSON", &order, Rules::default()).await.unwrap();
        let written: Order = serde_json::from_slice(&bytes[5..]).unwrap();
        assert_eq!(written.lines[0].sku, "s!", "{target}");
    }
}

#[tokio::test]
async fn field_condition_names_the_field_that_breaks_it() {
    for (format, schema) in FORMATS {
        let (_folder, _server, client) = start().await;
        let more = json!({"kind": "CONDITION", "tags": ["PII"], "doc": "no empty text"});
        let rule = rule("filled", "CEL_FIELD", "typeName != 'STRING' || value != ''", more);
        register(&client, "t-value", format, schema, domain(&[rule])).await;
        let rules = Rules::default();
        write(&client, format, &order("n", 1.5, "s"), rules.clone()).await.unwrap();
        let (_, reason) = failed(write(&client, format, &order("n", 1.5, ""), rules).await);
        let place = match format {
            "JSON" => "$.lines.sku",
            _ => "shop.Line.sku",
        };
        assert_eq!(reason, format!("no empty text (field `{place}`)"));
    }
}

#[tokio::test]
async fn failed_rule_is_passed_over_where_its_action_is_none() {
    for (format, schema) in FORMATS {
        let (_folder, _server, client) = start().await;
        let rules = [
            rule("wrong", "CEL", "message.nothing", json!({"onFailure": "NONE,ERROR"})),
            // Half of the fields would be changed when it fails.
            rule(
                "half",
                "CEL_FIELD",
                "name == 'sku' ? 1 / 0 : value",
                json!({"onFailure": "NONE", "mode": "WRITE"}),
            ),
        ];
        register(&client, "t-value", format, schema, domain(&rules)).await;
        let bytes = write(&client, format, &order("n", 1.5, "s"), Rules::default()).await.unwrap();
        let (mode, _) = failed(read(&client, format, &bytes, Rules::default()).await);
        assert_eq!(mode, RuleMode::Read);
        let raw = read(&client, format, &bytes, Rules::none()).await.unwrap();
        assert_eq!(raw, order("n", 1.5, "s"), "{format}");
    }
}

#[tokio::test]
async fn disabled_rules_and_overrides_decide_what_runs() {
    let (_folder, _server, client) = start().await;
    let never = |name, more| rule(name, "CEL", "false", more);
    let contract = domain(&[
        never("off", json!({"kind": "CONDITION", "disabled": true})),
        never("on", json!({"kind": "CONDITION"})),
    ]);
    register(&client, "t-value", "AVRO", AVRO, contract).await;
    let value = order("n", 1.5, "s");
    let change = |disabled, on_failure: Option<&str>| {
        let on_failure = on_failure.map(str::to_owned);
        Rules::default()
            .override_type("CEL", RuleOverride { disabled, on_failure, on_success: None })
    };
    for (rules, passes) in [
        (Rules::default(), false),
        (change(Some(true), None), true),
        (change(None, Some("NONE")), true),
        (change(Some(false), Some("ERROR")), false),
        (Rules::none(), true),
    ] {
        let written = write(&client, "AVRO", &value, rules.clone()).await;
        assert_eq!(written.is_ok(), passes, "{rules:?}: {written:?}");
    }
    for (where_, passes) in [("ALL", false), ("CLIENT", false), ("SERVER", true), ("NONE", true)] {
        let (_folder, _server, client) = start().await;
        let mut contract = domain(&[never("on", json!({"kind": "CONDITION"}))]);
        contract["ruleSet"]["enableAt"] = json!(where_);
        register(&client, "t-value", "AVRO", AVRO, contract).await;
        let written = write(&client, "AVRO", &value, Rules::default()).await;
        assert_eq!(written.is_ok(), passes, "{where_}");
    }
}

#[tokio::test]
async fn own_schema_runs_the_rules_that_the_registry_has_for_it() {
    let (_folder, _server, client) = start().await;
    let rule = rule("never", "CEL", "false", json!({"kind": "CONDITION"}));
    register(&client, "t-value", "AVRO", AVRO, domain(&[rule])).await;
    let writer = AvroSerializer::with_schema(&client, SchemaDefinition::avro(AVRO)).topic("t");
    let writer = writer.build().await.unwrap();
    failed(writer.encode(&order("n", 1.5, "s")));
}

#[tokio::test]
async fn hostile_expressions_end_in_errors() {
    let deep = [
        "(".repeat(5_000) + "1" + &")".repeat(5_000),
        vec!["1"; 5_000].join("+"),
        "message".to_owned() + &".a".repeat(5_000),
        "[".repeat(400),
        "x".repeat(100_000),
    ];
    for expr in deep {
        let (_folder, _server, client) = start().await;
        let rule = rule("deep", "CEL", &expr, json!({"kind": "CONDITION"}));
        register(&client, "t-value", "AVRO", AVRO, domain(&[rule])).await;
        failed(write(&client, "AVRO", &order("n", 1.5, "s"), Rules::default()).await);
    }
}

#[tokio::test]
async fn deepest_expressions_that_are_taken_run_on_a_small_stack() {
    for expr in [
        "(".repeat(80) + "true" + &")".repeat(80),
        vec!["message.id"; 150].join("+") + " > 0",
        "[1]".to_owned() + &".map(x, x)".repeat(90) + " == [1]",
    ] {
        let (_folder, _server, client) = start().await;
        let rule = rule("deep", "CEL", &expr, json!({"kind": "CONDITION"}));
        register(&client, "t-value", "AVRO", AVRO, domain(&[rule])).await;
        let written = write(&client, "AVRO", &order("n", 1.5, "s"), Rules::default()).await;
        assert!(written.is_ok(), "{written:?}");
    }
}

/// What a reader of each format makes of a message named by a header; its subject follows from the
/// strategy, if there is one.
async fn read_by_header(
    client: &RegistryClient,
    format: &str,
    (bytes, header): (&[u8], &[u8]),
    strategy: Option<(SubjectNameStrategy, &str)>,
) -> Result<Json, Error> {
    fn of<F>(
        builder: DeserializerBuilder<F>,
        strategy: Option<(SubjectNameStrategy, &str)>,
    ) -> DeserializerBuilder<F> {
        match strategy {
            Some((strategy, topic)) => builder.subject_of(strategy, topic, Side::Value),
            None => builder,
        }
    }
    let header = Some(header);
    match format {
        "AVRO" => {
            let builder =
                AvroDeserializer::<Order>::with_schema(client, SchemaDefinition::avro(AVRO));
            let order = of(builder, strategy).build().await?.decode_async(bytes, header).await?;
            Ok(serde_json::to_value(order).unwrap())
        }
        "PROTOBUF" => {
            let reader = of(ProtobufDeserializer::dynamic(client), strategy).build();
            Ok(serde_json::to_value(reader.decode_async(bytes, header).await?).unwrap())
        }
        _ => {
            let reader = of(JsonDeserializer::<Json>::builder(client), strategy).build();
            reader.decode_async(bytes, header).await
        }
    }
}

#[tokio::test]
async fn schema_of_several_subjects_is_read_by_the_rules_of_the_subject_that_the_strategy_makes() {
    let (_folder, _server, client) = start().await;
    for (format, schema) in FORMATS {
        let condition =
            rule("on-read", "CEL", "false", json!({"mode": "READ", "kind": "CONDITION"}));
        let contract = domain(&[condition]);
        for subject in [format!("{format}-value"), "shop.Order".to_owned() + format] {
            register(&client, &subject, format, schema, contract.clone()).await;
        }
        let bytes = write_framed(&client, format).await;
        let message = (&bytes.0[..], &bytes.1[..]);
        let unknown = read_by_header(&client, format, message, None).await.unwrap_err();
        assert!(unknown.to_string().contains("under one subject alone"), "{format}: {unknown}");
        let name = if format == "JSON" { "Order" } else { "shop.Order" };
        for (strategy, expected) in [
            (SubjectNameStrategy::Topic, format!("{format}-value")),
            (SubjectNameStrategy::Record, name.to_owned()),
            (SubjectNameStrategy::TopicRecord, format!("{format}-{name}")),
        ] {
            let wanted = Some((strategy.clone(), format));
            let read = read_by_header(&client, format, message, wanted).await;
            let Err(Error::Rule(failure)) = read else { panic!("{format} {strategy:?}: {read:?}") };
            assert_eq!((failure.subject, failure.mode), (expected, RuleMode::Read));
        }
    }
}

/// An order and the header that names its schema.
async fn write_framed(client: &RegistryClient, format: &str) -> (Vec<u8>, Vec<u8>) {
    fn framed<T>(writer: &impl Serializer<T>, value: &T) -> (Vec<u8>, Vec<u8>) {
        let mut bytes = Vec::new();
        writer.serialize_into(value, &mut bytes).unwrap();
        let (_, header) = writer.schema_id_header().unwrap();
        (bytes, header.to_vec())
    }
    let value = order("n", 1.0, "s");
    let header = Framing::Header;
    match format {
        "AVRO" => {
            let writer = AvroSerializer::from_registry(client).topic(format).framing(header);
            framed(&writer.build().await.unwrap(), &value)
        }
        "PROTOBUF" => {
            let writer = ProtobufSerializer::dynamic_from_registry(client).topic(format);
            let writer = writer.framing(header).build().await.unwrap();
            let json = serde_json::to_value(value).unwrap();
            let message = DynamicMessage::deserialize(writer.descriptor().clone(), json).unwrap();
            framed(&writer, &message)
        }
        _ => {
            let writer = JsonSerializer::from_registry(client).topic(format).framing(header);
            framed(&writer.build().await.unwrap(), &value)
        }
    }
}

#[tokio::test]
async fn json_is_validated_after_the_rules_or_before_them_as_it_is_wanted() {
    let (_folder, _server, client) = start().await;
    let schema = r#"{"type": "object", "properties": {"id": {"type": "integer", "minimum": 1}}}"#;
    let more = json!({"kind": "TRANSFORM", "mode": "WRITE"});
    let negated = rule("negate", "CEL_FIELD", "-value", more);
    register(&client, "t-value", "JSON", schema, domain(&[negated])).await;
    for (id, is_first, passes) in
        [(1, false, false), (-1, false, true), (1, true, true), (-1, true, false)]
    {
        let writer = JsonSerializer::<Json>::from_registry(&client).topic("t");
        let writer = writer.validate_before_rules(is_first).build().await.unwrap();
        match writer.encode(&json!({"id": id})) {
            Ok(bytes) => {
                assert_eq!(
                    (&bytes[5..], passes),
                    (json!({"id": -id}).to_string().as_bytes(), true)
                );
            }
            Err(error) => assert!(matches!(error, Error::Invalid(_)) && !passes, "{error}"),
        }
    }
}
