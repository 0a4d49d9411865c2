//! JSON serializers and deserializers against the real registry server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod server;
mod stub;

use levada_serde::wire_format::SchemaRef;
use levada_serde::{
    DecodeKind, Error, Framing, JsonDeserializer, JsonSerializer, ReadFraming, RegistryClient,
    SchemaDefinition, SchemaSource, Serializer, SubjectNameStrategy, ValidationError, Violation,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use server::start;
use stub::Stub;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
struct Order {
    id: i64,
    customer: Option<String>,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
struct Line {
    sku: String,
    quantity: u32,
}

const CLOSED: &str = r#"{"title": "Order", "type": "object", "additionalProperties": false,
    "properties": {"id": {"type": "integer", "minimum": 1}, "note": {"type": "string"}},
    "required": ["id"]}"#;

fn order() -> Order {
    let lines = vec![Line { sku: "a".to_owned(), quantity: 2 }];
    Order { id: 7, customer: None, lines }
}

fn framed(id: u32, body: &str) -> Vec<u8> {
    [&levada_serde::wire_format::id_prefix(id)[..], body.as_bytes()].concat()
}

async fn registered(client: &RegistryClient, schema: &str) -> u32 {
    client.register("s", &SchemaDefinition::json(schema), false).await.unwrap().id
}

#[tokio::test]
async fn derived_type_is_registered_and_reads_back_equal() {
    let (_folder, _server, client) = start().await;
    let writer = JsonSerializer::<Order>::builder(&client).topic("orders").build().await.unwrap();
    assert_eq!(writer.subject(), "orders-value");
    let stored = client.schema_by_id(writer.schema_id()).await.unwrap();
    let stored: Json = serde_json::from_str(&stored.text).unwrap();
    assert_eq!(stored["$schema"], "http://json-schema.org/draft-07/schema#");
    let bytes = writer.encode(&order()).unwrap();
    let body = r#"{"id":7,"customer":null,"lines":[{"sku":"a","quantity":2}]}"#;
    assert_eq!(bytes, framed(writer.schema_id(), body));
    let reader = JsonDeserializer::<Order>::builder(&client).build();
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), order());
    assert_eq!(reader.decode(&bytes, None).unwrap(), order(), "the schema is loaded by now");

    let writer = JsonSerializer::<Order>::builder(&client).topic("orders").key();
    let writer = writer.framing(Framing::Header).build().await.unwrap();
    let (name, header) = writer.schema_id_header().unwrap();
    assert_eq!((name, header.len()), ("__key_schema_id", 17));
    let bytes = writer.encode(&order()).unwrap();
    assert_eq!(bytes, body.as_bytes());
    assert_eq!(reader.decode_async(&bytes, Some(header)).await.unwrap(), order());
}

#[tokio::test]
async fn value_that_breaks_the_schema_is_refused_with_every_place() {
    let (_folder, _server, client) = start().await;
    let schema = SchemaDefinition::json(CLOSED);
    let writer = JsonSerializer::<Json>::with_schema(&client, schema).topic("t");
    let writer = writer.build().await.unwrap();
    let mut out = b"before".to_vec();
    let error = writer.encode_into(&json!({"id": 0, "note": 1}), &mut out).unwrap_err();
    assert_eq!(out, b"before");
    let Error::Invalid(error) = error else { panic!("{error:?}") };
    let ValidationError { subject, violations, .. } = &*error;
    assert_eq!(subject.as_deref(), Some("t-value"));
    let violation = |instance_path: &str, schema_path: &str, message: &str| Violation {
        instance_path: instance_path.to_owned(),
        schema_path: schema_path.to_owned(),
        message: message.to_owned(),
    };
    let wanted = [
        violation("/id", "/properties/id/minimum", "0 is less than the minimum of 1"),
        violation("/note", "/properties/note/type", "1 is not of type \"string\""),
    ];
    assert_eq!(**violations, wanted);
    let told = error.to_string();
    let start = format!("the value breaks schema id {} (subject 't-value'): ", writer.schema_id());
    assert!(told.starts_with(&start) && told.contains("(at '/note', by"), "{told}");

    let reader = JsonDeserializer::<Json>::builder(&client).build();
    let bytes = framed(writer.schema_id(), "{\"note\": \"x\"}");
    let Err(Error::Invalid(error)) = reader.decode_async(&bytes, None).await else { panic!() };
    assert_eq!((error.violations.len(), error.subject.as_deref()), (1, None));
    assert!(Error::from(error).is_poison());

    let lax = JsonSerializer::<Json>::with_schema(&client, SchemaDefinition::json(CLOSED));
    let lax = lax.topic("t").validation(false).build().await.unwrap();
    lax.encode(&json!({"id": 0})).unwrap();
}

