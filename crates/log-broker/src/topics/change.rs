//! Every change of the registry, and its recovery at start.
//!
//! A new topic is in the file before its partitions are on disk, and a deleted one is out of it
//! before they go: a crash in between leaves a topic whose missing partitions the next start
//! makes, or directories without a topic that it removes. Neither loses a record that was
//! acknowledged.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kafka_protocol::ResponseError::UnknownTopicOrPartition;
use parking_lot::{Mutex, RwLock};
use tracing::{info, warn};
use uuid::Uuid;

use super::file::{self, StoredTopic};
use super::name::collision_key;
use super::{Index, Topic, TopicError, Topics, check_name, config};
use crate::config::BrokerConfig;
use crate::log::{Cleanup, LogConfig, LogDir, LogError};

/// A topic that is to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewTopic {
    pub(crate) name: String,
    /// `None` for the broker's default.
    pub(crate) partition_count: Option<i32>,
    pub(crate) overrides: BTreeMap<String, String>,
}

impl NewTopic {
    /// With the broker's defaults for everything.
    pub(crate) fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), partition_count: None, overrides: BTreeMap::new() }
    }
}

/// A change of a topic's overrides.
pub(crate) trait Edit:
    FnOnce(&mut BTreeMap<String, String>) -> Result<(), TopicError> + Send + 'static
{
}

impl<F> Edit for F where
    F: FnOnce(&mut BTreeMap<String, String>) -> Result<(), TopicError> + Send + 'static
{
}

impl Topics {
    /// Reads the registry of `directory` and brings the partitions in line with it. Blocks.
    pub(crate) fn open(
        directory: &Path,
        log_dir: Arc<LogDir>,
        settings: BrokerConfig,
    ) -> Result<Self, TopicError> {
        let file = directory.join(file::FILE_NAME);
        let stored = file::read(&**log_dir.disk(), &file)?;
        if stored.is_none() && !(log_dir.partitions().is_empty() && log_dir.offline().is_empty()) {
            let reason = "it is missing, but the directory holds partitions; restore it";
            let path = file.display().to_string();
            return Err(TopicError::File { path, reason: reason.to_owned() });
        }
        let topics = Self {
            log_dir,
            file,
            settings,
            index: RwLock::default(),
            version: AtomicU64::new(0),
            changing: Mutex::default(),
        };
        topics.recover(stored.unwrap_or_default())?;
        Ok(topics)
    }

    fn recover(&self, stored: Vec<StoredTopic>) -> Result<(), TopicError> {
        let mut index_of_topics = Index::default();
        for stored in stored {
            let StoredTopic { name, id, partitions: count, config: overrides } = stored;
            let overrides = config::stored(&name, overrides);
            let mut topic = Topic { name, id, overrides, partitions: Vec::new() };
            self.open_partitions(&mut topic, count)?;
            index_of_topics.insert(Arc::new(topic));
        }
        for log in self.log_dir.partitions() {
            let owner = index_of_topics.by_name.get(log.topic()).and_then(|topic| {
                topic.partition(log.index()).ok().filter(|kept| kept.topic_id() == log.topic_id())
            });
            if owner.is_none() {
                info!(topic = log.topic(), partition = log.index(), "removing a deleted partition");
                self.log_dir.delete(log.topic(), log.index())?;
            }
        }
        for (name, index) in self.log_dir.offline().into_keys() {
            let owner = index_of_topics.by_name.get(&name).map(|topic| topic.partition(index));
            // An offline one that is owned answers with an error of its own, not "unknown".
            if owner.is_none_or(|owner| matches!(owner, Err(UnknownTopicOrPartition))) {
                info!(topic = name, partition = index, "removing a deleted offline partition");
                self.log_dir.delete(&name, index)?;
            }
        }
        *self.index.write() = index_of_topics;
        Ok(())
    }

    fn log_config(&self, topic: &Topic) -> LogConfig {
        let config = config::log_config(&topic.overrides, &self.settings);
        // The coordinators write anew what they need and move the log's start.
        let is_kept = Cleanup { compacts: false, deletes: false };
        if topic.is_internal() { LogConfig { cleanup: is_kept, ..config } } else { config }
    }

    /// Finds or makes partitions until there are `count`.
    fn open_partitions(&self, topic: &mut Topic, count: usize) -> Result<(), TopicError> {
        let log_config = self.log_config(topic);
        for index in topic.partitions.len()..count {
            let index =
                i32::try_from(index).map_err(|_| TopicError::PartitionCount { count: i32::MAX })?;
            // Where another start may find its files repaired.
            if self.log_dir.is_offline(&topic.name, index) {
                topic.partitions.push(None);
                continue;
            }
            let found = self.log_dir.partition(&topic.name, index);
            let log = match found {
                Some(log) if log.topic_id() == topic.id => log,
                found => {
                    if found.is_some() {
                        self.log_dir.delete(&topic.name, index)?;
                    }
                    self.log_dir.create(&topic.name, index, topic.id, log_config.clone())?
                }
            };
            log.set_config(log_config.clone());
            topic.partitions.push(Some(log));
        }
        Ok(())
    }

