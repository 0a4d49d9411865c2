//! What is moved: keys, versions, configs and modes, each as one record.

use std::collections::BTreeMap;
use std::fmt;

use levada_registry_api::{DekDocument, KekDocument, Metadata, RuleSet, SchemaReference};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One thing that a registry holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Record {
    Kek(Box<KekRecord>),
    Dek(DekRecord),
    Version(Box<VersionRecord>),
    Config(ConfigRecord),
    Mode(ModeRecord),
}

/// A key encryption key. It names the key in the KMS; the key itself is never here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KekRecord {
    pub name: String,
    pub kms_type: String,
    pub kms_key_id: String,
    pub kms_props: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    pub shared: bool,
    pub deleted: bool,
}

/// A data encryption key as its KEK has wrapped it, never in clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DekRecord {
    pub kek_name: String,
    pub subject: String,
    pub algorithm: String,
    pub version: i32,
    /// Base64.
    pub encrypted_key_material: String,
    pub deleted: bool,
}

/// A version of a subject with its schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VersionRecord {
    pub subject: String,
    pub version: i32,
    pub id: i32,
    /// Registries before version 8 tell none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guid: Option<String>,
    pub schema_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<SchemaReference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<RuleSet>,
    pub schema: String,
    /// Soft-deleted.
    pub deleted: bool,
}

/// The config of a subject or a context, member for member as the registry shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigRecord {
    /// A subject, `:.:` for the whole registry, or `:.name:` for a context.
    pub scope: String,
    pub config: Map<String, Value>,
}

/// The mode of a subject or a context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModeRecord {
    pub scope: String,
    pub mode: String,
}

/// What a record is about, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    Kek(String),
    Dek { kek: String, subject: String, algorithm: String, version: i32 },
    Version { subject: String, version: i32 },
    Config(String),
    Mode(String),
}

impl Record {
    pub(crate) fn key(&self) -> Key {
        match self {
            Self::Kek(kek) => Key::Kek(kek.name.clone()),
            Self::Dek(dek) => dek.key(),
            Self::Version(version) => version.key(),
            Self::Config(config) => Key::Config(config.scope.clone()),
            Self::Mode(mode) => Key::Mode(mode.scope.clone()),
        }
    }
}

impl DekRecord {
    pub(crate) fn key(&self) -> Key {
        Key::Dek {
            kek: self.kek_name.clone(),
            subject: self.subject.clone(),
            algorithm: self.algorithm.clone(),
            version: self.version,
        }
    }
}

impl VersionRecord {
    pub(crate) fn key(&self) -> Key {
        Key::Version { subject: self.subject.clone(), version: self.version }
    }
}

impl From<KekDocument> for KekRecord {
    fn from(shown: KekDocument) -> Self {
        let KekDocument { name, kms_type, kms_key_id, kms_props, doc, shared, deleted, .. } = shown;
        Self { name, kms_type, kms_key_id, kms_props, doc, shared, deleted }
    }
}

impl From<DekDocument> for DekRecord {
    fn from(shown: DekDocument) -> Self {
        Self {
            kek_name: shown.kek_name,
            subject: shown.subject,
            algorithm: shown.algorithm,
            version: shown.version,
            encrypted_key_material: shown.encrypted_key_material.unwrap_or_default(),
            deleted: shown.deleted,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kek(name) => write!(f, "KEK {name}"),
            Self::Dek { kek, subject, algorithm, version } => {
                write!(f, "DEK {kek} {subject} {algorithm} version {version}")
            }
            Self::Version { subject, version } => write!(f, "subject {subject} version {version}"),
            Self::Config(scope) => write!(f, "config of {scope}"),
            Self::Mode(scope) => write!(f, "mode of {scope}"),
        }
    }
}

/// How many there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub keks: u64,
    pub deks: u64,
    pub versions: u64,
    pub configs: u64,
    pub modes: u64,
}

impl Counts {
    pub(crate) fn count(&mut self, key: &Key) {
        let kind = match key {
            Key::Kek(_) => &mut self.keks,
            Key::Dek { .. } => &mut self.deks,
            Key::Version { .. } => &mut self.versions,
            Key::Config(_) => &mut self.configs,
            Key::Mode(_) => &mut self.modes,
        };
        *kind += 1;
    }

    pub fn total(&self) -> u64 {
        self.keks + self.deks + self.versions + self.configs + self.modes
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keks, deks, versions, configs, modes } = self;
        write!(
            f,
            "versions: {versions}, configs: {configs}, modes: {modes}, KEKs: {keks}, DEKs: {deks}"
        )
    }
}
