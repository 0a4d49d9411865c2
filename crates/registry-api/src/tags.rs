//! Inline tags of the records and fields of a schema.

use serde::{Deserialize, Serialize};

use crate::wire;

/// An entity inside a schema: `entityType` is `sr_record` or `sr_field`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SchemaEntity {
    #[serde(deserialize_with = "wire::some_text")]
    pub entity_path: String,
    #[serde(deserialize_with = "wire::some_text")]
    pub entity_type: String,
}

/// The tags of one entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SchemaTags {
    #[serde(deserialize_with = "wire::object")]
    pub schema_entity: SchemaEntity,
    #[serde(default, deserialize_with = "wire::texts", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}
