//! Schemas in hand: one handed in by a client, and the stored ones it is compared with.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use levada_schema_core::{Contract, Fingerprint, Reference, Schema, SchemaType, Validation};

use super::references::{Closure, References};
use super::{Draft, Registry};
use crate::parser::{Source, Target};
use crate::{
    EffectiveConfig, ReadTransaction, RegistryError, SchemaVersion, Store, StoredSchema,
    StoredVersion, stamp,
};

/// A parsed schema that a client handed in.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) schema: Arc<Schema>,
    /// What would be stored: the canonical or the normalized text.
    pub(super) text: String,
    pub(super) references: Vec<Reference>,
    closure: Vec<Target>,
}

/// How a draft is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) normalize: bool,
    pub(super) validation: Validation,
    /// Whether the names of fields are judged.
    pub(super) strict_fields: bool,
}

impl Reading {
    /// As it stands, to be compared with what is stored.
    pub(super) fn to_compare(normalize: bool, config: &EffectiveConfig) -> Self {
        let strict_fields = config.validate_fields();
        Self { normalize, validation: Validation::Stored, strict_fields }
    }
}

/// A stored version with what it takes to parse it.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) stored: StoredVersion,
    /// The closure of the references, in dependency order.
    pub(super) closure: Vec<Target>,
}

/// The closures of those stored versions whose written-out text is looked at, by version.
#[derive(Debug, Default)]
pub(super) struct WrittenOut(HashMap<SchemaVersion, Vec<Target>>);

impl WrittenOut {
    /// Of `versions`, for a draft with these references. A draft without any may be what an Avro
    /// schema with references is once these are written out; no other comparison needs more than
    /// the draft's own closure.
    pub(super) async fn load<T: ReadTransaction>(
        references: &mut References<'_, T>,
        draft: &Draft,
        versions: &[StoredVersion],
    ) -> Result<Self, RegistryError> {
        let mut closures = HashMap::new();
        if draft.references.is_empty() && schema_type(draft) == Ok(SchemaType::Avro) {
            let may_be = |old: &&StoredVersion| {
                old.schema.schema_type == SchemaType::Avro && !old.schema.references.is_empty()
            };
            for old in versions.iter().filter(may_be) {
                closures.insert(old.version, references.load(old.clone()).await?.closure);
            }
        }
        Ok(Self(closures))
    }
}

/// The stored versions that a draft may be equal to, ascending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held<'a> {
    pub(super) versions: &'a [StoredVersion],
    pub(super) written_out: &'a WrittenOut,
}

/// The type that a draft names.
pub(super) fn schema_type(draft: &Draft) -> Result<SchemaType, RegistryError> {
    match &draft.schema_type {
        None => Ok(SchemaType::default()),
        Some(name) => SchemaType::from_str(name)
            .map_err(|_| RegistryError::InvalidSchema(format!("Invalid schema type {name}"))),
    }
}

impl<S: Store> Registry<S> {
    /// Parses a draft whose references have been followed, and changes its tags.
    pub(super) async fn candidate(
        &self,
        draft: &Draft,
        closure: &Closure,
        reading: Reading,
    ) -> Result<Candidate, RegistryError> {
        let validation = reading.validation;
        let mut source = Arc::new(Source {
            schema_type: schema_type(draft)?,
            text: draft.text.clone(),
            closure: closure.targets.clone(),
        });
        let mut schema = self.parser.parse(&source, validation).await?;
        for changes in draft.tags.iter().filter(|changes| !changes.is_empty()) {
            let (changes, limits) = (changes.clone(), self.parser.limits);
            let edit = move || schema.with_tags(&changes, &limits);
            let text = self.parser.pool.run(edit).await?;
            let text = text.map_err(|error| RegistryError::InvalidSchema(error.to_string()))?;
            source = Arc::new(Source { text, ..Source::clone(&source) });
            schema = self.parser.parse(&source, validation).await?;
        }
        if reading.strict_fields {
            let judged = Arc::clone(&schema);
            if let Some(fault) = self.parser.pool.run(move || judged.field_fault()).await? {
                return Err(RegistryError::InvalidSchema(format!("Invalid schema: {fault}")));
            }
        }
        if !reading.normalize {
            let text = schema.canonical().to_owned();
            let (references, closure) = (closure.references.clone(), closure.targets.clone());
            return Ok(Candidate { schema, text, references, closure });
        }
        let text = self.parser.pool.run(move || schema.normalized()).await?;
        let source = Source { text: text.clone(), ..Source::clone(&source) };
        Ok(Candidate {
            schema: self.parser.parse(&Arc::new(source), validation).await?,
            text,
            references: Schema::normalized_references(&closure.references),
            closure: closure.targets.clone(),
        })
    }

