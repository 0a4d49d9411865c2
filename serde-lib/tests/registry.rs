//! The client and the Avro serializers against the real registry server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod server;

use levada_serde::client::{Call, Compatibility, Version};
use levada_serde::wire_format::SchemaRef;
use levada_serde::{
    AvroDeserializer, AvroSchema, AvroSerializer, Error, Framing, RegistryClient, SchemaDefinition,
    SchemaSource, Serializer,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use server::start;
use uuid::Uuid;

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[avro(namespace = "shop")]
struct Order {
    id: i64,
    customer: String,
    lines: Vec<Line>,
}

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Line {
    sku: String,
    quantity: i32,
}

/// The next version of the program: one field more, one gone.
#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename = "Order")]
#[avro(namespace = "shop")]
struct NextOrder {
    id: i64,
    #[avro(default = r#""EUR""#)]
    currency: String,
    lines: Vec<Line>,
}

const COUNTRY: &str = r#"{"type":"record","name":"Country","namespace":"geo","fields":[{"name":"c","type":"string"}]}"#;
const CITY: &str = r#"{"type":"record","name":"City","namespace":"geo","fields":[{"name":"country","type":"geo.Country"}]}"#;

fn order() -> Order {
    let lines = vec![Line { sku: "a".to_owned(), quantity: 2 }];
    Order { id: 7, customer: "Ada".to_owned(), lines }
}

#[tokio::test]
async fn versions_of_a_type_read_each_other_through_the_registry() {
    let (_folder, server, client) = start().await;
    let old = AvroSerializer::<Order>::builder(&client).topic("a/b c+d%").build().await.unwrap();
    let new =
        AvroSerializer::<NextOrder>::builder(&client).topic("a/b c+d%").build().await.unwrap();
    assert_ne!(old.schema_id(), new.schema_id());
    let next = NextOrder { id: 7, currency: "EUR".to_owned(), lines: order().lines };
    let reader = AvroDeserializer::<NextOrder>::builder(&client).build().await.unwrap();
    let from_old = reader.decode_async(&old.encode(&order()).unwrap(), None).await.unwrap();
    let from_new = reader.decode_async(&new.encode(&next).unwrap(), None).await.unwrap();
    assert_eq!((&from_old, &from_new), (&next, &next));

    let latest = client.version("a/b c+d%-value", Version::Latest).await.unwrap();
    assert_eq!((latest.version, latest.id), (2, new.schema_id()));
    let first = client.version("a/b c+d%-value", Version::Number(1)).await.unwrap();
    assert_eq!((first.version, first.id), (1, old.schema_id()));
    server.shutdown().await.unwrap();
}

#[tokio::test]
async fn registering_twice_gives_the_same_id_and_lookup_finds_it() {
    let (_folder, server, client) = start().await;
    let schema = SchemaDefinition::avro(COUNTRY);
    let error = client.lookup("s", &schema, false).await.unwrap_err();
    let Error::Registry(error) = error else { panic!("{error:?}") };
    assert_eq!((error.status(), error.error_code()), (Some(404), Some(40401)));
    let registered = client.register("s", &schema, false).await.unwrap();
    assert_eq!(registered.version, Some(1));
    let stranger = RegistryClient::new(format!("http://{}", server.local_addr())).unwrap();
    assert_eq!(stranger.register("s", &schema, false).await.unwrap(), registered);
    assert_eq!(stranger.lookup("s", &schema, false).await.unwrap(), registered);
}

#[tokio::test]
async fn references_are_resolved_by_id_and_by_guid() {
    let (_folder, _server, client) = start().await;
    client.register("country", &SchemaDefinition::avro(COUNTRY), false).await.unwrap();
    let city = SchemaDefinition::avro(CITY).with_reference("geo.Country", "country", 1);
    let registered = client.register("city", &city, false).await.unwrap();
    let guid = registered.guid.unwrap();
    let by_id = client.schema_by_id(registered.id).await.unwrap();
    let by_guid = client.schema_by_guid(guid).await.unwrap();
    assert_eq!((by_id.guid, &by_id.references), (Some(guid), &by_guid.references));
    assert_eq!(by_id.references.len(), 1);
    assert_eq!(by_id.references[0].text, COUNTRY);
    let reader = AvroDeserializer::generic(&client).build().await.unwrap();
    let id = u8::try_from(registered.id).unwrap();
    reader.decode_async(&[0, 0, 0, 0, id, 2, b'x'], None).await.unwrap();
}

#[tokio::test]
async fn header_framing_and_every_source_work() {
    let (_folder, _server, client) = start().await;
    let builder = || AvroSerializer::<Order>::builder(&client).topic("orders");
    let lookup = SchemaSource::Lookup { normalize: false };
    let unregistered = builder().source(lookup.clone()).build().await.unwrap_err();
    assert!(matches!(unregistered, Error::Registry(_)), "{unregistered:?}");
    let writer = builder().framing(Framing::Header).build().await.unwrap();
    let id = writer.schema_id();
    let bytes = writer.encode(&order()).unwrap();
    let (_, header) = writer.schema_id_header().unwrap();
    let reader = AvroDeserializer::<Order>::builder(&client).build().await.unwrap();
    assert_eq!(reader.decode_async(&bytes, Some(header)).await.unwrap(), order());
    let guid = client.schema_by_id(id).await.unwrap().guid.unwrap();
    let sources = [
        lookup,
        SchemaSource::Latest { strict: true },
        SchemaSource::Id { id, strict: true },
        SchemaSource::Guid { guid, strict: true },
    ];
    for source in sources {
        let writer = builder().source(source.clone()).build().await.unwrap();
        assert_eq!(writer.schema_id(), id, "{source:?}");
        let bytes = writer.encode(&order()).unwrap();
        assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), order());
    }
}

