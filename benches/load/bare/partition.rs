//! Partitions: one file each, and in memory where its batches begin.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::IoSlice;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use bytes::Bytes;
use levada_kafka_wire::record_batch::{BatchHead, BatchHeader, HEADER_BYTES};
use rustix::io::pwritev;

use crate::Failure;

pub(crate) struct Partitions {
    folder: PathBuf,
    is_synced: bool,
    topics: RwLock<BTreeMap<String, Vec<Arc<Partition>>>>,
    grown: Arc<Grown>,
}

/// Counts appends of all partitions, and wakes who waits for one.
#[derive(Default)]
struct Grown {
    appends: Mutex<u64>,
    wake: Condvar,
}

pub(crate) struct Partition {
    file: File,
    is_synced: bool,
    log: Mutex<Log>,
    grown: Arc<Grown>,
}

#[derive(Default)]
struct Log {
    bytes: u64,
    end_offset: i64,
    /// Base offset and position of each batch.
    batches: Vec<(i64, u64)>,
}

/// A panic elsewhere ends its connection alone.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Partitions {
    pub(crate) fn new(folder: PathBuf, is_synced: bool) -> Self {
        Self { folder, is_synced, topics: RwLock::default(), grown: Arc::default() }
    }

    pub(crate) fn create(&self, topic: &str, count: i32) -> Result<(), Failure> {
        let mut partitions = Vec::new();
        for index in 0..count {
            let path = self.path(topic, usize::try_from(index)?);
            let file =
                File::options().read(true).write(true).create(true).truncate(true).open(path)?;
            let grown = Arc::clone(&self.grown);
            let is_synced = self.is_synced;
            partitions.push(Arc::new(Partition { file, is_synced, log: Mutex::default(), grown }));
        }
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        topics.insert(topic.to_owned(), partitions);
        Ok(())
    }

    fn path(&self, topic: &str, index: usize) -> PathBuf {
        self.folder.join(format!("{topic}-{index}.log"))
    }

    pub(crate) fn delete(&self, topic: &str) -> Result<(), Failure> {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        for index in 0..topics.remove(topic).map_or(0, |partitions| partitions.len()) {
            std::fs::remove_file(self.path(topic, index))?;
        }
        Ok(())
    }

    /// Names, each with its count of partitions.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        topics.iter().map(|(name, partitions)| (name.clone(), partitions.len())).collect()
    }

    pub(crate) fn get(&self, topic: &str, index: i32) -> Result<Arc<Partition>, Failure> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        let partitions = topics.get(topic).ok_or("no such topic")?;
        let partition = partitions.get(usize::try_from(index)?).ok_or("no such partition")?;
        Ok(Arc::clone(partition))
    }

    pub(crate) fn appends(&self) -> u64 {
        *lock(&self.grown.appends)
    }

    /// Whether there was an append since `seen` before the deadline.
    pub(crate) fn wait_for_append(&self, seen: u64, deadline: Instant) -> bool {
        let mut appends = lock(&self.grown.appends);
        while *appends == seen {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.grown.wake.wait_timeout(appends, left);
            appends = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Partition {
    /// The offset of the batch's first record.
    pub(crate) fn append(&self, batch: &[u8]) -> Result<i64, Failure> {
        let header = BatchHeader::parse_whole(batch)?;
        let mut head = BatchHead::of(batch)?;
        let rest = batch.get(HEADER_BYTES..).unwrap_or_default();
        let mut log = lock(&self.log);
        let base_offset = log.end_offset;
        head.set_base_offset(base_offset);
        let written =
            pwritev(&self.file, &[IoSlice::new(head.bytes()), IoSlice::new(rest)], log.bytes)?;
        if written != batch.len() {
            return Err("a short write".into());
        }
        let position = log.bytes;
        log.batches.push((base_offset, position));
        log.bytes += u64::try_from(written)?;
        log.end_offset += i64::from(header.last_offset_delta) + 1;
        drop(log);
        if self.is_synced {
            self.file.sync_data()?;
        }
        *lock(&self.grown.appends) += 1;
        self.grown.wake.notify_all();
        Ok(base_offset)
    }

    /// Whole batches of at most `max` bytes, the first in any case; and the end of the log.
    pub(crate) fn read(&self, offset: i64, max: usize) -> Result<(Bytes, i64), Failure> {
        let (start, end, end_offset) = {
            let log = lock(&self.log);
            let after = log.batches.partition_point(|(base, _)| *base <= offset);
            let Some((_, start)) = log.batches.get(after.saturating_sub(1)).copied() else {
                return Ok((Bytes::new(), log.end_offset));
            };
            if offset >= log.end_offset {
                return Ok((Bytes::new(), log.end_offset));
            }
            let limit = start + u64::try_from(max)?;
            let ends = log.batches.get(after..).unwrap_or_default();
            let whole = ends.partition_point(|(_, position)| *position <= limit);
            let end = match ends.get(whole.saturating_sub(1)) {
                Some((_, end)) if whole < ends.len() || log.bytes > limit => *end,
                _ => log.bytes,
            };
            (start, end, log.end_offset)
        };
        let mut records = vec![0; usize::try_from(end - start)?];
        self.file.read_exact_at(&mut records, start)?;
        Ok((Bytes::from(records), end_offset))
    }
}
