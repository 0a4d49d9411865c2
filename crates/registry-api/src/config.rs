//! The configuration of a subject, a context or the whole registry.

use serde::{Deserialize, Serialize};

use crate::{Metadata, Patch, RuleSet, wire};

/// A configuration in an answer of GET and DELETE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias_for_deks: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalize: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validate_fields: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validate_new_schemas: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validate_rules: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compatibility_level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compatibility_policy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compatibility_group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_metadata: Option<Metadata>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_metadata: Option<Metadata>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_rule_set: Option<RuleSet>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_rule_set: Option<RuleSet>,
}

/// The body of a PUT, and its echo. The level is called `compatibility` here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigUpdate {
    #[serde(deserialize_with = "wire::text_patch", skip_serializing_if = "Patch::is_keep")]
    pub alias: Patch<String>,
    #[serde(deserialize_with = "wire::text_patch", skip_serializing_if = "Patch::is_keep")]
    pub alias_for_deks: Patch<String>,
    #[serde(deserialize_with = "wire::flag_patch", skip_serializing_if = "Patch::is_keep")]
    pub normalize: Patch<bool>,
    #[serde(deserialize_with = "wire::flag_patch", skip_serializing_if = "Patch::is_keep")]
    pub validate_fields: Patch<bool>,
    #[serde(deserialize_with = "wire::flag_patch", skip_serializing_if = "Patch::is_keep")]
    pub validate_new_schemas: Patch<bool>,
    #[serde(deserialize_with = "wire::flag_patch", skip_serializing_if = "Patch::is_keep")]
    pub validate_rules: Patch<bool>,
    #[serde(deserialize_with = "wire::text_patch", skip_serializing_if = "Patch::is_keep")]
    pub compatibility: Patch<String>,
    #[serde(deserialize_with = "wire::text_patch", skip_serializing_if = "Patch::is_keep")]
    pub compatibility_policy: Patch<String>,
    #[serde(deserialize_with = "wire::text_patch", skip_serializing_if = "Patch::is_keep")]
    pub compatibility_group: Patch<String>,
    #[serde(deserialize_with = "wire::object_patch", skip_serializing_if = "Patch::is_keep")]
    pub default_metadata: Patch<Metadata>,
    #[serde(deserialize_with = "wire::object_patch", skip_serializing_if = "Patch::is_keep")]
    pub override_metadata: Patch<Metadata>,
    #[serde(deserialize_with = "wire::object_patch", skip_serializing_if = "Patch::is_keep")]
    pub default_rule_set: Patch<RuleSet>,
    #[serde(deserialize_with = "wire::object_patch", skip_serializing_if = "Patch::is_keep")]
    pub override_rule_set: Patch<RuleSet>,
}
