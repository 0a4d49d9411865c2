//! The contract that can travel with a schema: metadata and rule set.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::wire;

/// Tags by path, properties, and the names of the properties that are sensitive. All sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Metadata {
    #[serde(
        default,
        deserialize_with = "wire::set_map",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub tags: BTreeMap<String, BTreeSet<String>>,
    #[serde(
        default,
        deserialize_with = "wire::text_map",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub properties: BTreeMap<String, String>,
    #[serde(
        default,
        deserialize_with = "wire::text_set",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub sensitive: BTreeSet<String>,
}

/// The rules of a schema's contract, by phase.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RuleSet {
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub migration_rules: Vec<Rule>,
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub domain_rules: Vec<Rule>,
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub encoding_rules: Vec<Rule>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub enable_at: Option<String>,
}

/// One rule. `kind`, `mode` and `disabled` are always written out by the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(
        default,
        deserialize_with = "wire::filled_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub doc: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    #[serde(
        default,
        rename = "type",
        deserialize_with = "wire::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub rule_type: Option<String>,
    #[serde(
        default,
        deserialize_with = "wire::text_set",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub tags: BTreeSet<String>,
    #[serde(
        default,
        deserialize_with = "wire::text_map",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub params: BTreeMap<String, String>,
    #[serde(
        default,
        deserialize_with = "wire::filled_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub expr: Option<String>,
    #[serde(
        default,
        deserialize_with = "wire::filled_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub on_success: Option<String>,
    #[serde(
        default,
        deserialize_with = "wire::filled_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub on_failure: Option<String>,
    #[serde(default, deserialize_with = "wire::flag")]
    pub disabled: bool,
}
