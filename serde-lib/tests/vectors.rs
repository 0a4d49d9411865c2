//! Frames and bodies written by other serializers: those in `vectors/`, and more in a folder beside
//! the checkout when it is there.
//!
//! `vectors/wire.jsonl` is what the stock Python client wrote. Each of its rows must decode to its
//! value and, where only one encoding exists, encode to its bytes; each row of `malformed.jsonl`
//! must fail with its class of error; each row of `reader-resolution.jsonl` must resolve or fail as
//! said.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod avro_json;
mod stub;

use std::path::Path;

use avro_json::{Types, unhex};
use levada_schema_core::protobuf::ProtobufSchema;
use levada_schema_core::{Limits, Reference, ResolvedReference};
use levada_serde::avro::Value;
use levada_serde::prost_reflect::prost::Message as _;
use levada_serde::prost_reflect::{
    DynamicMessage, MessageDescriptor, ReflectMessage, SerializeOptions,
};
use levada_serde::wire_format::{FrameError, KEY_SCHEMA_ID_HEADER, VALUE_SCHEMA_ID_HEADER};
use levada_serde::{
    AvroDeserializer, AvroSerializer, DecodeKind, EncodeKind, Error, Framing, JsonDeserializer,
    JsonSerializer, ProtobufDeserializer, ProtobufSerializer, RegistryClient, SchemaDefinition,
    SchemaSource, SerializerBuilder,
};
use serde_json::{Value as Json, json};
use stub::Stub;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// The rows beside the checkout, if there are any.
fn rows(name: &str) -> Vec<Json> {
    let path = Path::new(CRATE).join("../../shared/serde").join(name);
    std::fs::read_to_string(path).map(|text| lines(&text)).unwrap_or_default()
}

fn lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Lets the stub know a row's schema by id and guid, with its references.
fn publish(stub: &Stub, row: &Json) {
    let references = row["references"].as_array().cloned().unwrap_or_default();
    let pointer = |found: &Json| json!({"name": found["name"], "subject": found["subject"], "version": found["version"]});
    for found in &references {
        let nested = found["references"].as_array().cloned().unwrap_or_default();
        let body = json!({
            "subject": found["subject"], "version": found["version"], "id": 1,
            "schema": found["schema"], "references": nested.iter().map(pointer).collect::<Vec<_>>(),
        });
        let subject = found["subject"].as_str().unwrap().replace('/', "%2F");
        let version = &found["version"];
        stub.answer(&format!("GET /subjects/{subject}/versions/{version}"), 200, body);
    }
    let is_direct = |found: &&Json| match row["direct_references"].as_array() {
        Some(direct) => direct.contains(&found["name"]),
        None => true,
    };
    let direct: Vec<_> = references.iter().filter(is_direct).map(pointer).collect();
    let body = json!({
        "schemaType": row["format"], "schema": row["schema"], "guid": row["guid"],
        "references": direct,
    });
    stub.answer(&format!("GET /schemas/ids/{}", row["schema_id"]), 200, body.clone());
    if let Some(guid) = row["guid"].as_str() {
        stub.answer(&format!("GET /schemas/guids/{guid}"), 200, body);
    }
}

/// The last schema id header of the row's side.
fn header_of(row: &Json) -> Option<Vec<u8>> {
    let side = if is_key(row) { KEY_SCHEMA_ID_HEADER } else { VALUE_SCHEMA_ID_HEADER };
    let headers = row["headers"].as_array()?.iter().rev();
    let mut own = headers.filter(|header| header["name"] == side);
    own.next().map(|header| unhex(header["hex"].as_str().unwrap()))
}

fn is_key(row: &Json) -> bool {
    row["subject"].as_str().is_some_and(|subject| subject.ends_with("-key"))
}

fn types_of(row: &Json) -> Types {
    let references = row["references"].as_array().cloned().unwrap_or_default();
    let texts = references.iter().map(|found| found["schema"].as_str().unwrap().to_owned());
    Types::parse(row["schema"].as_str().unwrap(), &texts.collect::<Vec<_>>())
}

/// The settings of a serializer that writes what the row holds.
fn targeted<F>(row: &Json, builder: SerializerBuilder<F>) -> SerializerBuilder<F> {
    let id = u32::try_from(row["schema_id"].as_u64().unwrap()).unwrap();
    let is_header = header_of(row).is_some();
    let builder = if is_key(row) { builder.key() } else { builder.value() };
    builder
        .subject(row["subject"].as_str().unwrap_or("s"))
        .source(SchemaSource::Id { id, strict: false })
        .framing(if is_header { Framing::Header } else { Framing::Prefix })
}

