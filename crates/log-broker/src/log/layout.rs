//! Names on disk. The layout is Kafka's:
//!
//! ```text
//! <dir>/.lock  meta.properties  .kafka_cleanshutdown
//!       recovery-point-offset-checkpoint  log-start-offset-checkpoint  cleaner-offset-checkpoint
//!       <topic>-<partition>/partition.metadata  leader-epoch-checkpoint
//!                           00000000000000000000.log .index .timeindex .txnindex .snapshot
//! ```

use std::path::{Path, PathBuf};

pub(super) const LOCK: &str = ".lock";
pub(super) const META: &str = "meta.properties";
pub(super) const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
pub(super) const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
pub(super) const LOG_STARTS: &str = "log-start-offset-checkpoint";
pub(super) const CLEAN_OFFSETS: &str = "cleaner-offset-checkpoint";
pub(super) const PARTITION_METADATA: &str = "partition.metadata";
pub(super) const LEADER_EPOCHS: &str = "leader-epoch-checkpoint";
/// Files that other parts of the broker keep in the directory.
pub(super) const COMPANIONS: [&str; 2] = ["topics.json", "next-producer-id"];
/// A file or directory being made; worthless after a crash.
pub(super) const TEMPORARY: &str = ".tmp";
/// A partition directory being removed.
pub(super) const DELETED: &str = "-delete";

/// The files of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Log,
    OffsetIndex,
    TimeIndex,
    Snapshot,
    TxnIndex,
}

impl Kind {
    fn extension(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::OffsetIndex => "index",
            Self::TimeIndex => "timeindex",
            Self::Snapshot => "snapshot",
            Self::TxnIndex => "txnindex",
        }
    }
}

pub(super) fn segment_path(dir: &Path, base_offset: i64, kind: Kind) -> PathBuf {
    dir.join(format!("{base_offset:020}.{}", kind.extension()))
}

/// The offset in a segment file's name, if it is one.
pub(super) fn parse_segment_name(name: &str) -> Option<(i64, Kind)> {
    let (stem, extension) = name.split_once('.')?;
    let is_offset = stem.len() == 20 && stem.bytes().all(|byte| byte.is_ascii_digit());
    let kind = [Kind::Log, Kind::OffsetIndex, Kind::TimeIndex, Kind::Snapshot, Kind::TxnIndex]
        .into_iter()
        .find(|kind| kind.extension() == extension)?;
    is_offset.then(|| stem.parse().ok())?.map(|offset| (offset, kind))
}

pub(super) fn partition_dir_name(topic: &str, index: i32) -> String {
    format!("{topic}-{index}")
}

/// Topic and partition of a directory name, if it is one.
pub(super) fn parse_partition_dir(name: &str) -> Option<(&str, i32)> {
    let (topic, index) = name.rsplit_once('-')?;
    let is_canonical = index == "0" || !index.starts_with(['0', '+', '-']);
    let index = index.parse().ok().filter(|_| is_canonical)?;
    is_topic_name(topic).then_some((topic, index))
}

/// Kafka's rule for topic names, which also keeps paths inside the directory.
pub(super) fn is_topic_name(name: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !matches!(name, "" | "." | "..") && name.len() <= 249 && name.bytes().all(is_legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_foreign_ones_do_not() {
        assert_eq!(parse_partition_dir("a-b-12"), Some(("a-b", 12)));
        for foreign in ["a", "a-", "-1", "a-01", "a-+1", "a-x", "lost+found", "..-1", "a/b-1"] {
            assert_eq!(parse_partition_dir(foreign), None, "{foreign}");
        }
        let path = segment_path(Path::new("d"), 42, Kind::TimeIndex);
        assert_eq!(path, Path::new("d/00000000000000000042.timeindex"));
        assert_eq!(
            parse_segment_name("00000000000000000042.timeindex"),
            Some((42, Kind::TimeIndex))
        );
        for foreign in ["42.log", "00000000000000000042.log.tmp", "99999999999999999999.log"] {
            assert_eq!(parse_segment_name(foreign), None, "{foreign}");
        }
    }
}
