//! The DEK registry: key encryption keys and data encryption keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Patch, wire};

/// A KEK in an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KekDocument {
    pub name: String,
    pub kms_type: String,
    pub kms_key_id: String,
    /// There also when it is empty.
    #[serde(default, deserialize_with = "wire::text_map")]
    pub kms_props: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    pub shared: bool,
    /// When it was stored, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<i64>,
    /// There only when it is true.
    #[serde(default, deserialize_with = "wire::flag", skip_serializing_if = "wire::is_default")]
    pub deleted: bool,
}

/// Body of POST `/dek-registry/v1/keks`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreateKekRequest {
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub kms_type: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    #[serde(
        default,
        deserialize_with = "wire::text_map",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub kms_props: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    #[serde(default, deserialize_with = "wire::flag")]
    pub shared: bool,
    #[serde(default, deserialize_with = "wire::flag", skip_serializing_if = "wire::is_default")]
    pub deleted: bool,
}

/// Body of PUT `/dek-registry/v1/keks/{name}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateKekRequest {
    #[serde(deserialize_with = "wire::text_map_patch", skip_serializing_if = "Patch::is_keep")]
    pub kms_props: Patch<BTreeMap<String, String>>,
    #[serde(deserialize_with = "wire::text_patch", skip_serializing_if = "Patch::is_keep")]
    pub doc: Patch<String>,
    #[serde(deserialize_with = "wire::flag_patch", skip_serializing_if = "Patch::is_keep")]
    pub shared: Patch<bool>,
}

/// A DEK in an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DekDocument {
    pub kek_name: String,
    pub subject: String,
    pub version: i32,
    pub algorithm: String,
    /// Base64 of the wrapped key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_key_material: Option<String>,
    /// Base64 of the key, where the registry may use the KMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_material: Option<String>,
    /// When it was stored, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<i64>,
    /// There only when it is true.
    #[serde(default, deserialize_with = "wire::flag", skip_serializing_if = "wire::is_default")]
    pub deleted: bool,
}

/// Body of POST `/dek-registry/v1/keks/{name}/deks/{subject}`; the subject of the path wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreateDekRequest {
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Left out it is 1.
    #[serde(default, deserialize_with = "wire::int", skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// Left out it is `AES256_GCM`.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub encrypted_key_material: Option<String>,
    #[serde(default, deserialize_with = "wire::flag", skip_serializing_if = "wire::is_default")]
    pub deleted: bool,
}
