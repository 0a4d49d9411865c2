//! A directory of partition logs, held by one process.

use std::collections::BTreeMap;
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use parking_lot::{Mutex, RwLock};
use uuid::Uuid;

use super::checkpoint::{
    LeaderEpochs, OffsetCheckpoint, io_error, load_cluster_id, store_topic_id,
};
use super::cleaner::{CleanError, Cleaned, Dirt, Pace};
use super::flusher::{self, FlushQueue};
use super::layout::{self, parse_partition_dir, partition_dir_name};
use super::partition_log::{Core, PartitionLog};
use super::recovery::Recovery;
use super::segment::{Active, Offsets, Segment};
use super::shared::{Health, Shared};
use super::{LogConfig, LogError, LogOptions};
use crate::clock::Clock;
use crate::io::{Dir, DirLock, Disk, RealDisk, Space, replace_file};
use crate::metrics::Histogram;
use crate::producer_state::ProducerStates;

type Key = (String, i32);

const PARTITIONS_A_CLOSER: usize = 100;
const CLOSERS_MAX: usize = 7;

/// Every partition of this broker. Dropping it stops abruptly, as a crash would; [`Self::close`]
/// leaves the mark that lets the next start skip recovery.
#[derive(Debug)]
pub struct LogDir {
    path: PathBuf,
    cluster_id: Uuid,
    shared: Arc<Shared>,
    partitions: RwLock<BTreeMap<Key, Arc<PartitionLog>>>,
    offline: Mutex<BTreeMap<Key, LogError>>,
    /// One creation or deletion at a time.
    changes: Mutex<()>,
    flushers: Vec<JoinHandle<()>>,
    _lock: Box<dyn DirLock>,
}

