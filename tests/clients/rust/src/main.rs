//! The stock Rust client against a running registry: `levada-stock-clients REGISTRY_URL`.
//!
//! In each format it registers, evolves, is refused, reads back, and sends a record through its
//! encoder and decoder, with the schema id in front and in a header. It has no call that deletes.
//! Ends with 1 at the first thing that is not as it must be.

use std::error::Error;

use apache_avro::types::Value as AvroValue;
use prost_reflect::Value as ProtoValue;
use schema_registry_converter::async_impl::avro::{AvroDecoder, AvroEncoder};
use schema_registry_converter::async_impl::json::{JsonDecoder, JsonEncoder};
use schema_registry_converter::async_impl::proto_decoder::ProtoDecoder;
use schema_registry_converter::async_impl::proto_encoder::ProtoEncoder;
use schema_registry_converter::async_impl::schema_registry::{
    SrSettings, get_all_subjects, get_all_versions, get_schema_by_guid, get_schema_by_id,
    get_schema_by_subject_and_version, is_compatible_schema, post_schema,
};
use schema_registry_converter::schema_registry_common::{
    SchemaType, SubjectNameStrategy, SuppliedReference, SuppliedSchema,
};
use serde_json::{Value, json};

type Outcome = Result<(), Box<dyn Error>>;

/// Of one format: a version, one that may follow it, and one that may not.
struct History {
    schema_type: SchemaType,
    first: String,
    second: String,
    broken: String,
}

#[tokio::main]
async fn main() -> Outcome {
    let url = std::env::args().nth(1).ok_or("usage: levada-stock-clients REGISTRY_URL")?;
    let settings = SrSettings::new_builder(url).no_proxy().build()?;
    // A name of this run's own, so that it can be run again on the same registry.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let topic = |format: &str| format!("rust-{format}-{:x}", now.as_nanos());

    let (avro_topic, json_topic, proto_topic) = (topic("avro"), topic("json"), topic("proto"));
    evolve(&settings, &avro_topic, avro()).await?;
    evolve(&settings, &json_topic, json_schema()).await?;
    evolve(&settings, &proto_topic, protobuf()).await?;
    println!("schema_registry_converter: registered, evolved, refused and read back 3 formats");

    send_avro(&settings, &avro_topic).await?;
    send_json(&settings, &json_topic).await?;
    send_protobuf(&settings, &proto_topic).await?;
    println!("schema_registry_converter: sent and received records of 3 formats");

    refer(&settings, &topic("refers")).await?;
    println!("schema_registry_converter: registered references with the schema that needs them");
    Ok(())
}

fn avro() -> History {
    let record = |fields: Value| {
        json!({"type": "record", "name": "Order", "namespace": "shop", "fields": fields})
            .to_string()
    };
    let id = json!({"name": "id", "type": "string"});
    let note = json!({"name": "note", "type": "string", "default": ""});
    History {
        schema_type: SchemaType::Avro,
        first: record(json!([id])),
        second: record(json!([id, note])),
        broken: record(json!([{"name": "id", "type": "long"}])),
    }
}

fn json_schema() -> History {
    let object = |properties: Value| {
        json!({"type": "object", "additionalProperties": false, "properties": properties})
            .to_string()
    };
    let text = json!({"type": "string"});
    History {
        schema_type: SchemaType::Json,
        first: object(json!({"id": text})),
        second: object(json!({"id": text, "note": text})),
        broken: object(json!({"id": {"type": "integer"}})),
    }
}

fn protobuf() -> History {
    let message = |fields: &str| {
        format!("syntax = \"proto3\";\npackage shop;\n\nmessage Order {{\n{fields}}}\n")
    };
    History {
        schema_type: SchemaType::Protobuf,
        first: message("  string id = 1;\n"),
        second: message("  string id = 1;\n  string note = 2;\n"),
        broken: message("  int64 id = 1;\n"),
    }
}