    /// The overrides as [`Self::create`] would keep them, or what it would refuse.
    pub(crate) fn check(&self, new: &NewTopic) -> Result<BTreeMap<String, String>, TopicError> {
        check_name(&new.name)?;
        let index = self.index.read();
        let by_name = &index.by_name;
        if by_name.contains_key(&new.name) {
            return Err(TopicError::Exists { name: new.name.clone() });
        }
        let key = collision_key(&new.name);
        if let Some(other) = by_name.keys().find(|other| collision_key(other) == key) {
            return Err(TopicError::Collision { name: new.name.clone(), other: other.clone() });
        }
        let limits = &self.settings.limits;
        check_room("topics", by_name.len(), 1, limits.topics_max)?;
        let partitions = by_name.values().map(|topic| topic.partitions.len()).sum();
        check_room("partitions", partitions, self.partition_count(new)?, limits.partitions_max)?;
        config::canonical(new.overrides.clone(), &self.settings)
    }

    /// The count a new topic will have.
    pub(crate) fn partition_count(&self, new: &NewTopic) -> Result<usize, TopicError> {
        let count = new.partition_count.unwrap_or(self.settings.default_partition_count);
        let valid = usize::try_from(count).ok().filter(|count| *count > 0);
        valid.ok_or(TopicError::PartitionCount { count })
    }

    /// Durable and visible to everyone when it returns.
    pub(crate) async fn create(self: &Arc<Self>, new: NewTopic) -> Result<Arc<Topic>, TopicError> {
        self.in_background(move |topics| topics.create_now(new)).await
    }

    /// As [`Self::ensure`], while the broker starts. Blocks.
    pub(crate) fn ensure_now(&self, new: NewTopic) -> Result<Arc<Topic>, TopicError> {
        let _changing = self.changing.lock();
        match self.get(&new.name) {
            Some(topic) => Ok(topic),
            None => self.create_now(new),
        }
    }

    /// The topic of that name, made first if it does not exist.
    pub(crate) async fn ensure(self: &Arc<Self>, new: NewTopic) -> Result<Arc<Topic>, TopicError> {
        let name = new.name.clone();
        if let Some(topic) = self.get(&name) {
            return Ok(topic);
        }
        match self.create(new).await {
            Err(TopicError::Exists { .. }) => self.get(&name).ok_or(TopicError::Unknown { name }),
            made => made,
        }
    }

    /// Gone for everyone when it returns, waiting fetches are woken; the bytes go meanwhile.
    pub(crate) async fn delete(self: &Arc<Self>, name: String) -> Result<(), TopicError> {
        self.in_background(move |topics| topics.delete_now(&name)).await
    }

    /// Adds partitions until there are `total`.
    pub(crate) async fn grow(self: &Arc<Self>, name: String, total: i32) -> Result<(), TopicError> {
        self.in_background(move |topics| topics.grow_now(&name, total)).await
    }

    /// Replaces the overrides by what `edit` makes of them, if every value is valid.
    pub(crate) async fn configure(
        self: &Arc<Self>,
        name: String,
        edit: impl Edit,
    ) -> Result<(), TopicError> {
        self.in_background(move |topics| topics.configure_now(&name, edit)).await
    }

    /// What [`Self::configure`] would refuse.
    pub(crate) fn check_configure(&self, name: &str, edit: impl Edit) -> Result<(), TopicError> {
        self.edited(name, edit).map(|_| ())
    }

