//! Parsing with a cache: the same text with the same references is parsed once.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use levada_schema_core::{
    Limits, ParseError, RawSchema, Reference, ResolvedReference, Schema, SchemaType, Validation,
};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::cpu_pool::{CpuPool, here};
use crate::{RegistryError, StoredSchema};

/// Parsed schemas kept: about this many, of this many bytes of text together.
const CACHED_COUNT: usize = 4_096;
const CACHED_TEXT_BYTES: u64 = 32 << 20;

/// A text with the closure of its references, ready to be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) schema_type: SchemaType,
    pub(crate) text: String,
    pub(crate) closure: Vec<Target>,
}

/// What a reference points to. Its text is shared by all that point there.
#[derive(Clone, Debug, Eq)]
pub(crate) struct Target {
    pub(crate) reference: Reference,
    pub(crate) schema: Arc<StoredSchema>,
}

impl PartialEq for Target {
    /// Of the schema nothing but its text counts for those that are parsed with it.
    fn eq(&self, other: &Self) -> bool {
        self.reference == other.reference && self.schema.text == other.schema.text
    }
}

/// Avro texts up to this long are parsed where they are asked for, unless they nest deeper than
/// this: it takes less than the way to another thread and back, and fits any stack.
const QUICK_BYTES: usize = 16 << 10;
const QUICK_DEPTH: usize = 32;

/// Everything that a parse depends on, so an entry can never be out of date. The texts stand here
/// whole: a digest as key would let crafted texts pass for each other.
#[derive(Clone, PartialEq, Eq)]
struct Key(Arc<Source>);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.schema_type.hash(state);
        self.0.text.hash(state);
        for target in &self.0.closure {
            target.reference.hash(state);
        }
    }
}

/// A parsed schema, and the strictest validation that it is known to pass.
#[derive(Clone)]
struct Parsed {
    schema: Arc<Schema>,
    passes: Validation,
}

#[derive(Clone)]
struct ByText;

impl Weighter<Key, Parsed> for ByText {
    fn weight(&self, key: &Key, _: &Parsed) -> u64 {
        let closure: usize = key.0.closure.iter().map(|target| target.schema.text.len()).sum();
        u64::try_from(key.0.text.len() + closure).unwrap_or(u64::MAX).max(1)
    }
}

/// Parses on the threads of the pool; parsed schemas never change and are shared.
pub(crate) struct Parser {
    pub(crate) pool: CpuPool,
    pub(crate) limits: Limits,
    parsed: Cache<Key, Parsed, ByText>,
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
        let key = Key(Arc::clone(source));
        let known = self.parsed.get(&key);
        if let Some(known) = known.filter(|known| known.passes.includes(validation)) {
            return Ok(Ok(known.schema));
        }
        let parsed = if let Some(parsed) = self.parse_quickly(source, validation)? {
            Ok(parsed)
        } else {
            let (owned, limits) = (Arc::clone(source), self.limits);
            self.pool.run(move || owned.parse(validation, &limits)).await?
        };
        if let Ok(parsed) = &parsed {
            self.parsed.insert(key, parsed.clone());
        }
        Ok(parsed.map(|parsed| parsed.schema))
    }

    /// Parses on the thread that asks; none where that could take long or deep, or fails. Avro
    /// alone: its schemas do not keep the limits that they were parsed with.
    fn parse_quickly(
        &self,
        source: &Source,
        validation: Validation,
    ) -> Result<Option<Parsed>, RegistryError> {
        let is_short = source.closure.is_empty() && source.text.len() <= QUICK_BYTES;
        if source.schema_type != SchemaType::Avro || !is_short {
            return Ok(None);
        }
        let limits = Limits { depth_max: self.limits.depth_max.min(QUICK_DEPTH), ..self.limits };
        here(|| source.parse(validation, &limits).ok())
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
    /// Parses for one validation and tells whether the strict one is passed as well: a text that is
    /// looked up is most often registered next.
    fn parse(&self, validation: Validation, limits: &Limits) -> Result<Parsed, ParseError> {
        let references = resolved(&self.closure);
        let (schema_type, text) = (self.schema_type, self.text.as_str());
        let raw = RawSchema { schema_type, text, references: &references };
        let parse = |passes| {
            let schema = Schema::parse(raw, passes, limits).map(Arc::new)?;
            Ok(Parsed { schema, passes })
        };
        match parse(Validation::New) {
            Err(_) if validation != Validation::New => parse(validation),
            other => other,
        }
    }
}

/// Targets as the parsers take them, with texts of their own.
pub(crate) fn resolved(closure: &[Target]) -> Vec<ResolvedReference> {
    let target = |target: &Target| ResolvedReference {
        reference: target.reference.clone(),
        text: target.schema.text.clone(),
    };
    closure.iter().map(target).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: String) -> Source {
        Source { schema_type: SchemaType::Avro, text, closure: Vec::new() }
    }

    #[test]
    fn a_deep_a_long_and_a_wrong_text_are_left_to_the_pool() {
        let parser = Parser::new(CpuPool::start(1).unwrap(), Limits::default());
        let is_parsed =
            |text: String| parser.parse_quickly(&source(text), Validation::New).unwrap().is_some();
        let array = |depth: usize| {
            let open = r#"{"type":"array","items":"#.repeat(depth);
            format!(r#"{open}"int"{}"#, "}".repeat(depth))
        };
        assert!(is_parsed(array(QUICK_DEPTH - 1)));
        assert!(!is_parsed(array(QUICK_DEPTH + 1)));
        let long = |bytes: usize| format!(r#"{}"int""#, " ".repeat(bytes - 5));
        assert!(is_parsed(long(QUICK_BYTES)));
        assert!(!is_parsed(long(QUICK_BYTES + 1)));
        assert!(!is_parsed("[".to_owned()));
    }

    #[test]
    fn a_text_is_parsed_for_the_strictest_validation_that_it_passes() {
        let limits = Limits::default();
        let passes = |text: &str, validation| {
            source(text.to_owned()).parse(validation, &limits).map(|parsed| parsed.passes).ok()
        };
        let (strict, lenient) = (r#""int""#, r#"{"type":"enum","name":"\u00e9","symbols":[]}"#);
        assert_eq!(passes(strict, Validation::Stored), Some(Validation::New));
        assert_eq!(passes(lenient, Validation::Stored), Some(Validation::Stored));
        assert_eq!(passes(lenient, Validation::New), None);
    }
}
