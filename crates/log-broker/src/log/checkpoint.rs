//! The small text files beside the segments, in Kafka's formats. Each is replaced as a whole.
//!
//! A checkpoint is: version line `0`, line with the number of entries, one entry a line with its
//! fields apart by one space.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use uuid::Uuid;

use super::{LogError, layout};
use crate::io::{Disk, read_file, replace_file};

/// Of `meta.properties`: what this program writes and the newest it reads.
const FORMAT: u32 = 1;

pub(super) fn io_error(action: &'static str, path: &Path, error: &io::Error) -> LogError {
    LogError::Io { action, path: path.to_owned(), reason: error.to_string() }
}

fn corrupt(path: &Path, reason: impl Into<String>) -> LogError {
    LogError::Corrupt { path: path.to_owned(), reason: reason.into() }
}

/// The file's text; `None` when it does not exist.
fn read_text(disk: &dyn Disk, path: &Path) -> Result<Option<String>, LogError> {
    match read_file(disk, path) {
        Ok(bytes) => {
            String::from_utf8(bytes).map(Some).map_err(|_| corrupt(path, "it is not UTF-8"))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path, &error)),
    }
}

fn replace(disk: &dyn Disk, path: &Path, text: &str) -> Result<(), LogError> {
    replace_file(disk, path, text.as_bytes()).map_err(|error| io_error("replace", path, &error))
}

/// The lines of a checkpoint after its two heading lines.
fn checkpoint_lines<'a>(path: &Path, text: &'a str) -> Result<Vec<&'a str>, LogError> {
    let mut lines = text.lines();
    if lines.next() != Some("0") {
        return Err(corrupt(path, "the first line must be version 0"));
    }
    let count = lines.next().and_then(|line| line.parse::<usize>().ok());
    let entries: Vec<_> = lines.collect();
    if count != Some(entries.len()) {
        return Err(corrupt(path, "the second line must count the lines that follow"));
    }
    Ok(entries)
}

/// One offset per partition, for the whole directory.
#[derive(Debug)]
pub(super) struct OffsetCheckpoint {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    known: Mutex<Known>,
}

type PartitionOffsets = BTreeMap<(String, i32), i64>;

#[derive(Debug)]
struct Known {
    offsets: PartitionOffsets,
    /// The file says the same, for certain.
    is_stored: bool,
}

impl OffsetCheckpoint {
    pub(super) fn load(disk: Arc<dyn Disk>, path: PathBuf) -> Result<Self, LogError> {
        let mut offsets = PartitionOffsets::new();
        if let Some(text) = read_text(&*disk, &path)? {
            for line in checkpoint_lines(&path, &text)? {
                let (key, offset) = parse_offset(line)
                    .ok_or_else(|| corrupt(&path, format!("'{line}' is no entry")))?;
                if offsets.insert(key, offset).is_some() {
                    return Err(corrupt(&path, format!("'{line}' repeats a partition")));
                }
            }
        }
        Ok(Self { disk, path, known: Mutex::new(Known { offsets, is_stored: true }) })
    }

    pub(super) fn offset(&self, topic: &str, index: i32) -> Option<i64> {
        self.known.lock().offsets.get(&(topic.to_owned(), index)).copied()
    }

    /// Applies `change`, which says whether anything is different now, and makes the file durable.
    /// After an error the change stands in memory, and the next update writes it.
    pub(super) fn update(
        &self,
        change: impl FnOnce(&mut PartitionOffsets) -> bool,
    ) -> Result<(), LogError> {
        // Held while writing: a newer state must not be replaced by an older one.
        let mut known = self.known.lock();
        if !change(&mut known.offsets) && known.is_stored {
            return Ok(());
        }
        known.is_stored = false;
        let mut text = format!("0\n{}\n", known.offsets.len());
        for ((topic, index), offset) in &known.offsets {
            _ = writeln!(text, "{topic} {index} {offset}");
        }
        replace(&*self.disk, &self.path, &text)?;
        known.is_stored = true;
        Ok(())
    }

    pub(super) fn forget(&self, topic: &str, index: i32) -> Result<(), LogError> {
        self.update(|all| all.remove(&(topic.to_owned(), index)).is_some())
    }
}

fn parse_offset(line: &str) -> Option<((String, i32), i64)> {
    let mut fields = line.split(' ');
    let topic = fields.next().filter(|topic| layout::is_topic_name(topic))?;
    let index = fields.next()?.parse().ok()?;
    let offset = fields.next()?.parse().ok().filter(|offset| *offset >= 0)?;
    fields.next().is_none().then(|| ((topic.to_owned(), index), offset))
}

/// Leader epochs of a partition and the offset each began at, both rising.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeaderEpochs(Vec<(i32, i64)>);

impl LeaderEpochs {
    pub(super) fn first() -> Self {
        Self(vec![(0, 0)])
    }

