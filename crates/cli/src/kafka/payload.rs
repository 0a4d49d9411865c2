//! Keys and values as JSON: decoded with their schema, or as the text or bytes that they are.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use levada_kafka_client::Header;
use levada_serde::client::{SubjectVersion, Version};
use levada_serde::wire_format::{SchemaRef, Side};
use levada_serde::{AnyDeserializer, AnyValue, ReadFraming, RegistryClient};
use serde_json::{Map, Value as Json, json};

use crate::config_file::RegistryTable;
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::registry::{ContextArgs, RegistryArgs};

/// The longest frame: a magic byte and a guid. Shorter ones hold an id.
const FRAME_BYTES_MIN: usize = 5;

/// How keys or values are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Reading {
    /// With the schema that they name; without one as JSON, text, or bytes
    #[default]
    Auto,
    Json,
    Text,
    Hex,
}

/// A key or a value, fit to be shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// None where only the bytes can be shown.
    pub(super) json: Option<Json>,
    pub(super) hex: Option<String>,
    pub(super) schema: Option<Json>,
    /// Why it could not be decoded.
    pub(super) error: Option<String>,
}

impl Shown {
    fn plain(json: Json) -> Self {
        Self { json: Some(json), ..Self::default() }
    }

    fn bytes(bytes: &[u8]) -> Self {
        Self { hex: Some(hex(bytes)), ..Self::default() }
    }

    /// For people, on one line.
    pub(super) fn text(&self) -> String {
        match (&self.json, &self.hex) {
            (Some(json), _) => json.to_string(),
            (None, Some(hex)) => format!("0x{hex}"),
            (None, None) => "null".to_owned(),
        }
    }

    /// Adds the members that tell of it to a record.
    pub(super) fn tell(self, side: &str, record: &mut Map<String, Json>) {
        let Self { json, hex, schema, error } = self;
        if let Some(hex) = hex {
            record.insert(format!("{side}Hex"), Json::from(hex));
        } else {
            record.insert(side.to_owned(), json.unwrap_or_default());
        }
        let more = [("Schema", schema), ("Error", error.map(Json::from))];
        for (name, value) in more {
            if let Some(value) = value {
                record.insert(format!("{side}{name}"), value);
            }
        }
    }
}

/// Where the schemas of records are.
#[derive(Debug, Args)]
pub(super) struct SubjectsArgs {
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    context: ContextArgs,
}

impl SubjectsArgs {
    pub(super) fn is_named(&self, table: &RegistryTable) -> bool {
        self.registry.is_named(table)
    }

    pub(super) fn client(
        &self,
        globals: &Globals,
        table: &RegistryTable,
    ) -> Result<RegistryClient, Failure> {
        self.registry.endpoint(globals, table)?.within(&self.context).client()
    }
}

/// Decodes with a registry, if there is one.
pub(super) struct Payloads {
    framed: Option<AnyDeserializer>,
    /// Of values that name no schema, but have one.
    bare: Option<AnyDeserializer>,
}

impl Payloads {
    /// Records without schemas can be read without a registry. `named` is the schema of values that
    /// name none.
    pub(super) async fn open(
        registry: &SubjectsArgs,
        named: Option<&str>,
        globals: &Globals,
        table: &RegistryTable,
    ) -> Result<Self, Failure> {
        if !registry.is_named(table) && named.is_none() {
            return Ok(Self { framed: None, bare: None });
        }
        let client = registry.client(globals, table)?;
        let bare = match named {
            Some(_) => Some(deserializer(&client, named).await?),
            None => None,
        };
        Ok(Self { framed: Some(deserializer(&client, None).await?), bare })
    }