impl LogDir {
    /// Locks the directory, creating it if missing, and recovers every partition in it. Blocks.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, options: LogOptions) -> Result<Self, LogError> {
        Self::open_on(Arc::new(RealDisk), path, clock, options)
    }

    /// As [`Self::open`], on another disk.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        path: &Path,
        clock: Arc<dyn Clock>,
        options: LogOptions,
    ) -> Result<Self, LogError> {
        disk.create_dir(path).map_err(|error| io_error("create", path, &error))?;
        let lock = lock(&*disk, path)?;
        let cluster_id = load_cluster_id(&*disk, path)?;
        let is_clean = take_clean_mark(&*disk, path)?;
        let checkpoint = |name| OffsetCheckpoint::load(disk.clone(), path.join(name));
        let shared = Arc::new(Shared {
            log_starts: checkpoint(layout::LOG_STARTS)?,
            recovery_points: checkpoint(layout::RECOVERY_POINTS)?,
            clean_offsets: checkpoint(layout::CLEAN_OFFSETS)?,
            disk,
            clock,
            options,
            health: Health::default(),
            flusher: FlushQueue::default(),
            syncs: Histogram::default(),
        });
        let (partitions, offline) = load_partitions(&shared, path, is_clean)?;
        let flushers = start_flushers(&shared)
            .map_err(|error| io_error("start the flushers of", path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            cluster_id,
            shared,
            partitions: RwLock::new(partitions),
            offline: Mutex::new(offline),
            changes: Mutex::new(()),
            flushers,
            _lock: lock,
        })
    }

    /// Made once with the directory and the same ever after.
    pub fn cluster_id(&self) -> Uuid {
        self.cluster_id
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the directory is, and whatever else lies in it.
    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.shared.disk
    }

    /// How long syncs of segments took.
    pub(crate) fn syncs(&self) -> &Histogram {
        &self.shared.syncs
    }

    /// The room on the disk that holds the directory.
    pub fn space(&self) -> io::Result<Space> {
        self.shared.disk.space(&self.path)
    }

    /// Resolves when a failed write or sync has taken the directory offline, with the reason. Only
    /// a restart brings it back.
    pub async fn failed(&self) -> LogError {
        self.shared.health.failed().await
    }

    /// In order of topic and index.
    pub fn partitions(&self) -> Vec<Arc<PartitionLog>> {
        self.partitions.read().values().cloned().collect()
    }

    pub fn partition(&self, topic: &str, index: i32) -> Option<Arc<PartitionLog>> {
        self.partitions.read().get(&(topic.to_owned(), index)).cloned()
    }

    /// Partitions that could not be recovered, with the reason: `KAFKA_STORAGE_ERROR` (56) to
    /// whoever asks for them. Their files are untouched until they are deleted.
    pub fn offline(&self) -> BTreeMap<(String, i32), LogError> {
        self.offline.lock().clone()
    }

    pub fn is_offline(&self, topic: &str, index: i32) -> bool {
        self.offline.lock().contains_key(&(topic.to_owned(), index))
    }

    /// Durable when it returns: a crash leaves the whole partition or none of it. Blocks.
    pub fn create(
        &self,
        topic: &str,
        index: i32,
        topic_id: Uuid,
        config: LogConfig,
    ) -> Result<Arc<PartitionLog>, LogError> {
        if !layout::is_topic_name(topic) || index < 0 {
            return Err(LogError::InvalidTopicName { topic: topic.to_owned() });
        }
        self.shared.health.check()?;
        let _one = self.changes.lock();
        let key = (topic.to_owned(), index);
        if self.partitions.read().contains_key(&key) || self.offline.lock().contains_key(&key) {
            return Err(LogError::PartitionExists { topic: key.0, index });
        }
        // An earlier partition of this name must not lend its offsets.
        self.forget_offsets(topic, index)?;
        let log = Arc::new(self.make_partition(topic, index, topic_id, config)?);
        self.partitions.write().insert(key, log.clone());
        Ok(log)
    }

    fn make_partition(
        &self,
        topic: &str,
        index: i32,
        topic_id: Uuid,
        config: LogConfig,
    ) -> Result<PartitionLog, LogError> {
        let disk = &*self.shared.disk;
        let names = self.names()?;
        let made = self.path.join(format!("{}{}", Uuid::new_v4(), layout::TEMPORARY));
        let dir = self.path.join(partition_dir_name(topic, index));
        disk.create_dir(&made).map_err(|error| io_error("create", &made, &error))?;
        let segment = Segment::create(&self.shared, &made, 0)?;
        let epochs = LeaderEpochs::first();
        epochs.store(disk, &made)?;
        store_topic_id(disk, &made, topic_id)?;
        disk.rename(&made, &dir).map_err(|error| io_error("rename", &made, &error))?;
        names.sync().map_err(|error| io_error("sync", &self.path, &error))?;
        let active = Active::empty(segment);
        let core = Core {
            config,
            is_deleted: false,
            is_closed: false,
            stored_end: None,
            offsets: Offsets::Dense,
            sealed: Vec::new(),
            durable_newest: active.newest(),
            active,
            rolled: Vec::new(),
            producers: ProducerStates::default(),
            epochs,
            log_end_offset: 0,
            durable_offset: 0,
        };
        Ok(PartitionLog::new((topic, index, topic_id), dir, self.shared.clone(), core, 0))
    }

    /// Durable when it returns. Readers and waiters of the partition see it deleted; one that is
    /// offline goes too, or its files would keep its name for ever. Blocks.
    pub fn delete(&self, topic: &str, index: i32) -> Result<(), LogError> {
        self.shared.health.check()?;
        let _one = self.changes.lock();
        let key = (topic.to_owned(), index);
        let names = self.names()?;
        let removed = self.partitions.write().remove(&key);
        if removed.is_none() && !self.is_offline(topic, index) {
            return Err(LogError::UnknownPartition { topic: topic.to_owned(), index });
        }
        let disk = &*self.shared.disk;
        let dir = self.path.join(partition_dir_name(topic, index));
        let doomed = self.path.join(format!("{}-{index}{}", Uuid::new_v4(), layout::DELETED));
        {
            // A flush under way must not write into a new partition of the same name.
            let _turn = removed.as_ref().map(|log| log.flush_turn.lock());
            if let Some(log) = &removed {
                log.mark_deleted();
            }
            disk.rename(&dir, &doomed).map_err(|error| io_error("rename", &dir, &error))?;
        }
        self.offline.lock().remove(&key);
        names.sync().map_err(|error| io_error("sync", &self.path, &error))?;
        // Gone for every later start already; the rest is room.
        if let Err(error) = disk.remove_dir_all(&doomed) {
            tracing::warn!(path = %doomed.display(), %error, "removed at the next start");
        }
        self.forget_offsets(topic, index)
    }

    fn names(&self) -> Result<Box<dyn Dir>, LogError> {
        let opened = self.shared.disk.open_dir(&self.path);
        opened.map_err(|error| io_error("open", &self.path, &error))
    }

    fn forget_offsets(&self, topic: &str, index: i32) -> Result<(), LogError> {
        self.shared.recovery_points.forget(topic, index)?;
        self.shared.log_starts.forget(topic, index)?;
        self.shared.clean_offsets.forget(topic, index)
    }

    /// Flushes, writes checkpoints, watches the free space. To be called every second or so;
    /// blocks.
    pub fn checkpoint(&self) -> Result<(), LogError> {
        self.watch_space();
        self.for_each("flush", PartitionLog::flush)?;
        self.store_recovery_points()
    }

    /// Rolls by age and deletes by retention, then as [`Self::checkpoint`]. To be called every few
    /// minutes: records older than their retention the day they are written stay readable as long
    /// as that. Blocks.
    pub fn maintain(&self) -> Result<(), LogError> {
        let now_ms = self.shared.clock.now_ms();
        self.for_each("maintenance", |log| log.maintain(now_ms))?;
        self.checkpoint()
    }

    /// Compacts the partitions that are dirty enough, the dirtiest first. To be called every few
    /// seconds; blocks, and ends soon after `is_stopping` says so.
    pub fn clean(&self, is_stopping: &dyn Fn() -> bool) -> Result<(), LogError> {
        self.shared.health.check()?;
        let cleanable: Vec<_> =
            self.partitions().into_iter().filter(|log| log.is_cleanable()).collect();
        if cleanable.is_empty() {
            return Ok(());
        }
        for log in &cleanable {
            if let Err(error) = log.flush() {
                tracing::warn!(topic = log.topic(), partition = log.index(), %error, "flush failed");
            }
        }
        // Damage below these points is told; above them a start would cut the log there.
        self.store_recovery_points()?;
        let now_ms = self.shared.clock.now_ms();
        let mut dirty: Vec<_> =
            cleanable.iter().filter_map(|log| Some((log, log.dirt(now_ms)?))).collect();
        dirty.sort_by(|(_, a), (_, b)| b.ratio.total_cmp(&a.ratio));
        let mut pace = Pace::new(self.shared.options.cleaner_bytes_per_second, is_stopping);
        for (log, dirt) in dirty {
            clean(log, &dirt, now_ms, &mut pace);
            self.shared.health.check()?;
        }
        Ok(())
    }

    /// The failure of one partition does not stop the others; that of the directory does.
    fn for_each(
        &self,
        what: &'static str,
        work: impl Fn(&PartitionLog) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        self.shared.health.check()?;
        for log in self.partitions() {
            if let Err(error) = work(&log) {
                let (topic, partition) = (log.topic(), log.index());
                tracing::warn!(topic, partition, %error, "{what} failed");
            }
        }
        self.shared.health.check()
    }

    fn watch_space(&self) {
        match self.shared.disk.space(&self.path) {
            Ok(space) => {
                let needed = self.shared.options.free_bytes_min.min(space.total / 20);
                self.shared.health.set_full(space.free < needed);
            }
            Err(error) => tracing::warn!(%error, "free space of the log directory unknown"),
        }
    }

    fn store_recovery_points(&self) -> Result<(), LogError> {
        // Collected while the checkpoint is held: a partition deleted meanwhile is forgotten after
        // this, and its offset cannot end up with one made anew under its name.
        self.shared.recovery_points.update(|points| {
            let mut is_changed = false;
            for log in self.partitions() {
                let durable = log.core.lock().durable_offset;
                let key = (log.topic().to_owned(), log.index());
                is_changed |= points.insert(key, durable) != Some(durable);
            }
            is_changed
        })
    }

    /// Flushes everything and leaves the clean-shutdown mark; appends fail from here on. Blocks.
    pub fn close(&self) -> Result<(), LogError> {
        self.shared.health.check()?;
        close_all(&self.partitions())?;
        self.shared.health.close();
        self.store_recovery_points()?;
        let mark = self.path.join(layout::CLEAN_SHUTDOWN);
        replace_file(&*self.shared.disk, &mark, b"")
            .map_err(|error| io_error("write", &mark, &error))
    }
}

