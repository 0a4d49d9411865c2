//! Frames and bodies written by other serializers, when the folder with them is there.
//!
//! Each row of `wire-vectors.jsonl` must decode to its value and, where only one encoding exists,
//! encode to its bytes; each row of `malformed.jsonl` must fail with its class of error; each row
//! of `reader-resolution.jsonl` must resolve or fail as said. Formats that this crate does not
//! read yet are counted, so that the count has to change with them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod avro_json;
mod stub;

use std::collections::BTreeMap;
use std::path::Path;

use avro_json::{Types, unhex};
use levada_serde::avro::Value;
use levada_serde::wire_format::{FrameError, split_indexed};
use levada_serde::{
    AvroDeserializer, AvroSerializer, DecodeKind, EncodeKind, Error, Framing, RegistryClient,
    SchemaDefinition, SchemaSource,
};
use serde_json::{Value as Json, json};
use stub::Stub;

fn rows(name: &str) -> Option<Vec<Json>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/serde");
    let text = std::fs::read_to_string(folder.join(name)).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
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
        let (subject, version) = (found["subject"].as_str().unwrap(), &found["version"]);
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

/// The last schema id header of the value side.
fn header_of(row: &Json) -> Option<Vec<u8>> {
    let headers = row["headers"].as_array()?.iter().rev();
    let mut own = headers.filter(|header| header["name"] == "__value_schema_id");
    own.next().map(|header| unhex(header["hex"].as_str().unwrap()))
}

fn types_of(row: &Json) -> Types {
    let references = row["references"].as_array().cloned().unwrap_or_default();
    let texts = references.iter().map(|found| found["schema"].as_str().unwrap().to_owned());
    Types::parse(row["schema"].as_str().unwrap(), &texts.collect::<Vec<_>>())
}

#[tokio::test]
async fn messages_of_other_serializers_decode_and_encode() {
    let Some(rows) = rows("wire-vectors.jsonl") else { return };
    let mut unsupported = BTreeMap::new();
    let mut failures = Vec::new();
    for row in rows {
        let (id, format) = (row["id"].as_str().unwrap(), row["format"].as_str().unwrap());
        if format != "AVRO" {
            *unsupported.entry(format.to_owned()).or_insert(0) += 1;
            continue;
        }
        let Some(hex) = row["hex"].as_str() else { continue }; // a tombstone has no bytes
        let stub = Stub::start().await;
        publish(&stub, &row);
        let client = RegistryClient::new(&stub.url).unwrap();
        let (types, header) = (types_of(&row), header_of(&row));
        let reader = AvroDeserializer::generic(&client).build().await.unwrap();
        match reader.decode_async(&unhex(hex), header.as_deref()).await {
            Ok(value) if types.to_json(&value) == row["value"] => {}
            other => failures.push(format!("{id}: decoded {other:?}")),
        }
        if row["compare"] != "bytes" {
            continue;
        }
        let schema_id = u32::try_from(row["schema_id"].as_u64().unwrap()).unwrap();
        let framing = if header.is_some() { Framing::Header } else { Framing::Prefix };
        let writer = AvroSerializer::generic_from_registry(&client)
            .subject(row["subject"].as_str().unwrap())
            .source(SchemaSource::Id { id: schema_id, strict: false })
            .framing(framing);
        match writer.build().await.and_then(|it| it.encode(&types.read_json(&row["value"]))) {
            Ok(bytes) if bytes == unhex(hex) => {}
            other => failures.push(format!("{id}: encoded {other:x?}")),
        }
    }
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(unsupported, BTreeMap::from([("PROTOBUF".into(), 28), ("JSON".into(), 16)]));
}

#[tokio::test]
async fn malformed_messages_fail_with_their_class() {
    let Some(rows) = rows("malformed.jsonl") else { return };
    let mut unsupported = BTreeMap::new();
    let mut failures = Vec::new();
    for row in rows {
        let (id, expected) = (row["id"].as_str().unwrap(), row["expect_error"].as_str().unwrap());
        let result = match (row["format"].as_str().unwrap(), row["direction"].as_str()) {
            ("AVRO", Some(_)) => encode_malformed(&row).await,
            ("AVRO", None) => decode_malformed(&row).await,
            ("PROTOBUF", _) => {
                let payload = unhex(row["hex"].as_str().unwrap());
                let framed = split_indexed(&payload, header_of(&row).as_deref());
                if framed.is_ok() {
                    *unsupported.entry(format!("PROTOBUF {expected}")).or_insert(0) += 1;
                    continue;
                }
                framed.map(drop).map_err(Error::from)
            }
            (format, _) => {
                *unsupported.entry(format!("{format} {expected}")).or_insert(0) += 1;
                continue;
            }
        };
        let class = result.as_ref().map_or_else(class_of, |()| "Accept");
        if class != expected {
            failures.push(format!("{id}: wanted {expected}, got {class}: {result:?}"));
        }
    }
    assert_eq!(failures, Vec::<String>::new());
    let expected = [
        ("JSON Accept", 1),
        ("JSON InvalidJson", 7),
        ("JSON SchemaValidation", 6),
        ("JSON UnresolvedReference", 1),
        ("PROTOBUF Accept", 1),
        ("PROTOBUF InvalidTag", 1),
        ("PROTOBUF InvalidUtf8", 1),
        ("PROTOBUF InvalidWireType", 3),
        ("PROTOBUF LengthTooLarge", 1),
        ("PROTOBUF MessageIndexOutOfRange", 2),
        ("PROTOBUF MessageTypeMismatch", 1),
        ("PROTOBUF UnexpectedEof", 1),
        ("PROTOBUF VarintOverflow", 1),
    ];
    assert_eq!(unsupported, expected.map(|(class, count)| (class.to_owned(), count)).into());
}

async fn decode_malformed(row: &Json) -> Result<(), Error> {
    let stub = Stub::start().await;
    publish(&stub, row);
    let client = RegistryClient::new(&stub.url)?;
    let reader = AvroDeserializer::generic(&client).build().await?;
    let payload = unhex(row["hex"].as_str().unwrap());
    reader.decode_async(&payload, header_of(row).as_deref()).await.map(drop)
}

async fn encode_malformed(row: &Json) -> Result<(), Error> {
    let stub = Stub::start().await;
    publish(&stub, row);
    let client = RegistryClient::new(&stub.url)?;
    let id = u32::try_from(row["schema_id"].as_u64().unwrap()).unwrap();
    let source = SchemaSource::Id { id, strict: false };
    let writer = AvroSerializer::generic_from_registry(&client).subject("s").source(source);
    writer.build().await?.encode(&types_of(row).read_json(&row["value"])).map(drop)
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
        Error::Decode(decode) => match decode.kind {
            DecodeKind::UnexpectedEof => "UnexpectedEof",
            DecodeKind::VarintOverflow => "VarintOverflow",
            DecodeKind::IntOverflow(_) => "IntOverflow",
            DecodeKind::NegativeLength(_) => "NegativeLength",
            DecodeKind::LengthTooLarge { .. } => "LengthTooLarge",
            DecodeKind::InvalidUtf8 => "InvalidUtf8",
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
    let Some(rows) = rows("reader-resolution.jsonl") else { return };
    let mut failures = Vec::new();
    for row in rows {
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
