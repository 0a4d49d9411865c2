//! What the server says of itself under `/v1/metadata`.

use serde::{Deserialize, Serialize};

/// `/v1/metadata/id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterIdDocument {
    pub scope: ClusterScope,
}

/// Where this registry belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterScope {
    pub path: Vec<String>,
    /// `kafka-cluster` and `schema-registry-cluster`.
    pub clusters: std::collections::BTreeMap<String, String>,
}

/// `/v1/metadata/version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VersionDocument {
    pub version: String,
    pub commit_id: String,
}

/// `/v1/metadata/deployment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeploymentDocument {
    pub attributes: Vec<String>,
}