#[tokio::test]
async fn reading_without_validation_never_asks_the_registry() {
    let stub = Stub::start().await;
    let client = RegistryClient::new(&stub.url).unwrap();
    let reader = JsonDeserializer::<Json>::builder(&client).validation(false).build();
    assert_eq!(reader.decode(&framed(9, "{\"id\": 0}"), None).unwrap(), json!({"id": 0}));
    assert_eq!(stub.asked(), []);
}

#[tokio::test]
async fn bare_bodies_are_read_by_the_schema_that_the_program_names() {
    let (_folder, _server, client) = start().await;
    let id = registered(&client, CLOSED).await;
    let bare = ReadFraming::Bare { schema: SchemaRef::Id(id), index: None };
    let reader = JsonDeserializer::<Json>::builder(&client).framing(bare).build();
    assert_eq!(reader.decode_async(b"{\"id\": 1}", None).await.unwrap(), json!({"id": 1}));
    assert!(matches!(reader.decode(b"{}", None), Err(Error::Invalid(_))));
}

#[tokio::test]
async fn references_resolve_through_the_registry_and_nowhere_else() {
    let (_folder, _server, client) = start().await;
    let customer = SchemaDefinition::json(r#"{"type": "string", "minLength": 2}"#);
    client.register("customer", &customer, false).await.unwrap();
    let schema = r#"{"type": "object", "properties": {"customer": {"$ref": "customer.json"}}}"#;
    let schema = SchemaDefinition::json(schema).with_reference("customer.json", "customer", 1);
    let writer = JsonSerializer::<Json>::with_schema(&client, schema).topic("orders");
    let writer = writer.build().await.unwrap();
    let bytes = writer.encode(&json!({"customer": "Ada"})).unwrap();
    let Err(Error::Invalid(error)) = writer.encode(&json!({"customer": "A"})) else { panic!() };
    assert_eq!(error.violations[0].instance_path, "/customer");
    let reader = JsonDeserializer::<Json>::builder(&client).build();
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), json!({"customer": "Ada"}));

    // A registry that lets such a schema in; the address leads to a server that would answer.
    let stub = Stub::start().await;
    let text = json!({"$ref": format!("{}/customer.json", stub.url)}).to_string();
    let body = json!({"schemaType": "JSON", "schema": text});
    stub.answer("GET /schemas/ids/1", 200, body);
    stub.answer("GET /customer.json", 200, json!({"type": "string"}));
    let client = RegistryClient::new(&stub.url).unwrap();
    let reader = JsonDeserializer::<Json>::builder(&client).build();
    let error = reader.decode_async(&framed(1, "1"), None).await.unwrap_err();
    assert!(matches!(&error, Error::UnresolvedReference { .. }), "{error:?}");
    assert!(error.to_string().contains("/customer.json"), "{error}");
    assert_eq!(stub.asked_lines(), ["GET /schemas/ids/1"]);
}

