//! Schemas in hand: one handed in by a client, and the stored ones it is compared with.

use std::str::FromStr;
use std::sync::Arc;

use levada_schema_core::{
    Contract, Fingerprint, Limits, Reference, ResolvedReference, Schema, SchemaType, Validation,
};

use super::references::{self, Closure};
use super::{Draft, Registry};
use crate::parser::Source;
use crate::{EffectiveConfig, ReadTransaction, RegistryError, Store, StoredVersion, stamp};

/// A parsed schema that a client handed in.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) schema: Arc<Schema>,
    /// What would be stored: the canonical or the normalized text.
    pub(super) text: String,
    pub(super) references: Vec<Reference>,
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
    source: Arc<Source>,
}

impl Loaded {
    pub(super) async fn load<T: ReadTransaction>(
        tx: &mut T,
        stored: StoredVersion,
        limits: &Limits,
    ) -> Result<Self, RegistryError> {
        let schema = &stored.schema;
        let home = &stored.subject.context;
        let closure = references::closure(tx, home, &schema.references, limits).await?;
        let source = Arc::new(Source {
            schema_type: schema.schema_type,
            text: schema.text.clone(),
            closure: closure.targets,
        });
        Ok(Self { stored, source })
    }

    /// The closure of the references, in dependency order.
    pub(super) fn closure(&self) -> &[ResolvedReference] {
        &self.source.closure
    }

    pub(super) async fn load_all<T: ReadTransaction>(
        tx: &mut T,
        versions: Vec<StoredVersion>,
        limits: &Limits,
    ) -> Result<Vec<Self>, RegistryError> {
        let mut loaded = Vec::with_capacity(versions.len());
        for version in versions {
            loaded.push(Self::load(tx, version, limits).await?);
        }
        Ok(loaded)
    }
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
            return Ok(Candidate { schema, text, references: closure.references.clone() });
        }
        let text = self.parser.pool.run(move || schema.normalized()).await?;
        let source = Source { text: text.clone(), ..Source::clone(&source) };
        Ok(Candidate {
            schema: self.parser.parse(&Arc::new(source), validation).await?,
            text,
            references: Schema::normalized_references(&closure.references),
        })
    }

    pub(super) async fn parse_loaded(&self, loaded: &Loaded) -> Result<Arc<Schema>, RegistryError> {
        self.parser.parse(&loaded.source, Validation::Stored).await
    }

    /// The version among `versions` that counts as the same schema: the very content first, then
    /// the newest that is equal in meaning.
    pub(super) async fn find_equal<'a>(
        &self,
        candidate: &Candidate,
        contract: &Contract,
        versions: &[&'a Loaded],
    ) -> Result<Option<&'a Loaded>, RegistryError> {
        if versions.is_empty() {
            return Ok(None);
        }
        let schema_type = candidate.schema.schema_type();
        let fingerprint = Fingerprint::of(&candidate.text, &candidate.references, contract);
        let of_type =
            || versions.iter().rev().filter(|old| old.stored.schema.schema_type == schema_type);
        let same = of_type().find(|old| {
            let stored = &old.stored.schema;
            stored.fingerprint == fingerprint && stored.text == candidate.text
        });
        if let Some(same) = same {
            return Ok(Some(same));
        }
        for old in of_type() {
            let stored = &old.stored;
            let equal_contract = stamp::is_equal(contract, &stored.schema.contract, stored.version);
            if equal_contract && self.is_equivalent(candidate, old).await? {
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
        old: &Loaded,
    ) -> Result<bool, RegistryError> {
        let stored = &old.stored.schema;
        if stored.references == candidate.references {
            if stored.text == candidate.text {
                return Ok(true);
            }
            let (new, old) = (Arc::clone(&candidate.schema), self.parse_loaded(old).await?);
            return self.parser.pool.run(move || new.is_equivalent(&old)).await;
        }
        if !candidate.references.is_empty() {
            return Ok(false);
        }
        let parsed = self.parse_loaded(old).await?;
        let resolved = self.parser.pool.run(move || parsed.resolved()).await?;
        Ok(resolved == candidate.text)
    }
}
