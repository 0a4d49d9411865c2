//! A parsed schema of any of the three formats, and what can be asked of it.

use std::fmt;
use std::str::FromStr;

use crate::avro::AvroSchema;
use crate::json::JsonSchema;
use crate::limits::breach;
use crate::protobuf::ProtobufSchema;
use crate::{Limits, ParseError, ParseErrorKind, Reference, ResolvedReference};

/// The schema formats, named as the REST API names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SchemaType {
    #[default]
    Avro,
    Json,
    Protobuf,
}

impl SchemaType {
    pub const ALL: [Self; 3] = [Self::Json, Self::Protobuf, Self::Avro];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Avro => "AVRO",
            Self::Json => "JSON",
            Self::Protobuf => "PROTOBUF",
        }
    }
}

impl fmt::Display for SchemaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A schema type that is none of AVRO, JSON, PROTOBUF (the names are case-sensitive).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown schema type '{0}'; known are AVRO, JSON, PROTOBUF")]
pub struct UnknownSchemaType(pub String);

impl FromStr for SchemaType {
    type Err = UnknownSchemaType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str() == name)
            .ok_or_else(|| UnknownSchemaType(name.to_owned()))
    }
}

/// How strictly a text is judged. What both take they make the same schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// A new schema: names and defaults must be right.
    New,
    /// A stored, imported or looked-up schema: Avro defaults are taken as they are.
    Stored,
}

impl Validation {
    /// Whether what passes this one passes `other` too.
    pub fn includes(self, other: Self) -> bool {
        self == Self::New || other == Self::Stored
    }
}

/// A schema text with the closure of its references, in dependency order.
#[derive(Clone, Copy, Debug)]
pub struct RawSchema<'a> {
    pub schema_type: SchemaType,
    pub text: &'a str,
    pub references: &'a [ResolvedReference],
}

/// A parsed schema.
#[derive(Clone, Debug)]
pub enum Schema {
    Avro(AvroSchema),
    Json(JsonSchema),
    Protobuf(ProtobufSchema),
}

impl Schema {
    /// Parses `raw`; every name must resolve inside the text and its references.
    pub fn parse(
        raw: RawSchema<'_>,
        validation: Validation,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        if raw.text.len() > limits.text_bytes_max {
            let what = format!("schema text has {} bytes", raw.text.len());
            let message = breach(&what, limits.text_bytes_max, "text-bytes-max");
            return Err(ParseError::new(ParseErrorKind::TooLarge, message));
        }
        if raw.text.trim().is_empty() {
            return Err(ParseError::new(ParseErrorKind::Empty, "Empty schema"));
        }
        match raw.schema_type {
            SchemaType::Avro => {
                AvroSchema::parse(raw.text, raw.references, validation, limits).map(Self::Avro)
            }
            SchemaType::Json => JsonSchema::parse(raw.text, raw.references, limits).map(Self::Json),
            SchemaType::Protobuf => {
                ProtobufSchema::parse(raw.text, raw.references, limits).map(Self::Protobuf)
            }
        }
    }

    pub fn schema_type(&self) -> SchemaType {
        match self {
            Self::Avro(_) => SchemaType::Avro,
            Self::Json(_) => SchemaType::Json,
            Self::Protobuf(_) => SchemaType::Protobuf,
        }
    }

    /// The text as the registry stores, shows and hashes it.
    pub fn canonical(&self) -> &str {
        match self {
            Self::Avro(schema) => schema.canonical(),
            Self::Json(schema) => schema.canonical(),
            Self::Protobuf(schema) => schema.canonical(),
        }
    }

    /// The text that `normalize=true` stores instead of [`Self::canonical`].
    pub fn normalized(&self) -> String {
        match self {
            Self::Avro(schema) => schema.normalized(),
            Self::Json(schema) => schema.normalized(),
            Self::Protobuf(schema) => schema.normalized(),
        }
    }

    /// The schema's own text with its references written out (`format=resolved`).
    pub fn resolved(&self) -> String {
        match self {
            Self::Avro(schema) => schema.resolved(),
            Self::Json(schema) => schema.resolved(),
            Self::Protobuf(schema) => schema.canonical().to_owned(),
        }
    }

    /// Equal in meaning as the reference's own deduplication sees it: the order of an Avro
    /// schema's custom properties, for one, does not count. References are compared by the caller.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Avro(a), Self::Avro(b)) => a.is_equivalent(b),
            (Self::Json(a), Self::Json(b)) => a.is_equivalent(b),
            (Self::Protobuf(a), Self::Protobuf(b)) => a.is_equivalent(b),
            _ => false,
        }
    }

    /// Whether a field of this name stands at the top: in the root record or object, or in any
    /// message of the file.
    pub fn has_top_level_field(&self, name: &str) -> bool {
        match self {
            Self::Avro(schema) => schema.has_top_level_field(name),
            Self::Json(schema) => schema.has_top_level_field(name),
            Self::Protobuf(schema) => schema.has_top_level_field(name),
        }
    }

    /// Why the schema is refused where fields are validated.
    pub fn field_fault(&self) -> Option<String> {
        match self {
            Self::Json(schema) => schema.restricted_field().map(|field| {
                format!("the field '{field}' is refused, because names must not start with $$")
            }),
            Self::Protobuf(schema) => schema.descriptor_fault(),
            Self::Avro(_) => None,
        }
    }

    /// The references as `normalize=true` stores them: by subject and version, each once; those
    /// that differ in name alone keep their order.
    pub fn normalized_references(references: &[Reference]) -> Vec<Reference> {
        let mut sorted = references.to_vec();
        sorted.sort_by(|a, b| {
            let subjects = a.subject.encode_utf16().cmp(b.subject.encode_utf16());
            subjects.then(a.version.cmp(&b.version))
        });
        let mut seen = std::collections::HashSet::new();
        sorted.retain(|reference| seen.insert(reference.clone()));
        sorted
    }
}
