//! Subjects that a program names by a rule of its own, in every format.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod contract;
mod server;

use contract::{domain, register, rule};
use levada_serde::client::Call;
use levada_serde::prost_reflect::DynamicMessage;
use levada_serde::wire_format::Side;
use levada_serde::{
    AvroDeserializer, AvroSerializer, Binding, DeserializerBuilder, Error, JsonDeserializer,
    JsonSerializer, ProtobufDeserializer, ProtobufSerializer, RegistryClient, SchemaDefinition,
    SchemaSource, Serializer, SerializerBuilder, SubjectNameStrategy,
};
use serde_json::{Value as Json, json};
use server::start;

/// Format, the program's schema, what its root is called, and a schema that has no place for all of
/// the program's values.
const FORMATS: [(&str, &str, &str, &str); 3] = [
    (
        "AVRO",
        r#"{"type": "record", "name": "Order", "namespace": "shop", "fields": [{"name": "id", "type": "long"}]}"#,
        "shop.Order",
        r#"{"type": "record", "name": "Order", "namespace": "shop", "fields": [{"name": "id", "type": "int"}]}"#,
    ),
    (
        "PROTOBUF",
        "syntax = \"proto3\"; package shop; message Order { int64 id = 1; }",
        "shop.Order",
        "syntax = \"proto3\"; package shop; message Order { string id = 1; }",
    ),
    (
        "JSON",
        r#"{"title": "Order", "type": "object", "properties": {"id": {"type": "number"}}}"#,
        "Order",
        r#"{"title": "Order", "type": "object", "properties": {"id": {"type": "integer"}}}"#,
    ),
];

/// `team.<record>.<topic>.<side>`, with `any` where there is no topic.
fn by_team() -> SubjectNameStrategy {
    SubjectNameStrategy::custom(|parts| {
        let name = parts.record_name.ok_or_else(|| Error::Config("no name, no team".to_owned()))?;
        Ok(format!("team.{name}.{}.{:?}", parts.topic.unwrap_or("any"), parts.side))
    })
}

fn schema(format: &str, text: &str) -> SchemaDefinition {
    SchemaDefinition { schema_type: format.parse().unwrap(), ..SchemaDefinition::avro(text) }
}

/// What serializers of keys are told.
struct Told<'a> {
    topic: Option<&'a str>,
    source: SchemaSource,
}

impl Told<'_> {
    fn tell<F>(&self, builder: SerializerBuilder<F>) -> SerializerBuilder<F> {
        let builder = builder.key().subject_name_strategy(by_team()).source(self.source.clone());
        match self.topic {
            Some(topic) => builder.topic(topic),
            None => builder,
        }
    }

    /// Subject and topic of a serializer with the program's own schema.
    async fn build(
        &self,
        client: &RegistryClient,
        format: &str,
        own: &str,
    ) -> Result<(String, Option<String>), Error> {
        let bound = |binding: Option<&Binding>| {
            let binding = binding.unwrap();
            (binding.subject().to_owned(), binding.topic().map(str::to_owned))
        };
        let schema = schema(format, own);
        Ok(match format {
            "AVRO" => {
                bound(self.tell(AvroSerializer::generic(client, schema)).build().await?.binding())
            }
            "PROTOBUF" => {
                let builder = ProtobufSerializer::dynamic_with_schema(client, schema);
                bound(Serializer::<DynamicMessage>::binding(&self.tell(builder).build().await?))
            }
            _ => {
                let builder = JsonSerializer::<Json>::with_schema(client, schema);
                bound(self.tell(builder).build().await?.binding())
            }
        })
    }
}

#[tokio::test]
async fn own_rule_names_the_subject_and_its_error_ends_the_build() {
    let (_folder, _server, client) = start().await;
    let told = |topic| Told { topic, source: SchemaSource::AutoRegister { normalize: false } };
    for (format, own, name, _) in FORMATS {
        let bound = told(Some(format)).build(&client, format, own).await.unwrap();
        // Another topic can have another subject, so messages may go to this one alone.
        assert_eq!(bound, (format!("team.{name}.{format}.Key"), Some(format.to_owned())));
    }
    let (format, own, ..) = FORMATS[0];
    let bound = told(None).build(&client, format, own).await.unwrap();
    assert_eq!(bound, ("team.shop.Order.any.Key".to_owned(), None));
    for (format, unnamed) in [("AVRO", "\"int\""), ("JSON", "{}")] {
        let refused = told(Some(format)).build(&client, format, unnamed).await;
        let Err(Error::Config(reason)) = refused else { panic!("{format}: {refused:?}") };
        assert_eq!(reason, "no name, no team");
    }
}

#[tokio::test]
async fn strict_latest_of_a_subject_by_own_rule_takes_only_what_has_a_place_for_every_value() {
    let (_folder, _server, client) = start().await;
    let anything = br#"{"compatibility": "NONE"}"#.to_vec();
    client.call::<Json>(Call::put(&["config"], anything)).await.unwrap();
    for (format, own, name, narrow) in FORMATS {
        let latest = |strict| Told { topic: Some(format), source: SchemaSource::Latest { strict } };
        let subject = format!("team.{name}.{format}.Key");
        client.register(&subject, &schema(format, narrow), false).await.unwrap();
        let strict = latest(true).build(&client, format, own).await;
        let Err(Error::Incompatible { subject: refused, details }) = strict else {
            panic!("{format}: {strict:?}")
        };
        assert_eq!((&refused, details.is_empty()), (&subject, false), "{format}");
        assert_eq!(latest(false).build(&client, format, own).await.unwrap().0, subject);
        client.register(&subject, &schema(format, own), false).await.unwrap();
        assert_eq!(latest(true).build(&client, format, own).await.unwrap().0, subject);
    }
}

#[tokio::test]
async fn reader_makes_the_subject_by_the_same_rule_and_runs_the_rules_of_that() {
    fn told<F>(builder: DeserializerBuilder<F>) -> DeserializerBuilder<F> {
        builder.subject_of(by_team(), "orders", Side::Value)
    }
    let (_folder, _server, client) = start().await;
    for (format, own, name, _) in FORMATS {
        let more = json!({"mode": "READ", "kind": "CONDITION"});
        let contract = domain(&[rule("never", "CEL", "false", more)]);
        let id = register(&client, format, format, own, contract).await;
        let mut message = [&[0][..], &id.to_be_bytes()].concat();
        message.extend(match format {
            "AVRO" => &b"\x0e"[..],
            "PROTOBUF" => b"\x00\x08\x07",
            _ => br#"{"id": 7}"#,
        });
        let read = match format {
            "AVRO" => {
                let reader = told(AvroDeserializer::generic(&client)).build().await.unwrap();
                reader.decode_async(&message, None).await.map(drop)
            }
            "PROTOBUF" => {
                let reader = told(ProtobufDeserializer::dynamic(&client)).build();
                reader.decode_async(&message, None).await.map(drop)
            }
            _ => {
                let reader = told(JsonDeserializer::<Json>::builder(&client)).build();
                reader.decode_async(&message, None).await.map(drop)
            }
        };
        let Err(Error::Rule(failure)) = read else { panic!("{format}: {read:?}") };
        assert_eq!(failure.subject, format!("team.{name}.orders.Value"));
    }
}
