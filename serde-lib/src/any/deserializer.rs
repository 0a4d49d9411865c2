//! [`AnyDeserializer`]: from the bytes of a Kafka message to JSON, whatever the format.

use levada_schema_core::SchemaType;
use prost_reflect::{DynamicMessage, ReflectMessage, SerializeOptions};
use serde_json::Value as Json;

use crate::avro::AvroDeserializer;
use crate::client::RegistryClient;
use crate::error::{DecodeError, DecodeKind, Error};
use crate::json::JsonDeserializer;
use crate::protobuf::ProtobufDeserializer;
use crate::rules::Rules;
use crate::serializer::ReadFraming;
use crate::span::{Span, Spans};
use crate::wire_format::{SchemaRef, schema_of};

/// A message as its own schema has it.
#[derive(Clone, Debug, PartialEq)]
pub struct AnyValue {
    /// The schema that the message names.
    pub schema: SchemaRef,
    /// The format of that schema.
    pub schema_type: SchemaType,
    /// The full name of a Protobuf message.
    pub message: Option<String>,
    /// Avro in its JSON encoding without logical types, Protobuf in its JSON mapping with fields
    /// that have their default, JSON as it is.
    pub json: Json,
}

/// Reads messages of all formats as JSON; their schema says which one it is. Its rules do not run:
/// messages are shown as they were written.
#[derive(Debug)]
pub struct AnyDeserializer {
    client: RegistryClient,
    framing: ReadFraming,
    avro: AvroDeserializer<Json>,
    protobuf: ProtobufDeserializer<DynamicMessage>,
    json: JsonDeserializer<Json>,
}

impl AnyDeserializer {
    /// A deserializer that asks this registry. What it has asked it remembers.
    pub async fn new(client: &RegistryClient, framing: ReadFraming) -> Result<Self, Error> {
        let protobuf = ProtobufDeserializer::dynamic(client).framing(framing.clone());
        let avro = AvroDeserializer::json(client).framing(framing.clone());
        let json = JsonDeserializer::builder(client).framing(framing.clone());
        Ok(Self {
            client: client.clone(),
            avro: avro.rules(Rules::none()).build().await?,
            protobuf: protobuf.rules(Rules::none()).build(),
            json: json.rules(Rules::none()).build(),
            framing,
        })
    }

    fn schema_of(&self, payload: &[u8], header: Option<&[u8]>) -> Result<SchemaRef, Error> {
        match self.framing {
            ReadFraming::Dual => Ok(schema_of(payload, header)?),
            ReadFraming::Bare { schema, .. } => Ok(schema),
        }
    }

    /// Reads a message. `header` is the last schema id header of this side, if there is one.
    ///
    /// A null payload is a tombstone and no message: do not pass it as an empty one.
    pub async fn decode(&self, payload: &[u8], header: Option<&[u8]>) -> Result<AnyValue, Error> {
        let schema = self.schema_of(payload, header)?;
        let schema_type = self.client.schema(schema).await?.schema_type;
        let (message, json) = match schema_type {
            SchemaType::Avro => (None, self.avro.decode_async(payload, header).await?),
            SchemaType::Json => (None, self.json.decode_async(payload, header).await?),
            SchemaType::Protobuf => {
                let message = self.protobuf.decode_async(payload, header).await?;
                let name = message.descriptor().full_name().to_owned();
                (Some(name), json_of(&message).map_err(|error| error.of_schema(schema))?)
            }
        };
        Ok(AnyValue { schema, schema_type, message, json })
    }
}

/// A message, and what its bytes say.
#[derive(Debug)]
pub struct Explained {
    /// The frame and the body as far as they can be read, in their order. They count from the front
    /// of the payload; a frame in a header is not among them.
    pub spans: Vec<Span>,
    /// What [`AnyDeserializer::decode`] makes of it.
    pub value: Result<AnyValue, Error>,
}

impl AnyDeserializer {
    /// Reads a message, and tells which of its bytes say what.
    pub async fn explain(&self, payload: &[u8], header: Option<&[u8]>) -> Explained {
        let value = self.decode(payload, header).await;
        let spans = self.spans(payload, header).await.unwrap_or_default();
        Explained { spans, value }
    }

    async fn spans(&self, payload: &[u8], header: Option<&[u8]>) -> Result<Vec<Span>, Error> {
        let schema = self.schema_of(payload, header)?;
        let schema_type = self.client.schema(schema).await?.schema_type;
        let mut frame = Spans::default();
        let is_in_front = header.is_none() && self.framing == ReadFraming::Dual;
        let index_start = if is_in_front { schema_spans(schema, &mut frame) } else { 0 };
        let body_spans = match schema_type {
            SchemaType::Avro => {
                let body = self.framing.split(payload, header)?.body;
                let mut spans = Spans::from(payload.len() - body.len());
                self.avro.explain(schema, body, &mut spans)?;
                spans
            }
            SchemaType::Json => {
                let body = self.framing.split(payload, header)?.body;
                let mut spans = Spans::from(payload.len() - body.len());
                spans.add(0..body.len(), "JSON text");
                spans
            }
            SchemaType::Protobuf => {
                let (split, index) = self.framing.split_indexed(payload, header)?;
                let body_start = payload.len() - split.body.len();
                let mut spans = Spans::from(body_start);
                let name = self.protobuf.explain(schema, index.as_ref(), split.body, &mut spans)?;
                if let Some(index) = index.filter(|_| body_start > index_start) {
                    let text = format!("message index {index}: {name}");
                    frame.add(index_start..body_start, text);
                }
                spans
            }
        };
        let mut spans = frame.found();
        spans.extend(body_spans.found());
        Ok(spans)
    }
}

/// Tells of the schema id in front of a payload; gives where it ends.
fn schema_spans(schema: SchemaRef, spans: &mut Spans) -> usize {
    let (magic, end) = match schema {
        SchemaRef::Id(_) => ("magic byte: a schema id follows", 5),
        SchemaRef::Guid(_) => ("magic byte: a schema guid follows", 17),
    };
    spans.add(0..1, magic);
    spans.add(1..end, format_args!("schema {schema}"));
    end
}

fn json_of(message: &DynamicMessage) -> Result<Json, Error> {
    let options = SerializeOptions::new().skip_default_fields(false);
    let mut text = Vec::new();
    // Through text, because a value has no floats: 0.1 would become what the double beside it is.
    let mut writer = serde_json::Serializer::new(&mut text);
    let written = message.serialize_with_options(&mut writer, &options);
    written.and_then(|()| serde_json::from_slice(&text)).map_err(|error| {
        let kind = DecodeKind::Type(error.to_string());
        Box::new(DecodeError::new("PROTOBUF", 0, kind)).into()
    })
}