#[tokio::test]
async fn unreadable_bodies_are_told_by_field_and_byte() {
    let (_folder, _server, client) = start().await;
    let id = registered(&client, "{}").await;
    let reader = JsonDeserializer::<Order>::builder(&client).build();
    let lax = JsonDeserializer::<Order>::builder(&client).validation(false).build();
    let body = "{\"id\": 7, \"lines\": [{\"sku\": \"a\",\n \"quantity\": \"b\"}]}";
    for reader in [&reader, &lax] {
        let result = reader.decode_async(&framed(id, body), None).await;
        let Err(Error::Decode(error)) = result else { panic!("{result:?}") };
        assert_eq!((error.path.as_str(), error.offset), ("lines[0].quantity", 48));
        assert!(matches!(error.kind, DecodeKind::Type(_)), "{error}");
        let result = reader.decode_async(&framed(id, "{\"id\":\n x}"), None).await;
        let Err(Error::Decode(error)) = result else { panic!("{result:?}") };
        assert_eq!((error.path.as_str(), error.offset), ("", 8));
        assert!(matches!(error.kind, DecodeKind::InvalidJson(_)), "{error}");
        assert!(
            error.to_string().contains(&format!("JSON of schema id {id} at byte 8")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn record_strategies_take_the_title_of_the_schema() {
    let (_folder, _server, client) = start().await;
    let builder = |schema| {
        JsonSerializer::<Json>::with_schema(&client, SchemaDefinition::json(schema))
            .subject_name_strategy(SubjectNameStrategy::Record)
    };
    assert_eq!(builder(CLOSED).build().await.unwrap().subject(), "Order");
    let unnamed = builder("{}").build().await.unwrap_err();
    assert!(matches!(unnamed, Error::Config(_)), "{unnamed:?}");
}

#[tokio::test]
async fn latest_and_id_write_by_the_schema_that_the_registry_holds() {
    let (_folder, _server, client) = start().await;
    let id = registered(&client, CLOSED).await;
    let open = SchemaDefinition::json(r#"{"type": "object"}"#);
    for source in [SchemaSource::Latest { strict: false }, SchemaSource::Id { id, strict: false }] {
        let writer = JsonSerializer::<Json>::with_schema(&client, open.clone()).subject("s");
        let writer = writer.source(source.clone()).build().await.unwrap();
        assert_eq!(writer.schema_id(), id);
        assert!(matches!(writer.encode(&json!({"id": 0})), Err(Error::Invalid(_))), "{source:?}");
    }
    let strict = SchemaSource::Latest { strict: true };
    let writer =
        JsonSerializer::<Json>::with_schema(&client, open).subject("s").source(strict.clone());
    let Err(Error::Incompatible { subject, details }) = writer.build().await else { panic!() };
    assert_eq!(subject, "s");
    assert!(!details.is_empty());
    let own = JsonSerializer::<Json>::with_schema(&client, SchemaDefinition::json(CLOSED));
    assert_eq!(own.subject("s").source(strict).build().await.unwrap().schema_id(), id);
}

#[tokio::test]
async fn large_values_make_neither_large_errors_nor_large_trees() {
    let (_folder, _server, client) = start().await;
    let id = registered(&client, r#"{"type": "array", "items": {"type": "string"}}"#).await;
    let reader = JsonDeserializer::<Json>::builder(&client).build();
    let long = "9".repeat(18);
    let many = format!("[{}]", vec![long; 1_000].join(","));
    let Err(Error::Invalid(error)) = reader.decode_async(&framed(id, &many), None).await else {
        panic!("numbers are no strings")
    };
    assert_eq!(error.violations.len(), 100);
    assert!(error.to_string().ends_with("; and 95 more"), "{error}");
    let whole = framed(id, &format!("{{\"a\": {many}}}"));
    let Err(Error::Invalid(error)) = reader.decode_async(&whole, None).await else { panic!() };
    assert!(error.violations[0].message.len() < 600, "{error}");

    let bomb = framed(id, &format!("[{}[]]", "[],".repeat(400_000)));
    let reader = JsonDeserializer::<Json>::builder(&client).allocation_bytes_max(64 << 20).build();
    let Err(Error::Decode(error)) = reader.decode_async(&bomb, None).await else { panic!() };
    assert_eq!(error.kind, DecodeKind::AllocationLimitExceeded(64 << 20));
}
