//! What is asked of a registry and what it answers, as this crate uses it.

use std::fmt;

use levada_schema_core::{Reference, ResolvedReference, SchemaType};
use uuid::Uuid;

/// A schema to be registered, looked up or checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SchemaDefinition {
    pub schema_type: SchemaType,
    pub text: String,
    pub references: Vec<Reference>,
}

impl SchemaDefinition {
    /// An Avro schema without references.
    pub fn avro(text: impl Into<String>) -> Self {
        Self { schema_type: SchemaType::Avro, text: text.into(), references: Vec::new() }
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
    pub schema_type: SchemaType,
    pub text: String,
    /// Every schema it refers to, directly or through others, each behind its own targets.
    pub references: Vec<ResolvedReference>,
    /// Registries before version 8 give none.
    pub guid: Option<Uuid>,
}

/// What a registration or a lookup answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    pub id: u32,
    /// Registries before version 8 give neither guid nor version on registration.
    pub guid: Option<Uuid>,
    pub version: Option<i32>,
}

/// One version of a subject with its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectVersion {
    pub subject: String,
    pub version: i32,
    pub id: u32,
    pub schema: RegisteredSchema,
}

/// Which version of a subject is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    Latest,
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
    pub is_compatible: bool,
    /// What is incompatible, in the registry's words.
    pub messages: Vec<String>,
}