#[tokio::test]
async fn schema_chosen_by_guid_must_take_the_values_and_be_known_in_the_context() {
    let (_folder, server, client) = start().await;
    let other = SchemaDefinition::avro(
        r#"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"string"}]}"#,
    );
    let registered = client.register("other", &other, false).await.unwrap();
    let guid = registered.guid.unwrap();
    let writer = |client: &RegistryClient, strict, framing| {
        let builder = AvroSerializer::<Order>::builder(client).topic("orders").framing(framing);
        builder.source(SchemaSource::Guid { guid, strict }).build()
    };
    let strict = writer(&client, true, Framing::Prefix).await;
    assert!(matches!(strict, Err(Error::Incompatible { .. })), "{strict:?}");
    let lax = writer(&client, false, Framing::Prefix).await.unwrap();
    assert_eq!(lax.schema_id(), registered.id);
    let header = writer(&client, false, Framing::Header).await.unwrap();
    let (_, header) = header.schema_id_header().unwrap();
    assert_eq!(header[1..], *guid.as_bytes());

    let url = format!("http://{}", server.local_addr());
    let billing = RegistryClient::builder(&url).context(".billing").build().unwrap();
    let elsewhere = writer(&billing, false, Framing::Prefix).await.unwrap_err();
    assert!(elsewhere.to_string().contains("has no id in the context `.billing`"), "{elsewhere}");
    // Ids are counted anew in each context.
    let int = SchemaDefinition::avro(r#""int""#);
    billing.register("first", &int, false).await.unwrap();
    let there = billing.register("other", &other, false).await.unwrap();
    assert_ne!(there.id, registered.id);
    let built = writer(&billing, false, Framing::Prefix).await.unwrap();
    assert_eq!(built.schema_id(), there.id);

    let unknown = Uuid::from_bytes([7; 16]);
    let source = SchemaSource::Guid { guid: unknown, strict: false };
    let built = AvroSerializer::<Order>::builder(&client).topic("orders").source(source).build();
    let schema = SchemaRef::Guid(unknown);
    assert_eq!(built.await.unwrap_err().to_string(), Error::SchemaNotFound { schema }.to_string());
}

#[tokio::test]
async fn latest_version_with_metadata_is_the_newest_that_has_all_properties() {
    let (_folder, _server, client) = start().await;
    let path = &["subjects", "s", "versions"];
    for (kind, properties) in [
        ("int", json!({"stage": "live", "owner": "shop"})),
        ("long", json!({"stage": "live", "owner": "shop", "more": "x"})),
        ("double", json!({"stage": "test", "owner": "shop"})),
    ] {
        let body =
            json!({"schema": json!(kind).to_string(), "metadata": {"properties": properties}});
        let _: Json = client.call(Call::post(path, body.to_string().into())).await.unwrap();
    }
    let properties = |stage: &str| {
        let pairs = [("stage", stage), ("owner", "shop")];
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    };
    let found = client.latest_with_metadata("s", &properties("live")).await.unwrap();
    assert_eq!((found.version, found.schema.text.as_str()), (2, "\"long\""));
    let source = SchemaSource::LatestWithMetadata { properties: properties("live"), strict: true };
    let int = SchemaDefinition::avro("\"int\"");
    let writer = AvroSerializer::<i32>::with_schema(&client, int).subject("s");
    let writer = writer.source(source).build().await.unwrap();
    assert_eq!(writer.schema_id(), found.id);
    let missing = client.latest_with_metadata("s", &properties("gone")).await.unwrap_err();
    let Error::Registry(missing) = missing else { panic!("{missing:?}") };
    assert_eq!(missing.status(), Some(404));
}

#[tokio::test]
async fn associated_subject_comes_before_the_strategy() {
    let (_folder, _server, client) = start().await;
    client.register("shared", &SchemaDefinition::avro("\"int\""), false).await.unwrap();
    let associate = async |cluster: &str, subject: &str| {
        let body = json!({
            "resourceName": "orders", "resourceNamespace": cluster,
            "resourceId": format!("{cluster}/orders"), "resourceType": "topic",
            "associations": [{"subject": subject, "associationType": "value"}],
        });
        let call = Call::post(&["associations"], body.to_string().into());
        let _: Json = client.call(call).await.unwrap();
    };
    associate("east", "shared").await;
    let builder = || {
        let int = SchemaDefinition::avro("\"int\"");
        AvroSerializer::<i32>::with_schema(&client, int).topic("orders")
    };
    let asked = builder().associated_subject(None).build().await.unwrap();
    assert_eq!((asked.subject(), asked.binding().unwrap().topic()), ("shared", Some("orders")));
    let key = builder().key().associated_subject(None).build().await.unwrap();
    assert_eq!(key.subject(), "orders-key", "only the value has an association");
    let west = builder().associated_subject(Some("west")).build().await.unwrap();
    assert_eq!(west.subject(), "orders-value");
    associate("west", "orders-value").await;
    let several = builder().associated_subject(None).build().await.unwrap_err();
    assert!(several.to_string().contains("associates 2 subjects with the value"), "{several}");
    let east = builder().associated_subject(Some("east")).build().await.unwrap();
    assert_eq!(east.subject(), "shared");
}

#[tokio::test]
async fn contexts_have_subjects_and_ids_of_their_own() {
    let (_folder, server, client) = start().await;
    let url = format!("http://{}", server.local_addr());
    client.register("s", &SchemaDefinition::avro(COUNTRY), false).await.unwrap();
    let inside = RegistryClient::builder(&url).context(".shop").build().unwrap();
    let writer = AvroSerializer::<Order>::builder(&inside).topic("orders").build().await.unwrap();
    assert_eq!((writer.schema_id(), writer.subject()), (1, "orders-value"));
    let bytes = writer.encode(&order()).unwrap();
    let reader = AvroDeserializer::<Order>::builder(&inside).build().await.unwrap();
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), order());
    // From outside the subject has the context in its name, and id 1 is another schema.
    let latest = client.version(":.shop:orders-value", Version::Latest).await.unwrap();
    assert_eq!(latest.id, 1);
    assert_eq!(client.schema_by_id(1).await.unwrap().text, COUNTRY);
    for context in ["", ".", ":.shop:", ".a/b"] {
        let refused = RegistryClient::builder(&url).context(context).build();
        assert!(matches!(refused, Err(Error::Config(_))), "{context}: {refused:?}");
    }
}