    /// Runs a change to its end on a thread that may block, whatever becomes of the caller.
    async fn in_background<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&Self) -> Result<T, TopicError> + Send + 'static,
    ) -> Result<T, TopicError> {
        let topics = Arc::clone(self);
        let changed = tokio::task::spawn_blocking(move || {
            let _changing = topics.changing.lock();
            change(&topics)
        });
        changed.await.unwrap_or(Err(TopicError::Interrupted))
    }

    fn create_now(&self, new: NewTopic) -> Result<Arc<Topic>, TopicError> {
        let overrides = self.check(&new)?;
        let count = self.partition_count(&new)?;
        let mut topic =
            Topic { name: new.name, id: Uuid::new_v4(), overrides, partitions: Vec::new() };
        self.write_with(Some(&stored(&topic, count)), None)?;
        if let Err(error) = self.open_partitions(&mut topic, count) {
            self.take_back(&topic);
            return Err(error);
        }
        info!(topic = topic.name, partitions = count, "created topic");
        Ok(self.publish(topic))
    }

    fn delete_now(&self, name: &str) -> Result<(), TopicError> {
        let topic = self.get(name).ok_or_else(|| TopicError::Unknown { name: name.to_owned() })?;
        self.write_with(None, Some(name))?;
        self.index.write().remove(name);
        self.version.fetch_add(1, Ordering::AcqRel);
        info!(topic = name, "deleted topic");
        self.delete_partitions(&topic);
        Ok(())
    }

    /// What [`Self::grow`] would refuse; else the topic and its new count.
    pub(crate) fn check_grow(
        &self,
        name: &str,
        total: i32,
    ) -> Result<(Arc<Topic>, usize), TopicError> {
        let old = self.get(name).ok_or_else(|| TopicError::Unknown { name: name.to_owned() })?;
        let current = old.partitions.len();
        let count = usize::try_from(total).ok().filter(|total| *total > current);
        let name = name.to_owned();
        let count = count.ok_or(TopicError::NotMore { name, current, wanted: total })?;
        let existing = self.index.read().by_name.values().map(|topic| topic.partitions.len()).sum();
        check_room("partitions", existing, count - current, self.settings.limits.partitions_max)?;
        Ok((old, count))
    }

    fn grow_now(&self, name: &str, total: i32) -> Result<(), TopicError> {
        let (old, count) = self.check_grow(name, total)?;
        let mut topic = Topic::clone(&old);
        self.write_with(Some(&stored(&topic, count)), None)?;
        self.open_partitions(&mut topic, count)?;
        self.publish(topic);
        Ok(())
    }

    fn configure_now(&self, name: &str, edit: impl Edit) -> Result<(), TopicError> {
        let topic = self.edited(name, edit)?;
        self.write_with(Some(&stored(&topic, topic.partitions.len())), None)?;
        let log_config = self.log_config(&topic);
        for partition in topic.partitions.iter().flatten() {
            partition.set_config(log_config.clone());
        }
        self.publish(topic);
        Ok(())
    }

    fn edited(&self, name: &str, edit: impl Edit) -> Result<Topic, TopicError> {
        let old = self.get(name).ok_or_else(|| TopicError::Unknown { name: name.to_owned() })?;
        let mut topic = Topic::clone(&old);
        edit(&mut topic.overrides)?;
        topic.overrides = config::canonical(topic.overrides, &self.settings)?;
        Ok(topic)
    }

    fn publish(&self, topic: Topic) -> Arc<Topic> {
        let topic = Arc::new(topic);
        self.index.write().insert(Arc::clone(&topic));
        self.version.fetch_add(1, Ordering::AcqRel);
        topic
    }

    /// Writes the file as it is, with `changed` in the place of its namesake and without `removed`.
    fn write_with(
        &self,
        changed: Option<&StoredTopic>,
        removed: Option<&str>,
    ) -> Result<(), TopicError> {
        let is_kept = |name: &str| {
            Some(name) != removed && changed.is_none_or(|changed| changed.name != name)
        };
        let kept = self.list();
        let kept = kept.iter().filter(|topic| is_kept(&topic.name));
        let topics = kept.map(|topic| stored(topic, topic.partitions.len()));
        file::write(&**self.log_dir.disk(), &self.file, topics.chain(changed.cloned()).collect())
    }

    /// After a failed creation: nothing of it may come back at the next start.
    fn take_back(&self, topic: &Topic) {
        if let Err(error) = self.write_with(None, Some(&topic.name)) {
            warn!(topic = topic.name, %error, "topic was refused, but stays in the registry file");
        }
        self.delete_partitions(topic);
    }

    /// What cannot be removed now is removed at the next start: the registry no longer names it.
    fn delete_partitions(&self, topic: &Topic) {
        for (_, index) in topic.partitions.iter().zip(0..) {
            match self.log_dir.delete(&topic.name, index) {
                Ok(()) | Err(LogError::UnknownPartition { .. }) => {}
                Err(error) => warn!(topic = topic.name, %error, "deleted topic keeps its files"),
            }
        }
    }
}

fn stored(topic: &Topic, partitions: usize) -> StoredTopic {
    let (name, config) = (topic.name.clone(), topic.overrides.clone());
    StoredTopic { name, id: topic.id, partitions, config }
}

fn check_room(
    what: &'static str,
    current: usize,
    wanted: usize,
    max: usize,
) -> Result<(), TopicError> {
    if current.saturating_add(wanted) > max {
        return Err(TopicError::TooMany { what, wanted, max });
    }
    Ok(())
}
