//! One topic as it stands at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::ResponseError;
use uuid::Uuid;

use crate::log::PartitionLog;

/// Never changed in place: a change puts a new one into the registry.
#[derive(Debug, Clone)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    /// Settings that were given, by config name; all others have their defaults.
    pub(crate) overrides: BTreeMap<String, String>,
    /// `None` for a partition whose log could not be recovered; its files are untouched.
    pub(crate) partitions: Vec<Option<Arc<PartitionLog>>>,
}

impl Topic {
    /// The log of a partition, or the error every request has for one without.
    pub(crate) fn partition(&self, index: i32) -> Result<&Arc<PartitionLog>, ResponseError> {
        let index = usize::try_from(index).ok();
        let partition = index.and_then(|index| self.partitions.get(index));
        let partition = partition.ok_or(ResponseError::UnknownTopicOrPartition)?;
        partition.as_ref().ok_or(ResponseError::KafkaStorageError)
    }

    pub(crate) fn is_internal(&self) -> bool {
        super::is_internal(&self.name)
    }
}