#[tokio::test]
async fn references_are_of_the_context_of_the_schema_that_has_them() {
    let (_folder, server, client) = start().await;
    let url = format!("http://{}", server.local_addr());
    let shop = RegistryClient::builder(&url).context(".shop").build().unwrap();
    let text = |name: &str, of: &str| {
        format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"f","type":"{of}"}}]}}"#)
    };
    // Both contexts have a subject `inner`, and only one is meant.
    for (client, of) in [(&client, "int"), (&shop, "long")] {
        let inner = SchemaDefinition::avro(text("Inner", of));
        client.register("inner", &inner, false).await.unwrap();
    }
    let middle = SchemaDefinition::avro(text("Middle", "Inner"));
    let middle = middle.with_reference("Inner", "inner", 1);
    shop.register("middle", &middle, false).await.unwrap();
    let outer = SchemaDefinition::avro(text("Outer", "Middle"));
    let outer = outer.with_reference("Middle", ":.shop:middle", 1);
    let id = client.register("outer", &outer, false).await.unwrap().id;

    let wanted = [text("Inner", "long"), text("Middle", "Inner")];
    let fetched = client.schema_by_id(id).await.unwrap();
    let texts: Vec<_> = fetched.references.iter().map(|found| found.text.clone()).collect();
    assert_eq!(texts, wanted);
    let from_outside = client.version(":.shop:middle", Version::Number(1)).await.unwrap();
    let texts: Vec<_> = from_outside.schema.references.iter().map(|found| &found.text).collect();
    assert_eq!(texts, [&wanted[0]]);
    // A qualified name means the same in a client of another context.
    let elsewhere = RegistryClient::builder(&url).context(".elsewhere").build().unwrap();
    elsewhere.register("outer", &outer, false).await.unwrap();
    let latest = elsewhere.version("outer", Version::Latest).await.unwrap();
    let texts: Vec<_> = latest.schema.references.iter().map(|found| found.text.clone()).collect();
    assert_eq!(texts, wanted);
}

