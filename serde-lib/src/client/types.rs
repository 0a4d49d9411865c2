//! What is asked of a registry and what it answers, as this crate uses it.

use std::fmt;
use std::sync::Arc;

use levada_registry_api::{Metadata, RuleSet};
use levada_schema_core::{RawSchema, Reference, ResolvedReference, SchemaType};
use uuid::Uuid;

/// A schema to be registered, looked up or checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SchemaDefinition {
    /// The format.
    pub schema_type: SchemaType,
    /// The schema itself.
    pub text: String,
    /// The schemas that it names, by subject and version.
    pub references: Vec<Reference>,
}

impl SchemaDefinition {
    /// An Avro schema without references.
    pub fn avro(text: impl Into<String>) -> Self {
        Self { schema_type: SchemaType::Avro, text: text.into(), references: Vec::new() }
    }

    /// A Protobuf schema without references: `.proto` text.
    pub fn protobuf(text: impl Into<String>) -> Self {
        Self { schema_type: SchemaType::Protobuf, ..Self::avro(text) }
    }

    /// A JSON schema without references.
    pub fn json(text: impl Into<String>) -> Self {
        Self { schema_type: SchemaType::Json, ..Self::avro(text) }
    }

    /// Adds a reference: `name` as the text uses it, and the version of the subject it is.
    #[must_use]
    pub fn with_reference(
        mut self,
        name: impl Into<String>,
        subject: impl Into<String>,
        version: i32,
    ) -> Self {
        let reference = Reference { name: name.into(), subject: subject.into(), version };
        self.references.push(reference);
        self
    }
}

/// A schema as the registry holds it. Never changes once it has an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredSchema {
    /// The format.
    pub schema_type: SchemaType,
    /// The schema as the registry stores it.
    pub text: String,
    /// Every schema it refers to, directly or through others, each behind its own targets.
    pub references: Vec<ResolvedReference>,
    /// Registries before version 8 give none.
    pub guid: Option<Uuid>,
    /// What travels with the schema.
    pub contract: Arc<Contract>,
}

/// What a registry keeps beside the text of a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    /// Tags by path, and properties.
    pub metadata: Option<Metadata>,
    /// The rules that values pass; see [`crate::rules`].
    pub rule_set: Option<RuleSet>,
}

impl RegisteredSchema {
    /// As the parser takes it.
    pub(crate) fn raw(&self) -> RawSchema<'_> {
        let Self { schema_type, text, references, .. } = self;
        RawSchema { schema_type: *schema_type, text, references }
    }
}

/// What a registration or a lookup answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The id that messages carry.
    pub id: u32,
    /// Registries before version 8 give neither guid nor version on registration.
    pub guid: Option<Uuid>,
    /// Its version in the subject.
    pub version: Option<i32>,
}

/// The same with what the registry keeps beside the schema.
#[derive(Clone, Debug)]
pub(crate) struct Submitted {
    pub(crate) registered: Registered,
    pub(crate) contract: Arc<Contract>,
}

/// One version of a subject with its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectVersion {
    /// The subject that was asked for.
    pub subject: String,
    /// Counts from 1.
    pub version: i32,
    /// The id that messages carry.
    pub id: u32,
    /// The schema of this version.
    pub schema: RegisteredSchema,
}

/// Which version of a subject is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// The one registered last.
    Latest,
    /// Counts from 1.
    Number(i32),
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// The verdict of a compatibility check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compatibility {
    /// Whether the schema may follow the version.
    pub is_compatible: bool,
    /// What is incompatible, in the registry's words.
    pub messages: Vec<String>,
}