    /// `None` when the file is missing.
    pub(super) fn load(disk: &dyn Disk, dir: &Path) -> Result<Option<Self>, LogError> {
        let path = dir.join(layout::LEADER_EPOCHS);
        let Some(text) = read_text(disk, &path)? else { return Ok(None) };
        let entries = checkpoint_lines(&path, &text)?
            .into_iter()
            .map(|line| line.split_once(' ').and_then(|(e, o)| e.parse().ok().zip(o.parse().ok())))
            .collect::<Option<Vec<(i32, i64)>>>()
            .filter(|entries| entries.first().is_some_and(|first| first.0 >= 0 && first.1 >= 0))
            .filter(|entries| entries.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1))
            .ok_or_else(|| corrupt(&path, "epochs and offsets must be numbers that rise"))?;
        Ok(Some(Self(entries)))
    }

    pub(super) fn store(&self, disk: &dyn Disk, dir: &Path) -> Result<(), LogError> {
        let mut text = format!("0\n{}\n", self.0.len());
        for (epoch, start) in &self.0 {
            _ = writeln!(text, "{epoch} {start}");
        }
        replace(disk, &dir.join(layout::LEADER_EPOCHS), &text)
    }

    /// From the epochs of batches in offset order.
    pub(super) fn observe(&mut self, epoch: i32, base_offset: i64) {
        if epoch > self.latest() {
            self.0.push((epoch, base_offset));
        }
    }

    pub(super) fn latest(&self) -> i32 {
        self.0.last().map_or(0, |(epoch, _)| *epoch)
    }

    pub(super) fn latest_start(&self) -> i64 {
        self.0.last().map_or(0, |(_, start)| *start)
    }

    /// The next epoch begins at `offset`; epochs that began after it never were.
    pub(super) fn bump(&mut self, offset: i64) {
        let next = self.latest().saturating_add(1);
        self.0.retain(|(_, start)| *start < offset);
        self.0.push((next, offset));
    }

    /// The epoch that holds `offset`.
    pub(super) fn at(&self, offset: i64) -> i32 {
        let after = self.0.partition_point(|(_, start)| *start <= offset);
        after.checked_sub(1).map_or(0, |at| self.0[at].0)
    }

    /// The largest epoch not above `asked` and its end.
    pub(super) fn end_of(&self, asked: i32, log_end_offset: i64) -> Option<(i32, i64)> {
        let after = self.0.partition_point(|(epoch, _)| *epoch <= asked);
        let (epoch, _) = self.0[after.checked_sub(1)?];
        Some((epoch, self.0.get(after).map_or(log_end_offset, |(_, start)| *start)))
    }
}

/// Writes `partition.metadata`.
pub(super) fn store_topic_id(disk: &dyn Disk, dir: &Path, id: Uuid) -> Result<(), LogError> {
    let encoded = BASE64_URL_SAFE_NO_PAD.encode(id.as_bytes());
    let text = format!("version: 0\ntopic_id: {encoded}");
    replace(disk, &dir.join(layout::PARTITION_METADATA), &text)
}

pub(super) fn load_topic_id(disk: &dyn Disk, dir: &Path) -> Result<Uuid, LogError> {
    let path = dir.join(layout::PARTITION_METADATA);
    let text = read_text(disk, &path)?.unwrap_or_default();
    text.strip_prefix("version: 0\ntopic_id: ")
        .and_then(|id| BASE64_URL_SAFE_NO_PAD.decode(id.trim_end()).ok())
        .and_then(|bytes| Uuid::from_slice(&bytes).ok())
        .ok_or_else(|| corrupt(&path, "it must hold version 0 and a topic id"))
}

/// Reads `meta.properties`, or makes it with a new cluster id.
pub(super) fn load_cluster_id(disk: &dyn Disk, dir: &Path) -> Result<Uuid, LogError> {
    let path = dir.join(layout::META);
    let Some(text) = read_text(disk, &path)? else {
        let id = Uuid::new_v4();
        let encoded = BASE64_URL_SAFE_NO_PAD.encode(id.as_bytes());
        replace(disk, &path, &format!("version={FORMAT}\ncluster.id={encoded}\n"))?;
        return Ok(id);
    };
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    let found: u32 = value("version=")
        .and_then(|version| version.parse().ok())
        .ok_or_else(|| corrupt(&path, "it must name its version"))?;
    if found > FORMAT {
        return Err(LogError::NewerFormat { path, found, supported: FORMAT });
    }
    value("cluster.id=")
        .and_then(|id| BASE64_URL_SAFE_NO_PAD.decode(id).ok())
        .and_then(|bytes| Uuid::from_slice(&bytes).ok())
        .ok_or_else(|| corrupt(&path, "it must name the cluster id"))
}