    pub(super) async fn parse_loaded(&self, loaded: &Loaded) -> Result<Arc<Schema>, RegistryError> {
        self.parse_stored(&loaded.stored.schema, &loaded.closure).await
    }

    async fn parse_stored(
        &self,
        stored: &StoredSchema,
        closure: &[Target],
    ) -> Result<Arc<Schema>, RegistryError> {
        let (schema_type, text) = (stored.schema_type, stored.text.clone());
        let source = Source { schema_type, text, closure: closure.to_vec() };
        self.parser.parse(&Arc::new(source), Validation::Stored).await
    }

    /// The version that counts as the same schema: the very content first, then the newest that is
    /// equal in meaning.
    pub(super) async fn find_equal<'a>(
        &self,
        candidate: &Candidate,
        contract: &Contract,
        held: Held<'a>,
    ) -> Result<Option<&'a StoredVersion>, RegistryError> {
        let Held { versions, written_out } = held;
        if versions.is_empty() {
            return Ok(None);
        }
        let schema_type = candidate.schema.schema_type();
        let fingerprint = Fingerprint::of(&candidate.text, &candidate.references, contract);
        let of_type = || versions.iter().rev().filter(|old| old.schema.schema_type == schema_type);
        let same = of_type()
            .find(|old| old.schema.fingerprint == fingerprint && old.schema.text == candidate.text);
        if let Some(same) = same {
            return Ok(Some(same));
        }
        for old in of_type() {
            let equal_contract = stamp::is_equal(contract, &old.schema.contract, old.version);
            if equal_contract && self.is_equivalent(candidate, old, written_out).await? {
                return Ok(Some(old));
            }
        }
        Ok(None)
    }

    /// Equal references and equal in meaning; or no references in the candidate, and its
    /// written-out text equal to the stored schema with its references resolved.
    async fn is_equivalent(
        &self,
        candidate: &Candidate,
        old: &StoredVersion,
        written_out: &WrittenOut,
    ) -> Result<bool, RegistryError> {
        let stored = &old.schema;
        if stored.references == candidate.references {
            if stored.text == candidate.text {
                return Ok(true);
            }
            // The text of a JSON Schema is its identity, and reads again as itself. That of
            // Protobuf may not: it is printed without escapes, as the reference prints it.
            if stored.schema_type == SchemaType::Json {
                return Ok(false);
            }
            // What is equal in references has the candidate's closure.
            let (new, old) = (
                Arc::clone(&candidate.schema),
                self.parse_stored(stored, &candidate.closure).await?,
            );
            return self.parser.pool.run(move || new.is_equivalent(&old)).await;
        }
        if !candidate.references.is_empty() {
            return Ok(false);
        }
        match written_out.0.get(&old.version) {
            Some(closure) => {
                let parsed = self.parse_stored(stored, closure).await?;
                let resolved = self.parser.pool.run(move || parsed.resolved()).await?;
                Ok(resolved == candidate.text)
            }
            // Other formats are not written out.
            None => Ok(stored.text == candidate.text),
        }
    }
}
