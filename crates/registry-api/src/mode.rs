//! The mode of a subject, a context or the whole registry.

use serde::{Deserialize, Serialize};

use crate::{Patch, wire};

/// A mode in an answer; empty where a recursive deletion found none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModeDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// The body of a PUT; an explicit null clears the mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ModeUpdate {
    #[serde(deserialize_with = "wire::text_patch", skip_serializing_if = "Patch::is_keep")]
    pub mode: Patch<String>,
}
