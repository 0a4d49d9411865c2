//! The contract that can travel with a schema and counts for its identity: the metadata.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Tags by path, properties, and the names of the properties that are sensitive. All sorted,
/// because the identity hashes them in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    pub tags: BTreeMap<String, BTreeSet<String>>,
    pub properties: BTreeMap<String, String>,
    pub sensitive: BTreeSet<String>,
}

impl Metadata {
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.properties.is_empty() && self.sensitive.is_empty()
    }
}
