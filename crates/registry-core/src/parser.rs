//! Parsing with a cache: the same text with the same references is parsed once.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use levada_schema_core::{
    Limits, ParseError, RawSchema, ResolvedReference, Schema, SchemaType, Validation,
};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::RegistryError;
use crate::cpu_pool::CpuPool;

/// Parsed schemas kept: about this many, of this many bytes of text together.
const CACHED_COUNT: usize = 4_096;
const CACHED_TEXT_BYTES: u64 = 32 << 20;

/// A text with the closure of its references, ready to be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) schema_type: SchemaType,
    pub(crate) text: String,
    pub(crate) closure: Vec<ResolvedReference>,
}

/// Everything that a parse depends on, so an entry can never be out of date. The texts stand here
/// whole: a digest as key would let crafted texts pass for each other.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    is_new: bool,
    source: Arc<Source>,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.is_new.hash(state);
        self.source.schema_type.hash(state);
        self.source.text.hash(state);
        for target in &self.source.closure {
            target.reference.hash(state);
        }
    }
}

#[derive(Clone)]
struct ByText;

impl Weighter<Key, Arc<Schema>> for ByText {
    fn weight(&self, key: &Key, _: &Arc<Schema>) -> u64 {
        let closure: usize = key.source.closure.iter().map(|target| target.text.len()).sum();
        u64::try_from(key.source.text.len() + closure).unwrap_or(u64::MAX).max(1)
    }
}

/// Parses on the threads of the pool; parsed schemas never change and are shared.
pub(crate) struct Parser {
    pub(crate) pool: CpuPool,
    pub(crate) limits: Limits,
    parsed: Cache<Key, Arc<Schema>, ByText>,
}

impl fmt::Debug for Parser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parser").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Parser {
    pub(crate) fn new(pool: CpuPool, limits: Limits) -> Self {
        Self { pool, limits, parsed: Cache::with_weighter(CACHED_COUNT, CACHED_TEXT_BYTES, ByText) }
    }

    /// How many texts were not in the cache.
    #[cfg(test)]
    pub(crate) fn parses(&self) -> u64 {
        self.parsed.misses()
    }

    /// The parsed schema, or the parser's own error.
    pub(crate) async fn try_parse(
        &self,
        source: &Arc<Source>,
        validation: Validation,
    ) -> Result<Result<Arc<Schema>, ParseError>, RegistryError> {
        let key = Key { is_new: validation == Validation::New, source: Arc::clone(source) };
        if let Some(schema) = self.parsed.get(&key) {
            return Ok(Ok(schema));
        }
        let (owned, limits) = (Arc::clone(source), self.limits);
        let parsed = self
            .pool
            .run(move || Schema::parse(owned.raw(), validation, &limits).map(Arc::new))
            .await?;
        if let Ok(schema) = &parsed {
            self.parsed.insert(key, Arc::clone(schema));
        }
        Ok(parsed)
    }

    pub(crate) async fn parse(
        &self,
        source: &Arc<Source>,
        validation: Validation,
    ) -> Result<Arc<Schema>, RegistryError> {
        let limit = self.limits.text_bytes_max;
        if source.text.len() > limit {
            return Err(RegistryError::SchemaTooLarge { bytes: source.text.len(), limit });
        }
        self.try_parse(source, validation)
            .await?
            .map_err(|error| RegistryError::invalid_schema(&error, &source.text))
    }
}

impl Source {
    fn raw(&self) -> RawSchema<'_> {
        RawSchema { schema_type: self.schema_type, text: &self.text, references: &self.closure }
    }
}
