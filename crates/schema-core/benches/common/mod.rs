//! A pair of versions of a schema, and the work that is measured on it.

pub(crate) mod avro;
pub(crate) mod json;
pub(crate) mod protobuf;

use levada_schema_core::{
    CompatibilityLevel, Limits, RawSchema, Reference, ResolvedReference, Schema, SchemaType,
    Validation, VersionReport, check_version,
};

/// One version: its text and the closure of its references.
pub(crate) struct Version {
    pub(crate) text: String,
    pub(crate) references: Vec<ResolvedReference>,
}

/// An earlier version and the one that is to follow it.
pub(crate) struct Pair {
    pub(crate) schema_type: SchemaType,
    pub(crate) name: String,
    pub(crate) old: Version,
    pub(crate) new: Version,
    /// How many fields or properties the new version has with its references.
    pub(crate) fields: usize,
}

impl Version {
    pub(crate) fn of(text: String) -> Self {
        Self { text, references: Vec::new() }
    }
}

/// A reference whose subject is named like it.
pub(crate) fn reference(name: &str, version: i32, text: String) -> ResolvedReference {
    let reference = Reference { name: name.to_owned(), subject: name.to_owned(), version };
    ResolvedReference { reference, text }
}

impl Pair {
    pub(crate) fn parse_old(&self) -> Schema {
        self.parse(&self.old, Validation::Stored)
    }

    pub(crate) fn parse_new(&self) -> Schema {
        self.parse(&self.new, Validation::New)
    }

    #[expect(clippy::panic, reason = "a text that does not parse would make the figures lies")]
    fn parse(&self, version: &Version, validation: Validation) -> Schema {
        let Version { text, references } = version;
        let raw = RawSchema { schema_type: self.schema_type, text, references };
        Schema::parse(raw, validation, &Limits::default())
            .unwrap_or_else(|error| panic!("{} {}: {error}", self.schema_type, self.name))
    }

    /// What a registration costs: both texts parsed, the candidate held against the earlier one.
    pub(crate) fn check(&self) -> VersionReport {
        self.compare(&self.parse_new(), &self.parse_old())
    }

    #[expect(clippy::panic, reason = "a check that is given up would make the figures lies")]
    pub(crate) fn compare(&self, new: &Schema, old: &Schema) -> VersionReport {
        check_version(CompatibilityLevel::Backward, new, old, &Limits::default())
            .unwrap_or_else(|error| panic!("{} {}: {error}", self.schema_type, self.name))
    }
}

/// Every shape for one format.
pub(crate) fn pairs(schema_type: SchemaType) -> Vec<Pair> {
    match schema_type {
        SchemaType::Avro => avro::pairs(),
        SchemaType::Json => json::pairs(),
        SchemaType::Protobuf => protobuf::pairs(),
    }
}
