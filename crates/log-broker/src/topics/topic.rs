//! One topic as it stands at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::log::PartitionLog;

/// Never changed in place: a change puts a new one into the registry.
#[derive(Debug, Clone)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    /// Settings that were given, by config name; all others have their defaults.
    pub(crate) overrides: BTreeMap<String, String>,
    pub(crate) partitions: Vec<Arc<PartitionLog>>,
}

impl Topic {
    pub(crate) fn partition(&self, index: i32) -> Option<&Arc<PartitionLog>> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    pub(crate) fn is_internal(&self) -> bool {
        super::is_internal(&self.name)
    }
}