    /// One side of a record. A null one is null.
    pub(super) async fn show(
        &self,
        payload: Option<&[u8]>,
        headers: &[Header],
        side: Side,
        reading: Reading,
    ) -> Result<Shown, Failure> {
        let Some(payload) = payload else { return Ok(Shown::plain(Json::Null)) };
        let last = headers.iter().rfind(|header| header.name == side.schema_id_header());
        let header = last.and_then(|header| header.value.as_deref());
        let shown = match reading {
            Reading::Auto if side == Side::Value && self.bare.is_some() => {
                return decoded(self.bare.as_ref(), payload, None).await;
            }
            Reading::Auto if is_framed(payload, header) => {
                return decoded(self.framed.as_ref(), payload, header).await;
            }
            Reading::Auto => json_text(payload).or_else(|| text(payload)),
            Reading::Json => serde_json::from_slice(payload).ok().map(Shown::plain),
            Reading::Text => text(payload),
            Reading::Hex => None,
        };
        Ok(shown.unwrap_or_else(|| Shown::bytes(payload)))
    }
}

/// A registry that does not answer is no fault of the record.
async fn decoded(
    deserializer: Option<&AnyDeserializer>,
    payload: &[u8],
    header: Option<&[u8]>,
) -> Result<Shown, Failure> {
    let Some(deserializer) = deserializer else {
        let message = "a record names a schema, and there is no registry to ask for it; say it \
                       with --registry URL, LEVADA_REGISTRY, or url in the table [registry] of \
                       levada.toml; or read it with --key hex, --value hex";
        return Err(Failure::new(exit::USAGE, message));
    };
    match deserializer.decode(payload, header).await {
        Ok(value) => Ok(Shown { schema: Some(schema_of(&value)), ..Shown::plain(value.json) }),
        Err(error) if error.is_poison() => {
            Ok(Shown { error: Some(error.to_string()), ..Shown::bytes(payload) })
        }
        Err(error) => Err(Failure::new(exit::REGISTRY, error)),
    }
}

/// The version that `SUBJECT@VERSION` names; the newest of `SUBJECT`.
pub(super) async fn named_version(
    client: &RegistryClient,
    named: &str,
) -> Result<Arc<SubjectVersion>, Failure> {
    let (subject, version) = named.rsplit_once('@').unwrap_or((named, "latest"));
    let version = match version {
        "latest" => Version::Latest,
        number => Version::Number(number.parse().map_err(|_| {
            let message = format!("--as {named}: it takes the form SUBJECT@VERSION");
            Failure::new(exit::USAGE, message)
        })?),
    };
    let found = client.version(subject, version).await;
    found.map_err(|error| Failure::new(exit::REGISTRY, error))
}

/// Reads messages with the schema that they name, or bare ones with the schema of `--as`.
pub(super) async fn deserializer(
    client: &RegistryClient,
    named: Option<&str>,
) -> Result<AnyDeserializer, Failure> {
    let framing = match named {
        None => ReadFraming::Dual,
        Some(named) => {
            let id = named_version(client, named).await?.id;
            ReadFraming::Bare { schema: SchemaRef::Id(id), index: None }
        }
    };
    let deserializer = AnyDeserializer::new(client, framing).await;
    deserializer.map_err(|error| Failure::new(exit::REGISTRY, error))
}

/// The schema that a value was read with.
pub(super) fn schema_of(value: &AnyValue) -> Json {
    let mut schema = match value.schema {
        SchemaRef::Id(id) => json!({"id": id}),
        SchemaRef::Guid(guid) => json!({"guid": guid.to_string()}),
    };
    schema["type"] = Json::from(value.schema_type.to_string());
    if let Some(message) = &value.message {
        schema["message"] = Json::from(message.clone());
    }
    schema
}

/// Whether the payload says which schema it has. No text begins with such a byte.
fn is_framed(payload: &[u8], header: Option<&[u8]>) -> bool {
    header.is_some() || (payload.len() >= FRAME_BYTES_MIN && matches!(payload.first(), Some(0 | 1)))
}

/// A JSON text that is an object or an array; other ones might as well be words.
fn json_text(payload: &[u8]) -> Option<Shown> {
    let json = serde_json::from_slice::<Json>(payload).ok()?;
    (json.is_object() || json.is_array()).then(|| Shown::plain(json))
}

fn text(payload: &[u8]) -> Option<Shown> {
    std::str::from_utf8(payload).ok().map(|text| Shown::plain(Json::from(text)))
}

/// Two digits a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The bytes that hex digits stand for; white space does not count.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    levada_schema_check::samples::bytes(text)
}
