//! The answer of a compatibility check.

use serde::{Deserialize, Serialize};

/// `messages` is there only for `verbose=true`, and then also when it is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CompatibilityDocument {
    pub is_compatible: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<String>>,
}
