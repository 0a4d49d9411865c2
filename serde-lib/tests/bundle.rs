//! Programs that start with the schemas they carry, while no registry answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod contract;
mod server;

use std::time::Duration;

use contract::{domain, register, rule};
use levada_lock_file::StoredVersion;
use levada_schema_core::Reference;
use levada_serde::client::{RetryPolicy, SchemaBundle, Version};
use levada_serde::{
    AvroDeserializer, AvroSerializer, Error, Framing, RegistryClient, SchemaDefinition,
    SchemaSource, Serializer,
};
use serde_json::{Value as Json, json};
use server::start;

const LINE: &str = r#"{"type":"record","name":"Line","namespace":"shop","fields":[{"name":"sku","type":"string"}]}"#;
const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"line","type":"Line"}]}"#;

fn order() -> SchemaDefinition {
    SchemaDefinition::avro(ORDER).with_reference("shop.Line", "line", 1)
}

/// A client without a registry, and what it carries.
fn alone(versions: &[StoredVersion], context: Option<&str>) -> Result<RegistryClient, Error> {
    let retry =
        RetryPolicy { attempts_max: 1, wait_base: Duration::ZERO, ..RetryPolicy::default() };
    let bundle = SchemaBundle::parse(&levada_lock_file::write(versions))?;
    let client = RegistryClient::builder("http://127.0.0.1:9").retry(retry).bundle(bundle);
    match context {
        Some(context) => client.context(context).build(),
        None => client.build(),
    }
}

fn stored(subject: &str, version: i32, id: Option<i32>, schema: &str) -> StoredVersion {
    StoredVersion {
        subject: subject.to_owned(),
        version,
        id,
        guid: None,
        schema_type: "AVRO".to_owned(),
        references: Vec::new(),
        metadata: None,
        rule_set: None,
        schema: schema.to_owned(),
        deleted: false,
    }
}

fn value() -> Json {
    json!({"line": {"sku": "a"}})
}

/// What the registry holds of a subject's version, as a lock file has it.
async fn locked(
    client: &RegistryClient,
    subject: &str,
    references: Vec<Reference>,
) -> StoredVersion {
    let found = client.version(subject, Version::Latest).await.unwrap();
    let contract = &found.schema.contract;
    StoredVersion {
        references,
        guid: found.schema.guid.map(|guid| guid.to_string()),
        rule_set: contract.rule_set.as_ref().map(|set| serde_json::to_value(set).unwrap()),
        ..stored(subject, found.version, i32::try_from(found.id).ok(), &found.schema.text)
    }
}

#[tokio::test]
async fn message_of_a_program_that_started_alone_is_the_one_it_writes_with_a_registry() {
    let (_folder, _server, client) = start().await;
    client.register("line", &SchemaDefinition::avro(LINE), false).await.unwrap();
    client.register("orders-value", &order(), false).await.unwrap();
    let reference = order().references;
    let bundle =
        [locked(&client, "line", vec![]).await, locked(&client, "orders-value", reference).await];
    let alone = alone(&bundle, None).unwrap();
    for source in [
        SchemaSource::AutoRegister { normalize: false },
        SchemaSource::Lookup { normalize: false },
        SchemaSource::Latest { strict: true },
    ] {
        for framing in [Framing::Prefix, Framing::Header] {
            let mut written = Vec::new();
            for client in [&client, &alone] {
                let builder = AvroSerializer::generic(client, order()).topic("orders");
                let writer = builder.source(source.clone()).framing(framing);
                let writer = writer.build().await.unwrap();
                let line = vec![("sku".to_owned(), "a".into())];
                let line = levada_serde::avro::Value::Record(line);
                let value = levada_serde::avro::Value::Record(vec![("line".to_owned(), line)]);
                let header = writer.schema_id_header().map(|(_, header)| header.clone());
                written.push((writer.encode(&value).unwrap(), header));
            }
            assert_eq!(written[0], written[1], "{source:?} {framing:?}");
            let (bytes, header) = &written[0];
            let reader = AvroDeserializer::json(&alone).build().await.unwrap();
            let read = reader.decode_async(bytes, header.as_deref()).await.unwrap();
            assert_eq!(read, value());
        }
    }
    let unknown = alone.schema_by_id(99).await.unwrap_err();
    assert!(unknown.is_retriable(), "{unknown}");
}