async fn evolve(settings: &SrSettings, topic: &str, history: History) -> Outcome {
    let subject = format!("{topic}-value");
    let supplied =
        |text: &str| SuppliedSchema::new(None, history.schema_type.clone(), text.to_owned());
    let one = post_schema(settings, subject.clone(), supplied(&history.first)).await?;
    let two = post_schema(settings, subject.clone(), supplied(&history.second)).await?;
    assert_ne!(one.id, two.id);
    let again = post_schema(settings, subject.clone(), supplied(&history.first)).await?;
    assert_eq!(again.id, one.id);

    let broken = supplied(&history.broken);
    assert!(!is_compatible_schema(settings, subject.clone(), broken.clone()).await?);
    let refused = post_schema(settings, subject.clone(), broken).await;
    let refused = refused.expect_err("an incompatible version is refused").to_string();
    assert!(refused.contains("409"), "{refused}");

    let read = get_schema_by_id(one.id, settings).await?;
    assert_eq!((&read.schema_type, &read.schema), (&history.schema_type, &history.first));
    let latest = get_schema_by_subject_and_version(settings, &subject, None).await?;
    assert_eq!((latest.id, latest.version, &latest.schema), (two.id, Some(2), &history.second));
    let guid = latest.guid.ok_or("a version carries its guid")?;
    assert_eq!(get_schema_by_guid(&guid, settings).await?.schema, history.second);
    assert_eq!(get_all_versions(settings, subject.clone()).await?, [1, 2]);
    assert!(get_all_subjects(settings).await?.contains(&subject));
    Ok(())
}

fn value_of(topic: &str) -> SubjectNameStrategy {
    SubjectNameStrategy::TopicNameStrategy(topic.to_owned(), false)
}

async fn send_avro(settings: &SrSettings, topic: &str) -> Outcome {
    let record = || vec![("id", AvroValue::from("1")), ("note", AvroValue::from("hello"))];
    let expected = AvroValue::Record(
        record().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    );
    let encoder = AvroEncoder::new(settings.clone());
    let decoder = AvroDecoder::new(settings.clone());
    let framed = encoder.encode(record(), value_of(topic)).await?;
    assert_eq!(decoder.decode(Some(&framed)).await?.value, expected);
    let (payload, header) = encoder.encode_with_header_id(record(), value_of(topic), false).await?;
    let received = decoder.decode_with_header_id(Some(&header.value), Some(&payload)).await?;
    assert_eq!(received.value, expected);
    Ok(())
}

async fn send_json(settings: &SrSettings, topic: &str) -> Outcome {
    let record = json!({"id": "1", "note": "hello"});
    let encoder = JsonEncoder::new(settings.clone());
    let decoder = JsonDecoder::new(settings.clone());
    let framed = encoder.encode(&record, value_of(topic)).await?;
    let received = decoder.decode(Some(&framed)).await?.ok_or("a record is no tombstone")?;
    assert_eq!(received.value, record);
    let wrong = encoder.encode(&json!({"id": 1}), value_of(topic)).await;
    assert!(wrong.is_err(), "a record that breaks its schema is not sent");
    let (payload, header) = encoder.encode_with_header_id(&record, value_of(topic), false).await?;
    let received = decoder.decode_with_header_id(Some(&header.value), Some(&payload)).await?;
    assert_eq!(received.ok_or("a record is no tombstone")?.value, record);
    Ok(())
}

async fn send_protobuf(settings: &SrSettings, topic: &str) -> Outcome {
    let record = json!({"id": "1", "note": "hello"});
    let encoder = ProtoEncoder::new(settings.clone());
    let decoder = ProtoDecoder::new(settings.clone());
    let framed = encoder.encode_json(&record, "shop.Order", &value_of(topic)).await?;
    let (payload, header) =
        encoder.encode_json_with_header_id(&record, "shop.Order", &value_of(topic), false).await?;
    let received = [
        decoder.decode(Some(&framed)).await?,
        decoder.decode_with_header_id(Some(&header.value), Some(&payload)).await?,
    ];
    for received in received {
        let ProtoValue::Message(message) = received else {
            return Err(format!("{received:?} is no message").into());
        };
        assert_eq!(serde_json::to_value(&message)?, record);
    }
    Ok(())
}

/// The client registers what a schema refers to before the schema itself.
async fn refer(settings: &SrSettings, subject: &str) -> Outcome {
    let money = "syntax = \"proto3\";\n\nmessage Money {\n  int64 cents = 1;\n}\n";
    let order = "syntax = \"proto3\";\n\nimport \"money.proto\";\n\nmessage Order {\n  Money price = 1;\n}\n";
    let reference =
        SuppliedReference::new("money.proto".into(), format!("{subject}-money"), money.into());
    let supplied = SuppliedSchema::new(None, SchemaType::Protobuf, order.into())
        .with_references(vec![reference]);
    let registered = post_schema(settings, subject.to_owned(), supplied).await?;
    let read = get_schema_by_id(registered.id, settings).await?;
    assert_eq!(read.schema, order);
    let named: Vec<_> = read.references.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(named, ["money.proto"]);
    Ok(())
}
