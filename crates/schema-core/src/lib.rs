//! Schemas as values: text in, and out come the canonical text, the identity and the verdict.
//!
//! One call per question. [`Schema::parse`] turns text and its already fetched references into a
//! [`Schema`]; [`Schema::canonical`] is the text the registry stores and hashes;
//! [`check_version`] compares a candidate with one earlier version under a
//! [`CompatibilityLevel`] and returns every difference with its path, never the first alone.
//!
//! The crate is pure: no file, socket, clock, randomness or async runtime. Whoever fetched the
//! references hands them in; nothing named in a schema is ever looked up. Every parser works
//! under [`Limits`], because schema text comes from strangers.
#![deny(clippy::indexing_slicing)]

pub mod avro;
mod compat;
mod contract;
mod error;
mod fingerprint;
pub mod json;
mod json_text;
mod limits;
mod outline;
pub mod protobuf;
mod reference;
mod rule_set;
mod schema;
mod style;
mod tags;

pub use compat::{
    CheckError, CompatibilityLevel, CompatibilityPolicy, CounterExample, ExampleValue,
    Incompatibility, JsonRule, NoneExists, Rule, Side, UnknownLevel, UnknownPolicy, VersionReport,
    check_version, check_version_under, counter_example,
};
pub use contract::{Contract, Metadata};
pub use error::{Location, ParseError, ParseErrorKind};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use limits::{LimitError, Limits};
pub use outline::{Need, Outline};
pub use reference::{Reference, ResolvedReference};
pub use rule_set::{
    ContractRule, ExecutionEnvironment, RuleKind, RuleMode, RuleSet, UnknownRuleName,
};
pub use schema::{RawSchema, Schema, SchemaType, UnknownSchemaType, Validation};
pub use style::{StyleFinding, StyleRule, style};
pub use tags::{Entity, EntityKind, EntityTags, TagChanges, UnknownEntity};