#[tokio::test]
async fn rules_of_a_carried_schema_run() {
    let (_folder, _server, client) = start().await;
    let never = rule("never", "CEL", "false", json!({"kind": "CONDITION", "mode": "WRITE"}));
    register(&client, "line-value", "AVRO", LINE, domain(&[never])).await;
    let alone = alone(&[locked(&client, "line-value", vec![]).await], None).unwrap();
    let writer = AvroSerializer::json_from_registry(&alone).topic("line").build().await.unwrap();
    let refused = writer.encode(&json!({"sku": "a"})).unwrap_err();
    assert!(matches!(refused, Error::Rule(_)), "{refused}");
}

#[tokio::test]
async fn client_of_a_context_has_its_subjects_alone() {
    let versions = [
        stored("s", 1, Some(1), "\"int\""),
        stored(":.billing:s", 1, Some(1), "\"long\""),
        stored(":.billing:s", 2, Some(2), "\"string\""),
        StoredVersion { deleted: true, ..stored(":.billing:s", 3, Some(3), "\"bytes\"") },
    ];
    for (context, texts, latest) in [
        (None, vec![(1, "\"int\"")], "\"int\""),
        (
            Some(".billing"),
            vec![(1, "\"long\""), (2, "\"string\""), (3, "\"bytes\"")],
            "\"string\"",
        ),
    ] {
        let client = alone(&versions, context).unwrap();
        for (id, text) in texts {
            assert_eq!(client.schema_by_id(id).await.unwrap().text, text);
        }
        assert_eq!(client.version("s", Version::Latest).await.unwrap().schema.text, latest);
    }
}

#[tokio::test]
async fn version_that_is_referred_to_by_two_names_comes_under_both() {
    let reference = |name: &str| Reference { name: name.into(), subject: "c".into(), version: 1 };
    let root = stored("s", 1, Some(1), "\"int\"");
    let root = StoredVersion { references: vec![reference("a"), reference("b")], ..root };
    let client = alone(&[root, stored("c", 1, Some(2), "\"long\"")], None).unwrap();
    let schema = client.schema_by_id(1).await.unwrap();
    let found: Vec<_> = schema.references.iter().map(|found| &*found.reference.name).collect();
    assert_eq!(found, ["a", "b"]);
}

#[tokio::test]
async fn registry_that_answers_knows_later_versions_than_the_bundle() {
    let (_folder, server, client) = start().await;
    client.register("s", &SchemaDefinition::avro("\"int\""), false).await.unwrap();
    let lock = levada_lock_file::write(&[locked(&client, "s", vec![]).await]);
    client.register("s", &SchemaDefinition::avro("\"long\""), false).await.unwrap();
    let url = format!("http://{}", server.local_addr());
    let bundle = SchemaBundle::parse(&lock).unwrap();
    let carrying = RegistryClient::builder(url).bundle(bundle).build().unwrap();
    let latest = carrying.version("s", Version::Latest).await.unwrap();
    assert_eq!((latest.version, latest.schema.text.as_str()), (2, "\"long\""));
}

#[test]
fn bundle_without_ids_or_with_a_hole_is_refused() {
    let of_files =
        SchemaBundle::parse(&levada_lock_file::write(&[stored("s", 1, None, "\"int\"")]));
    assert!(of_files.unwrap_err().to_string().contains("levada lock --from"));
    let reference = Reference { name: "a".into(), subject: "gone".into(), version: 1 };
    let hole = StoredVersion { references: vec![reference], ..stored("s", 1, Some(1), "\"int\"") };
    let error = alone(&[hole], None).unwrap_err().to_string();
    assert!(error.contains("version 1 of 'gone', which is not in the bundle"), "{error}");
    let edited = levada_lock_file::write(&[stored("s", 1, Some(1), "\"int\"")]).replace("int", "x");
    assert!(SchemaBundle::parse(&edited).unwrap_err().to_string().contains("changed by hand"));
}
