//! The contract that can travel with a schema and counts for its identity.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::RuleSet;

/// What is told of a schema beside its text. Nothing and an empty value differ: only nothing is
/// filled in from an earlier version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    pub metadata: Option<Metadata>,
    pub rule_set: Option<RuleSet>,
}

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