#[tokio::test]
async fn unknown_ids_of_any_size_are_not_found() {
    let (_folder, _server, client) = start().await;
    for id in [0, 999, u32::MAX] {
        let error = client.schema_by_id(id).await.unwrap_err();
        assert!(
            matches!(error, Error::SchemaNotFound { schema: SchemaRef::Id(told) } if told == id),
            "{id}: {error:?}"
        );
    }
}

#[tokio::test]
async fn incompatible_schema_is_told_before_and_refused_at_registration() {
    let (_folder, _server, client) = start().await;
    client.register("s", &SchemaDefinition::avro("\"int\""), false).await.unwrap();
    let other = SchemaDefinition::avro("\"string\"");
    let verdict = client.check_compatibility("s", Version::Latest, &other).await.unwrap();
    assert!(!verdict.is_compatible && !verdict.messages.is_empty(), "{verdict:?}");
    let int = SchemaDefinition::avro("\"int\"");
    let same = client.check_compatibility("s", Version::Number(1), &int).await.unwrap();
    assert_eq!(same, Compatibility { is_compatible: true, messages: Vec::new() });
    let Err(Error::Registry(error)) = client.register("s", &other, false).await else { panic!() };
    assert_eq!((error.status(), error.error_code()), (Some(409), Some(40901)));
    assert!(!error.is_retriable());
}
