//! Schemas as they are registered, looked up and shown.

use serde::{Deserialize, Serialize};

use crate::{AssociationDocument, Metadata, RuleSet, SchemaTags, wire};

/// A pointer to a version of a subject. Requests may leave members out; the registry then refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SchemaReference {
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// -1 is the latest.
    #[serde(default, deserialize_with = "wire::int", skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// Body of a registration, a lookup or a compatibility check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RegisterRequest {
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Left out it is AVRO.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub schema_type: Option<String>,
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<SchemaReference>,
    #[serde(
        default,
        deserialize_with = "wire::some_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub metadata: Option<Metadata>,
    #[serde(
        default,
        deserialize_with = "wire::some_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub rule_set: Option<RuleSet>,
    /// Only in mode IMPORT.
    #[serde(default, deserialize_with = "wire::int", skip_serializing_if = "Option::is_none")]
    pub id: Option<i32>,
    /// Left out or 0 it is the next version.
    #[serde(default, deserialize_with = "wire::int", skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub schema_tags_to_add: Vec<SchemaTags>,
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub schema_tags_to_remove: Vec<SchemaTags>,
    #[serde(default, deserialize_with = "wire::flag", skip_serializing_if = "wire::is_default")]
    pub propagate_schema_tags: bool,
}

/// Body of POST `/subjects/{subject}/versions/{version}/tags`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TagsRequest {
    #[serde(default, deserialize_with = "wire::int", skip_serializing_if = "Option::is_none")]
    pub new_version: Option<i32>,
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub tags_to_add: Vec<SchemaTags>,
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub tags_to_remove: Vec<SchemaTags>,
    #[serde(
        default,
        deserialize_with = "wire::some_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub metadata: Option<Metadata>,
    #[serde(
        default,
        deserialize_with = "wire::some_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub rule_set: Option<RuleSet>,
    #[serde(
        default,
        deserialize_with = "wire::some_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub rules_to_merge: Option<RuleSet>,
    /// Names. An empty list is not the same as none.
    #[serde(
        default,
        deserialize_with = "wire::some_texts",
        skip_serializing_if = "Option::is_none"
    )]
    pub rules_to_remove: Option<Vec<String>>,
}

/// A schema in an answer. Which members are there depends on the question: a lookup by id has
/// no `id`, one by guid neither subject nor version. Older servers leave out more, so clients
/// must treat every member as optional; a missing `schema_type` is AVRO.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SchemaDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i32>,
    /// The MD5 identity of the content in UUID form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_type: Option<String>,
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<SchemaReference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<RuleSet>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub schema_tags: Vec<SchemaTags>,
    /// Highest id of the context, with `fetchMaxId=true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_id: Option<i32>,
    /// When the version was stored, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<i64>,
    /// Whether the version is soft-deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
}

/// A schema in the answer of GET `/schemas`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedSchemaDocument {
    #[serde(flatten)]
    pub schema: SchemaDocument,
    /// With `aliases=true`, the other names of the subject.
    #[serde(default, deserialize_with = "wire::texts", skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// With a parameter that asks for associations, those of the subject.
    #[serde(default, deserialize_with = "wire::objects", skip_serializing_if = "Vec::is_empty")]
    pub associations: Vec<AssociationDocument>,
}

/// One holder of a schema id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SubjectVersion {
    pub subject: String,
    pub version: i32,
}

/// The id that a guid has in one context; the default context is `"."`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContextId {
    pub context: String,
    pub id: i32,
}
