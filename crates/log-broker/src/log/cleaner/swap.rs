//! Putting a cleaned segment in the place of those it was made from.
//!
//! | file | a crash leaves it | the next start |
//! |---|---|---|
//! | `.log.cleaned` | half written, perhaps | removes it |
//! | `.log.swap` | whole and synced, some of the old files perhaps gone | removes the rest of them, gives it its name |
//!
//! So the rename to `.swap` decides. The old segments' index files go before the new segment has its
//! name: an index that says too little would be believed.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{CleanError, Rewritten};
use crate::io::{Dir, Disk};
use crate::log::checkpoint::io_error;
use crate::log::index::SparseIndex;
use crate::log::layout::{Kind, parse_segment_name, segment_path};
use crate::log::segment::{Sealed, Segment};
use crate::log::segment_check::{Continuity, scan_whole};
use crate::log::{LogError, PartitionLog};
use crate::producer_state::Aborted;

/// Extensions in the place of `log`.
pub(super) const CLEANED: &str = "log.cleaned";
const SWAP: &str = "log.swap";

impl PartitionLog {
    pub(super) fn swap(&self, group: &[Sealed], rewritten: Rewritten) -> Result<(), CleanError> {
        // No segment is removed, no index written and no partition deleted meanwhile.
        let _turn = self.flush_turn.lock();
        let base_offset = rewritten.segment.base_offset;
        if !self.still_has(group) {
            self.remove_cleaned(base_offset);
            return Err(CleanError::Overtaken);
        }
        // A rename whose sync has failed may or may not outlive a power cut.
        let failed = |error: io::Error| {
            self.shared.health.fail(&io_error("replace segments in", &self.dir, &error))
        };
        let disk = &*self.shared.disk;
        let opened = disk.open_dir(&self.dir);
        let names = opened.map_err(|error| {
            self.remove_cleaned(base_offset);
            CleanError::Log(io_error("open", &self.dir, &error))
        })?;
        let log = segment_path(&self.dir, base_offset, Kind::Log);
        disk.rename(&log.with_extension(CLEANED), &log.with_extension(SWAP)).map_err(failed)?;
        names.sync().map_err(failed)?;
        let (index, aborted) = self.replace(group, rewritten);
        let replaced = group.iter().map(|sealed| sealed.segment.base_offset);
        finish(disk, (&self.dir, &*names), base_offset, replaced).map_err(failed)?;
        self.store_indexes(base_offset, &index, &aborted);
        Ok(())
    }

    fn still_has(&self, group: &[Sealed]) -> bool {
        let core = self.core.lock();
        let Some(first) = group.first().filter(|_| !core.is_deleted && !core.is_closed) else {
            return false;
        };
        let at = core.sealed.partition_point(|s| s.next_offset < first.next_offset);
        let there = core.sealed.get(at..at + group.len()).unwrap_or_default();
        there.len() == group.len()
            && there.iter().zip(group).all(|(a, b)| Arc::ptr_eq(&a.segment, &b.segment))
    }

    /// From here on readers find the new segment; answers what its index files are to hold.
    fn replace(&self, group: &[Sealed], rewritten: Rewritten) -> (Arc<SparseIndex>, Vec<Aborted>) {
        let base_offset = rewritten.segment.base_offset;
        let index = Arc::new(rewritten.index);
        let sealed = Sealed {
            segment: Arc::new(rewritten.segment),
            size: rewritten.size,
            next_offset: rewritten.next_offset,
            max_timestamp: index.max_timestamp(),
            index: Some(index.clone()),
        };
        let mut core = self.core.lock();
        let next_offset = rewritten.next_offset;
        core.producers.forget_aborted_in(base_offset..next_offset.min(rewritten.end_offset));
        let at = core.sealed.partition_point(|s| s.next_offset <= base_offset);
        core.sealed.splice(at..at + group.len(), [sealed]);
        (index, core.producers.aborted_in(base_offset, next_offset))
    }

    pub(super) fn remove_cleaned(&self, base_offset: i64) {
        let path = segment_path(&self.dir, base_offset, Kind::Log).with_extension(CLEANED);
        if let Err(error) = self.shared.disk.remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "removed at the next start");
        }
    }
}

/// Ends what the rename to `.swap` has decided.
fn finish(
    disk: &dyn Disk,
    (dir, names): (&Path, &dyn Dir),
    base_offset: i64,
    replaced: impl IntoIterator<Item = i64>,
) -> io::Result<()> {
    for old in replaced {
        for kind in [Kind::OffsetIndex, Kind::TimeIndex, Kind::TxnIndex] {
            remove_if_there(disk, &segment_path(dir, old, kind))?;
        }
        if old != base_offset {
            remove_if_there(disk, &segment_path(dir, old, Kind::Log))?;
        }
    }
    names.sync()?;
    let log = segment_path(dir, base_offset, Kind::Log);
    disk.rename(&log.with_extension(SWAP), &log)?;
    names.sync()
}

fn remove_if_there(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what a crash left of a pass, and ends its last step.
pub(in crate::log) fn finish_swaps(disk: &dyn Disk, dir: &Path) -> Result<(), LogError> {
    let names = disk.list(dir).map_err(|error| io_error("list", dir, &error))?;
    let with = |extension: &str| -> Vec<PathBuf> {
        let is_one = |path: &PathBuf| base_of(path, extension).is_some();
        names.iter().map(|name| dir.join(name)).filter(is_one).collect()
    };
    for path in with(CLEANED) {
        disk.remove_file(&path).map_err(|error| io_error("remove", &path, &error))?;
    }
    let segments: Vec<_> = names.iter().filter_map(|name| parse_segment_name(name)).collect();
    for path in with(SWAP) {
        let Some(base_offset) = base_of(&path, SWAP) else { continue };
        let read = |error: io::Error| io_error("read", &path, &error);
        let segment = Segment { base_offset, file: disk.open(&path).map_err(read)? };
        let continuity = Continuity::Rising { end: i64::MAX };
        let checked = scan_whole(&segment, 0, continuity).map_err(read)?;
        let next_offset = checked.next_offset;
        let problem = checked.problem.or_else(|| {
            // The segment after it is never replaced with it.
            let is_followed = segments.contains(&(next_offset, Kind::Log));
            (!is_followed).then(|| format!("no segment begins at its end, offset {next_offset}"))
        });
        if let Some(reason) = problem {
            return Err(LogError::Corrupt { path, reason });
        }
        let within = base_offset..next_offset;
        let bases = segments.iter().map(|(base, _)| *base).filter(|base| within.contains(base));
        let replaced: BTreeSet<i64> = bases.collect();
        disk.open_dir(dir)
            .and_then(|names| finish(disk, (dir, &*names), base_offset, replaced))
            .map_err(|error| io_error("replace segments in", dir, &error))?;
        tracing::info!(dir = %dir.display(), base_offset, "finished a compaction");
    }
    Ok(())
}

fn base_of(path: &Path, extension: &str) -> Option<i64> {
    let stem = path.file_name()?.to_str()?.strip_suffix(extension)?;
    parse_segment_name(&format!("{stem}log")).map(|(base, _)| base)
}