/// A registry that knows the row's schema, and the message.
struct Case {
    _stub: Stub,
    client: RegistryClient,
    payload: Vec<u8>,
    header: Option<Vec<u8>>,
}

impl Case {
    async fn of(row: &Json) -> Self {
        let stub = Stub::start().await;
        publish(&stub, row);
        let client = RegistryClient::new(&stub.url).unwrap();
        let payload = row["hex"].as_str().map(unhex).unwrap_or_default();
        Self { _stub: stub, client, payload, header: header_of(row) }
    }
}

#[tokio::test]
async fn messages_of_other_serializers_decode_and_encode() {
    let own = lines(include_str!("vectors/wire.jsonl"));
    let rows = [own, rows("wire-vectors.jsonl")].concat();
    let mut failures = Vec::new();
    for row in rows.iter().filter(|row| row["hex"].is_string()) {
        let case = Case::of(row).await;
        let result = match row["format"].as_str().unwrap() {
            "AVRO" => avro_both_ways(row, &case).await,
            "PROTOBUF" => protobuf_both_ways(row, &case, &rows).await,
            "JSON" => json_both_ways(row, &case).await,
            format => Err(format!("unknown format {format}")),
        };
        failures.extend(result.err().map(|failure| format!("{}: {failure}", row["id"])));
    }
    assert_eq!(failures, Vec::<String>::new());
}

type Outcome = Result<(), String>;

async fn avro_both_ways(row: &Json, case: &Case) -> Outcome {
    let types = types_of(row);
    let reader = AvroDeserializer::generic(&case.client).build().await.unwrap();
    match reader.decode_async(&case.payload, case.header.as_deref()).await {
        Ok(value) if types.to_json(&value) == row["value"] => {}
        other => return Err(format!("decoded {other:?}")),
    }
    if row["compare"] != "bytes" {
        return Ok(());
    }
    let writer = targeted(row, AvroSerializer::generic_from_registry(&case.client));
    match writer.build().await.and_then(|it| it.encode(&types.read_json(&row["value"]))) {
        Ok(bytes) if bytes == case.payload => Ok(()),
        other => Err(format!("encoded {other:x?}")),
    }
}

async fn protobuf_both_ways(row: &Json, case: &Case, rows: &[Json]) -> Outcome {
    let reader = ProtobufDeserializer::dynamic(&case.client).build();
    let decoded = reader.decode_async(&case.payload, case.header.as_deref()).await;
    let decoded = decoded.map_err(|error| format!("{error:?}"))?;
    if decoded.descriptor().full_name() != row["message"] {
        return Err(format!("decoded a {}", decoded.descriptor().full_name()));
    }
    // An `Any` may hold a message that the schema does not know, but another row's does.
    let wide = message_of(row, rows);
    let wide = DynamicMessage::decode(wide, &decoded.encode_to_vec()[..]).unwrap();
    let options = SerializeOptions::new().use_proto_field_name(true);
    let shown = wide.serialize_with_options(serde_json::value::Serializer, &options).unwrap();
    if shown != row["value"] {
        return Err(format!("decoded {shown}"));
    }
    let writer = ProtobufSerializer::dynamic_from_registry(&case.client);
    let writer = targeted(row, writer).message(row["message"].as_str().unwrap());
    let writer = writer.build().await.map_err(|error| format!("{error:?}"))?;
    let from_json = DynamicMessage::deserialize(wide.descriptor(), &row["value"]).unwrap();
    // Of unknown fields the JSON says nothing.
    let from_json = if decoded.unknown_fields().next().is_some() { &decoded } else { &from_json };
    for value in [&decoded, from_json] {
        match writer.encode(value) {
            Ok(bytes) if bytes == case.payload || row["compare"] != "bytes" => {}
            other => return Err(format!("encoded {other:x?}")),
        }
    }
    let index =
        (levada_serde::Serializer::schema_id_header(&writer)).map(|(_, header)| &header[..]);
    if index != case.header.as_deref() {
        return Err(format!("header {index:x?}"));
    }
    Ok(())
}

