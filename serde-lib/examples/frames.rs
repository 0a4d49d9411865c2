//! Writes and reads single messages of all three formats, for other programs to read and write.
//!
//! `frames REGISTRY_URL write TOPIC` prints messages as lines of JSON: format, topic, and in
//! hexadecimal the payload and, if one travels with it, the schema id header.
//! `frames REGISTRY_URL read` reads such lines from its input and prints the values.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::error::Error;
use std::io::BufRead;
use std::process::ExitCode;

use levada_serde::prost_reflect::DynamicMessage;
use levada_serde::{
    AvroDeserializer, AvroSchema, AvroSerializer, Binding, Framing, JsonDeserializer,
    JsonSerializer, ProtobufDeserializer, ProtobufSerializer, RegistryClient, SchemaDefinition,
    Serializer,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

const JSON_SCHEMA: &str = r#"{
    "title": "Order", "type": "object", "additionalProperties": false,
    "properties": {
        "id": {"type": "integer"}, "note": {"type": "string"},
        "lines": {"type": "array", "items": {"$ref": "line.json"}}
    }
}"#;
const JSON_LINE: &str = r#"{
    "type": "object", "additionalProperties": false,
    "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1}}
}"#;
const PROTO: &str = "syntax = \"proto3\"; package shop; import \"shop/line.proto\";
    message Receipt { int32 id = 1; }
    message Order {
      int32 id = 1;
      map<string, int32> counts = 2;
      message Note { string note = 1; }
      string note = 3;
      repeated Line lines = 4;
    }";
const PROTO_LINE: &str = "syntax = \"proto3\"; package shop;
    message Line { string sku = 1; int32 quantity = 2; }";

#[derive(AvroSchema, Deserialize, Serialize)]
#[avro(namespace = "shop")]
struct Order {
    id: i32,
    note: String,
    lines: Vec<Line>,
}

#[derive(AvroSchema, Deserialize, Serialize)]
struct Line {
    sku: String,
    quantity: i32,
}

/// A message as it stands in a record.
#[derive(Deserialize, Serialize)]
struct Frame {
    format: String,
    topic: String,
    payload: String,
    header: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("frames: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [url, "write", topic] => {
            let registry = RegistryClient::new(url)?;
            for framing in [Framing::Prefix, Framing::Header] {
                write(&registry, topic, framing).await?;
            }
            Ok(())
        }
        [url, "read"] => read(&RegistryClient::new(url)?).await,
        _ => Err("usage: frames REGISTRY_URL write TOPIC, or frames REGISTRY_URL read".into()),
    }
}

async fn write(
    registry: &RegistryClient,
    topic: &str,
    framing: Framing,
) -> Result<(), Box<dyn Error>> {
    let line = |sku: &str, quantity| Line { sku: sku.to_owned(), quantity };
    let lines = vec![line("a", 1), line("ü", 300)];
    let order = Order { id: -7, note: "hello".to_owned(), lines };

    let avro = AvroSerializer::builder(registry).topic(format!("{topic}-avro"));
    show("AVRO", &avro.framing(framing).build().await?, &order)?;

    let line = format!("{topic}-line.json");
    registry.register(&line, &SchemaDefinition::json(JSON_LINE), false).await?;
    let schema = SchemaDefinition::json(JSON_SCHEMA).with_reference("line.json", line, 1);
    let json = JsonSerializer::with_schema(registry, schema).topic(format!("{topic}-json"));
    show("JSON", &json.framing(framing).build().await?, &order)?;

    let line = format!("{topic}-line.proto");
    registry.register(&line, &SchemaDefinition::protobuf(PROTO_LINE), false).await?;
    let schema = SchemaDefinition::protobuf(PROTO).with_reference("shop/line.proto", line, 1);
    for (format, name, value) in [
        ("PROTOBUF", "shop.Order", serde_json::to_value(&order)?),
        ("PROTOBUF", "shop.Order.Note", json!({"note": "nested"})),
    ] {
        let proto = ProtobufSerializer::dynamic_with_schema(registry, schema.clone());
        let proto = proto.message(name).topic(format!("{topic}-proto")).framing(framing);
        let proto = proto.build().await?;
        let message = DynamicMessage::deserialize(proto.descriptor().clone(), value)?;
        show(format, &proto, &message)?;
    }
    Ok(())
}

fn show<T>(format: &str, serializer: &impl Serializer<T>, value: &T) -> Result<(), Box<dyn Error>> {
    let mut payload = Vec::new();
    serializer.serialize_into(value, &mut payload)?;
    let frame = Frame {
        format: format.to_owned(),
        topic: serializer.binding().and_then(Binding::topic).unwrap_or_default().to_owned(),
        payload: hex(&payload),
        header: serializer.schema_id_header().map(|(_, header)| hex(header)),
    };
    println!("{}", serde_json::to_string(&frame)?);
    Ok(())
}

async fn read(registry: &RegistryClient) -> Result<(), Box<dyn Error>> {
    let avro = AvroDeserializer::<Order>::builder(registry).build().await?;
    let json = JsonDeserializer::<Order>::builder(registry).build();
    let proto = ProtobufDeserializer::dynamic(registry).build();
    for line in std::io::stdin().lock().lines() {
        let Frame { format, payload, header, .. } = serde_json::from_str(&line?)?;
        let payload = unhex(&payload)?;
        let header = header.as_deref().map(unhex).transpose()?;
        let header = header.as_deref();
        let value: Json = match format.as_str() {
            "AVRO" => serde_json::to_value(avro.decode_async(&payload, header).await?)?,
            "JSON" => serde_json::to_value(json.decode_async(&payload, header).await?)?,
            "PROTOBUF" => serde_json::to_value(proto.decode_async(&payload, header).await?)?,
            other => return Err(format!("unknown format {other}").into()),
        };
        println!("{value}");
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.ok_or("a payload must be hexadecimal")?;
    let bytes = digits.chunks(2).map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit));
    Ok(bytes.map(u8::try_from).collect::<Result<_, _>>()?)
}
