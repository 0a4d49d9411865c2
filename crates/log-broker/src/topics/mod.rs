//! Which topics exist, with their ids, settings and partitions.
//!
//! [`Topics`] is read by every request and changed by few. Readers take a snapshot of one topic;
//! a change writes the registry file first and becomes visible, on every connection at once,
//! before it is answered.

mod change;
pub(crate) mod config;
mod error;
mod file;
mod name;
mod topic;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kafka_protocol::ResponseError;
use parking_lot::{Mutex, RwLock};
use uuid::Uuid;

pub(crate) use self::change::NewTopic;
pub(crate) use self::error::TopicError;
pub(crate) use self::name::{check_name, is_internal, is_metadata_log};
pub(crate) use self::topic::Topic;
use crate::config::BrokerConfig;
use crate::group::consumer::{TopicImage, TopicSource};
use crate::log::{LogDir, PartitionLog};

/// The registry of topics.
#[derive(Debug)]
pub(crate) struct Topics {
    log_dir: Arc<LogDir>,
    file: PathBuf,
    settings: BrokerConfig,
    index: RwLock<Index>,
    /// Counts the changes.
    version: AtomicU64,
    /// Held from the decision to change until the change is visible.
    changing: Mutex<()>,
}

/// The same topics twice; changed together.
#[derive(Debug, Default)]
struct Index {
    by_name: BTreeMap<String, Arc<Topic>>,
    by_id: BTreeMap<Uuid, Arc<Topic>>,
}

impl Index {
    /// In the place of its namesake, if there is one.
    fn insert(&mut self, topic: Arc<Topic>) {
        if let Some(old) = self.by_name.insert(topic.name.clone(), Arc::clone(&topic)) {
            self.by_id.remove(&old.id);
        }
        self.by_id.insert(topic.id, topic);
    }

    fn remove(&mut self, name: &str) {
        if let Some(old) = self.by_name.remove(name) {
            self.by_id.remove(&old.id);
        }
    }
}

impl Topics {
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Topic>> {
        self.index.read().by_name.get(name).cloned()
    }

    pub(crate) fn by_id(&self, id: Uuid) -> Option<Arc<Topic>> {
        self.index.read().by_id.get(&id).cloned()
    }

    /// In order of name.
    pub(crate) fn list(&self) -> Vec<Arc<Topic>> {
        self.index.read().by_name.values().cloned().collect()
    }

    /// The log of one partition, or the error every request has for an unknown one.
    pub(crate) fn partition(
        &self,
        topic: &str,
        index: i32,
    ) -> Result<Arc<PartitionLog>, ResponseError> {
        let index_of_topics = self.index.read();
        let topic =
            index_of_topics.by_name.get(topic).ok_or(ResponseError::UnknownTopicOrPartition)?;
        topic.partition(index).cloned()
    }

    /// Why a partition of a topic has no log.
    pub(crate) fn why_offline(&self, topic: &str, index: i32) -> String {
        let known = self.log_dir.offline().remove(&(topic.to_owned(), index));
        known.map_or_else(
            || format!("{} does not say that there is one", self.file.display()),
            |error| error.to_string(),
        )
    }

    /// As [`Self::partition`], by the topic's id.
    pub(crate) fn partition_of_id(
        &self,
        id: Uuid,
        index: i32,
    ) -> Result<Arc<PartitionLog>, ResponseError> {
        let index_of_topics = self.index.read();
        let topic = index_of_topics.by_id.get(&id).ok_or(ResponseError::UnknownTopicId)?;
        topic.partition(index).cloned()
    }
}

impl TopicSource for Topics {
    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn topic(&self, name: &str) -> Option<TopicImage> {
        let topic = self.get(name)?;
        let partitions = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        Some(TopicImage { id: topic.id, partitions })
    }

    fn names(&self) -> Vec<String> {
        let topics = self.list();
        let own = topics.iter().filter(|topic| !topic.is_internal());
        own.map(|topic| topic.name.clone()).collect()
    }
}