async fn json_both_ways(row: &Json, case: &Case) -> Outcome {
    let reader = JsonDeserializer::<Json>::builder(&case.client).build();
    match reader.decode_async(&case.payload, case.header.as_deref()).await {
        Ok(value) if value == row["value"] => {}
        other => return Err(format!("decoded {other:?}")),
    }
    let writer = targeted(row, JsonSerializer::<Json>::from_registry(&case.client));
    let bytes = writer.build().await.and_then(|it| it.encode(&row["value"]));
    let bytes = bytes.map_err(|error| format!("{error:?}"))?;
    let frame = if case.header.is_some() { 0 } else { 5 };
    let body: Json = serde_json::from_slice(&bytes[frame..]).unwrap();
    if body != row["value"] || bytes[..frame] != case.payload[..frame] {
        return Err(format!("encoded {bytes:x?}"));
    }
    Ok(())
}

#[tokio::test]
async fn malformed_messages_fail_with_their_class() {
    let own = lines(include_str!("vectors/malformed.jsonl"));
    let mut failures = Vec::new();
    for row in [own, rows("malformed.jsonl")].concat() {
        let (id, expected) = (row["id"].as_str().unwrap(), row["expect_error"].as_str().unwrap());
        let case = Case::of(&row).await;
        let result = match row["direction"].as_str() {
            Some(_) => encode_malformed(&row, &case).await,
            None => decode_malformed(&row, &case).await,
        };
        let class = result.as_ref().map_or_else(class_of, |()| "Accept");
        if class != expected {
            failures.push(format!("{id}: wanted {expected}, got {class}: {result:?}"));
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

async fn decode_malformed(row: &Json, case: &Case) -> Result<(), Error> {
    let (payload, header) = (&case.payload[..], case.header.as_deref());
    match row["format"].as_str().unwrap() {
        "AVRO" => {
            let reader = AvroDeserializer::generic(&case.client).build().await?;
            reader.decode_async(payload, header).await.map(drop)
        }
        "PROTOBUF" => {
            let wanted = message_of(row, &[]);
            let reader = ProtobufDeserializer::dynamic_with_descriptor(&case.client, wanted);
            reader.build().decode_async(payload, header).await.map(drop)
        }
        _ => {
            let reader = JsonDeserializer::<Json>::builder(&case.client);
            let is_validating = row["options"]["validate"] != false;
            let reader = reader.validation(is_validating).build();
            reader.decode_async(payload, header).await.map(drop)
        }
    }
}

/// The message of the row, in a pool that also has those schemas of `others` that stand alone.
fn message_of(row: &Json, others: &[Json]) -> MessageDescriptor {
    let texts = others.iter().filter(|other| other["format"] == "PROTOBUF");
    let texts = texts.filter(|other| other["references"].is_null());
    let texts = texts.map(|other| (&other["id"], &other["schema"]));
    let own = row["references"].as_array().into_iter().flatten();
    let texts = texts.chain(own.map(|found| (&found["name"], &found["schema"])));
    let reference = |name: &Json| {
        let name = name.as_str().unwrap().to_owned();
        Reference { name, subject: String::new(), version: 1 }
    };
    let references = texts.map(|(name, text)| ResolvedReference {
        reference: reference(name),
        text: text.as_str().unwrap().to_owned(),
    });
    let (text, references) = (row["schema"].as_str().unwrap(), references.collect::<Vec<_>>());
    let file = ProtobufSchema::parse(text, &references, &Limits::default()).unwrap();
    let pool = file.linked().unwrap().parent_pool().clone();
    pool.get_message_by_name(row["message"].as_str().unwrap()).unwrap()
}

async fn encode_malformed(row: &Json, case: &Case) -> Result<(), Error> {
    match row["format"].as_str().unwrap() {
        "AVRO" => {
            let writer = targeted(row, AvroSerializer::generic_from_registry(&case.client));
            writer.build().await?.encode(&types_of(row).read_json(&row["value"])).map(drop)
        }
        "JSON" => {
            let writer = targeted(row, JsonSerializer::<Json>::from_registry(&case.client));
            writer.build().await?.encode(&row["value"]).map(drop)
        }
        format => panic!("no row of {format} is known that is written wrongly"),
    }
}

fn class_of(error: &Error) -> &'static str {
    match error {
        Error::Frame(frame) => match frame {
            FrameError::TooShort { .. } => "FrameTooShort",
            FrameError::UnknownMagic { .. } => "UnknownMagicByte",
            FrameError::InvalidHeader { .. } => "InvalidSchemaIdHeader",
            FrameError::IndexTruncated => "UnexpectedEof",
            FrameError::IndexVarintOverflow => "VarintOverflow",
            FrameError::IndexNegativeCount { .. } => "NegativeLength",
            FrameError::IndexTooLong { .. } => "LengthTooLarge",
            FrameError::IndexOutOfRange { .. } => "MessageIndexOutOfRange",
            _ => "?",
        },
        Error::SchemaNotFound { .. } => "SchemaNotFound",
        Error::InvalidSchema { .. } => "InvalidSchema",
        Error::UnresolvedReference { .. } => "UnresolvedReference",
        Error::TrailingBytes { .. } => "TrailingBytes",
        Error::UnknownMessage { .. } => "MessageIndexOutOfRange",
        Error::MessageTypeMismatch { .. } => "MessageTypeMismatch",
        Error::Invalid(_) => "SchemaValidation",
        Error::Decode(decode) => match decode.kind {
            DecodeKind::UnexpectedEof => "UnexpectedEof",
            DecodeKind::VarintOverflow => "VarintOverflow",
            DecodeKind::IntOverflow(_) => "IntOverflow",
            DecodeKind::NegativeLength(_) => "NegativeLength",
            DecodeKind::LengthTooLarge { .. } => "LengthTooLarge",
            DecodeKind::InvalidUtf8 => "InvalidUtf8",
            DecodeKind::InvalidTag(_) => "InvalidTag",
            DecodeKind::InvalidWireType(_) => "InvalidWireType",
            DecodeKind::InvalidJson(_) => "InvalidJson",
            DecodeKind::InvalidBoolean(_) => "InvalidBoolean",
            DecodeKind::UnionIndexOutOfRange { .. } => "UnionIndexOutOfRange",
            DecodeKind::EnumIndexOutOfRange { .. } => "EnumIndexOutOfRange",
            DecodeKind::BlockSizeMismatch { .. } => "BlockSizeMismatch",
            DecodeKind::DepthLimitExceeded(_) => "DepthLimitExceeded",
            DecodeKind::InvalidLogicalValue { .. } => "InvalidLogicalValue",
            _ => "?",
        },
        Error::Encode(encode) => match encode.kind {
            EncodeKind::MissingField(_) => "MissingField",
            EncodeKind::UnknownField(_) => "UnknownField",
            EncodeKind::TypeMismatch { .. } => "TypeMismatch",
            EncodeKind::IntOverflow(_) => "IntOverflow",
            EncodeKind::UnknownEnumSymbol(_) => "UnknownEnumSymbol",
            EncodeKind::FixedSizeMismatch { .. } => "FixedSizeMismatch",
            EncodeKind::NoUnionBranch(_) => "NoUnionBranch",
            _ => "?",
        },
        _ => "?",
    }
}

#[tokio::test]
async fn reader_schemas_resolve_what_writers_wrote() {
    let mut failures = Vec::new();
    for row in rows("reader-resolution.jsonl") {
        let result = resolve(&row).await;
        let reader = Types::parse(row["reader"].as_str().unwrap(), &[]);
        let is_right = match &result {
            Ok(value) => row.get("error").is_none() && reader.to_json(value) == row["expect"],
            Err(Error::Resolution { .. }) => row["error"] == "not-resolvable",
            Err(Error::Decode(error)) => {
                let is_unresolvable = matches!(error.kind, DecodeKind::NotResolvable(_));
                is_unresolvable && row["error"] == "not-resolvable"
            }
            Err(_) => false,
        };
        if !is_right {
            failures.push(format!("{}: {result:?}", row["id"]));
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

async fn resolve(row: &Json) -> Result<Value, Error> {
    let stub = Stub::start().await;
    stub.schema(1, row["writer"].as_str().unwrap());
    let client = RegistryClient::new(&stub.url)?;
    let reader = SchemaDefinition::avro(row["reader"].as_str().unwrap());
    let reader = AvroDeserializer::generic_with_schema(&client, reader).build().await?;
    let mut body = unhex(row["hex"].as_str().unwrap());
    if Types::parse(row["writer"].as_str().unwrap(), &[]).root_kind() == "bytes" {
        body.remove(0); // the length, which such a datum does not have inside a message
    }
    reader.decode_async(&[&[0, 0, 0, 0, 1], &body[..]].concat(), None).await
}