impl Drop for LogDir {
    fn drop(&mut self) {
        self.shared.health.close();
        self.shared.flusher.stop();
        for flusher in self.flushers.drain(..) {
            if flusher.join().is_err() {
                tracing::error!("a flusher thread panicked");
            }
        }
    }
}

/// With a helping thread for every hundred partitions: a stop has to end before whoever asked for it
/// loses patience, and syncs of different files overlap on the disk.
fn close_all(logs: &[Arc<PartitionLog>]) -> Result<(), LogError> {
    let next = AtomicUsize::new(0);
    let close_some = || {
        std::iter::from_fn(|| logs.get(next.fetch_add(1, Ordering::Relaxed)))
            .try_for_each(|log| log.close())
    };
    thread::scope(|scope| {
        let helpers = (logs.len() / PARTITIONS_A_CLOSER).min(CLOSERS_MAX);
        let helpers: Vec<_> = (0..helpers).map(|_| scope.spawn(close_some)).collect();
        let own = close_some();
        helpers.into_iter().fold(own, |so_far, helper| {
            so_far.and(helper.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    })
}

/// What goes wrong with one partition leaves it as it was and the others alone.
fn clean(log: &PartitionLog, dirt: &Dirt, now_ms: i64, pace: &mut Pace<'_>) {
    let (topic, partition) = (log.topic(), log.index());
    match log.clean(dirt, now_ms, pace) {
        Ok(Cleaned { end_offset, bytes_before, bytes_after }) => {
            tracing::info!(topic, partition, end_offset, bytes_before, bytes_after, "compacted");
        }
        Err(CleanError::Stopped | CleanError::Overtaken) => {}
        Err(error) => {
            tracing::error!(topic, partition, %error, "the partition was not compacted");
            log.give_up_cleaning(&error);
        }
    }
}

fn start_flushers(shared: &Arc<Shared>) -> io::Result<Vec<JoinHandle<()>>> {
    let start = |at| {
        let shared = shared.clone();
        let thread = std::thread::Builder::new().name(format!("log-flusher-{at}"));
        thread.spawn(move || flusher::run(&shared))
    };
    (0..flusher::THREADS).map(start).collect()
}

fn lock(disk: &dyn Disk, path: &Path) -> Result<Box<dyn DirLock>, LogError> {
    disk.lock(&path.join(layout::LOCK)).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => LogError::Locked { path: path.to_owned() },
        _ => io_error("lock", path, &error),
    })
}

/// Whether the last stop was clean. The mark is gone, durably, before anything is written.
fn take_clean_mark(disk: &dyn Disk, path: &Path) -> Result<bool, LogError> {
    let mark = path.join(layout::CLEAN_SHUTDOWN);
    match disk.remove_file(&mark) {
        Ok(()) => {
            disk.sync_dir(path).map_err(|error| io_error("sync", path, &error))?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io_error("remove", &mark, &error)),
    }
}

type Loaded = (BTreeMap<Key, Arc<PartitionLog>>, BTreeMap<Key, LogError>);

fn load_partitions(shared: &Arc<Shared>, path: &Path, is_clean: bool) -> Result<Loaded, LogError> {
    const KNOWN: [&str; 5] = [
        layout::LOCK,
        layout::META,
        layout::LOG_STARTS,
        layout::RECOVERY_POINTS,
        layout::CLEAN_OFFSETS,
    ];
    let disk = &*shared.disk;
    let names = disk.list(path).map_err(|error| io_error("list", path, &error))?;
    let (mut partitions, mut offline) = Loaded::default();
    for name in names {
        let entry = path.join(&name);
        let is_dir = disk.is_dir(&entry);
        if name.ends_with(layout::DELETED) && is_dir || name.ends_with(layout::TEMPORARY) {
            let removed =
                if is_dir { disk.remove_dir_all(&entry) } else { disk.remove_file(&entry) };
            removed.map_err(|error| io_error("remove", &entry, &error))?;
        } else if let Some((topic, index)) = parse_partition_dir(&name).filter(|_| is_dir) {
            let config = shared.options.default_config.clone();
            let recovery = Recovery { shared, dir: entry, topic, index, config, is_clean };
            let key = (topic.to_owned(), index);
            match recovery.run() {
                Ok(log) => _ = partitions.insert(key, Arc::new(log)),
                Err(error) => {
                    tracing::error!(topic, partition = index, %error, "partition is offline");
                    offline.insert(key, error);
                }
            }
        } else if !KNOWN.contains(&name.as_str()) && !layout::COMPANIONS.contains(&name.as_str()) {
            tracing::warn!(path = %entry.display(), "unknown file or directory left alone");
        }
    }
    Ok((partitions, offline))
}
