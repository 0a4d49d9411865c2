//! Associations of resources with subjects, one by one and in batches.

use serde::{Deserialize, Serialize};

use crate::{ErrorBody, RegisterRequest, SchemaDocument, wire};

/// An association in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AssociationDocument {
    pub subject: String,
    pub guid: String,
    pub resource_name: String,
    pub resource_namespace: String,
    pub resource_id: String,
    pub resource_type: String,
    /// `key` or `value`
    pub association_type: String,
    /// `STRONG` or `WEAK`
    pub lifecycle: String,
    /// There only where it is not what the lifecycle says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<bool>,
    /// In milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_ts: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_ts: Option<i64>,
}

/// Body of POST `/associations` and PUT `/associations/resources/{resourceId}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "AssociationsRequestOf{T}"))]
#[serde(rename_all = "camelCase")]
pub struct AssociationsRequest<T> {
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub resource_namespace: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Left out it is `topic`.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    #[serde(default, deserialize_with = "wire::objects")]
    #[serde(bound(deserialize = "T: Deserialize<'de>"))]
    pub associations: Vec<T>,
}

/// An association that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AssociationUpdate {
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Left out it is `value`.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub association_type: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<String>,
    #[serde(
        default,
        deserialize_with = "wire::some_flag",
        skip_serializing_if = "Option::is_none"
    )]
    pub frozen: Option<bool>,
    /// To be registered under the subject.
    #[serde(
        default,
        deserialize_with = "wire::some_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub schema: Option<RegisterRequest>,
    #[serde(default, deserialize_with = "wire::flag", skip_serializing_if = "wire::is_default")]
    pub normalize: bool,
}

/// One change of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AssociationOpRequest {
    /// `CREATE`, `UPSERT` or `DELETE`
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub op_type: Option<String>,
    #[serde(flatten)]
    pub update: AssociationUpdate,
    /// Of a deletion: takes frozen associations and their subjects along.
    #[serde(default, deserialize_with = "wire::flag", skip_serializing_if = "wire::is_default")]
    pub cascade_lifecycle: bool,
}

/// A question of a batch: by id, or by name and namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AssociationsQuery {
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub resource_namespace: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    #[serde(default, deserialize_with = "wire::texts", skip_serializing_if = "Vec::is_empty")]
    pub association_types: Vec<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<String>,
}

/// Body of the batches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "BatchRequestOf{T}"))]
pub struct BatchRequest<T> {
    #[serde(default, deserialize_with = "wire::objects")]
    #[serde(bound(deserialize = "T: Deserialize<'de>"))]
    pub requests: Vec<T>,
}

/// A resource with associations that were made or found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResourceDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub associations: Vec<AssociatedDocument>,
}

/// An association of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AssociatedDocument {
    pub subject: String,
    pub association_type: String,
    pub lifecycle: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaDocument>,
}

/// The answer of a batch, in the order of the requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BatchDocument {
    pub results: Vec<BatchResult>,
}

/// What one request of a batch led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum BatchResult {
    Result(ResourceDocument),
    Error(ErrorBody),
}
