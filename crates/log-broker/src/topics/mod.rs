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

use kafka_protocol::ResponseError;
use parking_lot::{Mutex, RwLock};
use uuid::Uuid;

pub(crate) use self::change::NewTopic;
pub(crate) use self::error::TopicError;
pub(crate) use self::name::{check_name, is_internal};
pub(crate) use self::topic::Topic;
use crate::config::BrokerConfig;
use crate::log::{LogDir, PartitionLog};

/// The registry of topics.
#[derive(Debug)]
pub(crate) struct Topics {
    log_dir: Arc<LogDir>,
    file: PathBuf,
    settings: BrokerConfig,
    by_name: RwLock<BTreeMap<String, Arc<Topic>>>,
    /// Held from the decision to change until the change is visible.
    changing: Mutex<()>,
}

impl Topics {
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Topic>> {
        self.by_name.read().get(name).cloned()
    }

    pub(crate) fn by_id(&self, id: Uuid) -> Option<Arc<Topic>> {
        self.by_name.read().values().find(|topic| topic.id == id).cloned()
    }

    /// In order of name.
    pub(crate) fn list(&self) -> Vec<Arc<Topic>> {
        self.by_name.read().values().cloned().collect()
    }

    /// The log of one partition, or the error every request has for an unknown one.
    pub(crate) fn partition(
        &self,
        topic: &str,
        index: i32,
    ) -> Result<Arc<PartitionLog>, ResponseError> {
        let topics = self.by_name.read();
        let topic = topics.get(topic).ok_or(ResponseError::UnknownTopicOrPartition)?;
        topic.partition(index).cloned()
    }
}
