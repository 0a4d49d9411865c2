//! Building a partition from its files.
//!
//! After a clean stop the indexes are trusted where they agree with the log. Otherwise every
//! segment at or above the recovery point is read whole: the log ends before the first batch that
//! is not right. Such a batch at or above the recovery point is a torn write and is cut off; below
//! it, it is damage to durable data, and the partition stays offline with its files untouched.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use levada_kafka_wire::record_batch::{BatchHeader, HEADER_BYTES};

use super::checkpoint::{LeaderEpochs, io_error, load_topic_id};
use super::cleaner::finish_swaps;
use super::layout::{self, Kind, parse_segment_name, segment_path};
use super::partition_log::Core;
use super::segment::{Active, Offsets, Rolled, Sealed, Segment, roll_dice};
use super::segment_check::{
    Checked, Continuity, check_active, check_sealed, count_batches, scan_whole,
};
use super::shared::Shared;
use super::view::Target;
use super::{LogConfig, LogError, PartitionLog, replay};
use crate::producer_state::{Aborted, ProducerStates};
use crate::seeded::seeded;

/// A partition on its way up.
#[derive(Debug)]
pub(super) struct Recovery<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) dir: PathBuf,
    pub(super) topic: &'a str,
    pub(super) index: i32,
    pub(super) config: LogConfig,
    /// The last stop was clean.
    pub(super) is_clean: bool,
}

/// The segments that stand, the last of them active.
#[derive(Debug, Default)]
struct Chain {
    sealed: Vec<Sealed>,
    /// Indexes that have to be written again.
    reindexed: Vec<Rolled>,
    last: Option<(Segment, Checked)>,
    next_offset: i64,
    last_epoch: i32,
    was_cut: bool,
}

impl Recovery<'_> {
    pub(super) fn run(self) -> Result<PartitionLog, LogError> {
        let started = std::time::Instant::now();
        let topic_id = load_topic_id(&*self.shared.disk, &self.dir)?;
        let log_start = self.shared.log_starts.offset(self.topic, self.index).unwrap_or(0);
        let durable = self.shared.recovery_points.offset(self.topic, self.index).unwrap_or(0);
        finish_swaps(&*self.shared.disk, &self.dir)?;
        let bases = self.live_segments(log_start)?;
        let chain = self.walk(&bases, durable)?;
        if chain.next_offset < durable.max(log_start) {
            return Err(self.damaged(format!(
                "the log ends at offset {}, but was durable up to {durable} and begins at \
                 {log_start}",
                chain.next_offset
            )));
        }
        let log_start = log_start.max(bases.first().copied().unwrap_or(0));
        let epochs = self.epochs(&chain)?;
        let (core, log_start) = self.build(chain, epochs, log_start)?;
        tracing::debug!(
            topic = self.topic,
            partition = self.index,
            log_start_offset = log_start,
            log_end_offset = core.log_end_offset,
            duration_ms = started.elapsed().as_millis(),
            "partition loaded"
        );
        let name = (self.topic, self.index, topic_id);
        Ok(PartitionLog::new(name, self.dir, self.shared.clone(), core, log_start))
    }

    fn damaged(&self, reason: String) -> LogError {
        LogError::Corrupt { path: self.dir.clone(), reason }
    }

    /// Base offsets in order, without the segments wholly before the log start. Removes leftovers.
    fn live_segments(&self, log_start: i64) -> Result<Vec<i64>, LogError> {
        let disk = &*self.shared.disk;
        let listed = disk.list(&self.dir);
        let names = listed.map_err(|error| io_error("list", &self.dir, &error))?;
        let mut bases = Vec::new();
        for name in &names {
            match parse_segment_name(name) {
                Some((base, Kind::Log)) => bases.push(base),
                Some(_) => {}
                None if name.ends_with(layout::TEMPORARY) => self.remove(&self.dir.join(name))?,
                None if [layout::PARTITION_METADATA, layout::LEADER_EPOCHS]
                    .contains(&name.as_str()) => {}
                None => {
                    let dir = self.dir.display();
                    tracing::warn!(%dir, %name, "unknown file left alone");
                }
            }
        }
        let dead = bases.iter().skip(1).take_while(|next| **next <= log_start).count();
        for base in bases.drain(..dead) {
            self.remove(&segment_path(&self.dir, base, Kind::Log))?;
        }
        if bases.is_empty() {
            return Err(self.damaged("it holds no segment".to_owned()));
        }
        Ok(bases)
    }

    fn remove(&self, path: &Path) -> Result<(), LogError> {
        self.shared.disk.remove_file(path).map_err(|error| io_error("remove", path, &error))
    }

    fn walk(&self, bases: &[i64], durable: i64) -> Result<Chain, LogError> {
        let first = bases.first().copied().unwrap_or(0);
        let mut chain = Chain { next_offset: first, ..Chain::default() };
        for (at, &base) in bases.iter().enumerate() {
            if base != chain.next_offset {
                let reason = format!("offsets {}..{base} are missing", chain.next_offset);
                self.refuse_below(durable, chain.next_offset, &reason)?;
                self.cut(&mut chain, bases, at, reason)?;
                break;
            }
            let segment = Segment::open(&*self.shared.disk, &self.dir, base)?;
            let next_base = bases.get(at + 1).copied();
            let checked = self.check(&segment, next_base, durable)?;
            let problem = checked.problem.clone();
            chain.next_offset = checked.next_offset;
            chain.last_epoch = checked.last_epoch.max(chain.last_epoch);
            chain.push(segment, checked);
            if let Some(problem) = problem {
                self.refuse_below(durable, chain.next_offset, &problem)?;
                self.cut(&mut chain, bases, at + 1, problem)?;
                break;
            }
        }
        Ok(chain)
    }

    fn check(
        &self,
        segment: &Segment,
        next_base: Option<i64>,
        durable: i64,
    ) -> Result<Checked, LogError> {
        let disk = &*self.shared.disk;
        let interval = self.config.index_interval_bytes;
        let quick = match next_base {
            // Sealed and synced long ago: its end and its index entries are compared.
            Some(next) if next <= durable => check_sealed(disk, &self.dir, segment, next),
            None if self.is_clean => check_active(disk, &self.dir, segment, durable, interval),
            _ => None,
        };
        if let Some(checked) = quick {
            return Ok(checked);
        }
        // Compaction leaves holes, but never in the active segment.
        let continuity = match next_base {
            Some(end) if self.offsets() == Offsets::Rising => Continuity::Rising { end },
            _ => Continuity::Dense,
        };
        scan_whole(segment, interval, continuity).map_err(|error| {
            io_error("read", &segment_path(&self.dir, segment.base_offset, Kind::Log), &error)
        })
    }

    /// Whether the partition was compacted. Of one that was copied here without its checkpoints
    /// nobody knows.
    fn offsets(&self) -> Offsets {
        let checkpoints = [&self.shared.clean_offsets, &self.shared.recovery_points];
        let [clean, durable] = checkpoints.map(|known| known.offset(self.topic, self.index));
        let may_have_holes = clean.is_some() || durable.is_none();
        if may_have_holes { Offsets::Rising } else { Offsets::Dense }
    }

    fn refuse_below(&self, durable: i64, offset: i64, problem: &str) -> Result<(), LogError> {
        seeded!(CutBelowDurablePoint => return Ok(()));
        if offset >= durable {
            return Ok(());
        }
        Err(self.damaged(format!(
            "at offset {offset}, below the durable offset {durable}: {problem}; nothing was \
             changed, restore the files from a copy"
        )))
    }

    /// Cuts the log at the end of the chain: the rest of its last segment and the segments from
    /// `bases[from]` on are dropped.
    fn cut(
        &self,
        chain: &mut Chain,
        bases: &[i64],
        from: usize,
        reason: String,
    ) -> Result<(), LogError> {
        chain.was_cut = true;
        let disk = &*self.shared.disk;
        let Some((segment, checked)) = &chain.last else {
            return Err(self.damaged(reason));
        };
        let failed = |error: &std::io::Error| io_error("truncate a log in", &self.dir, error);
        let len = segment.file.len().map_err(|error| failed(&error))?;
        let mut dropped_bytes = len.saturating_sub(checked.valid_bytes);
        let mut dropped_batches = count_batches(&*segment.file, checked.valid_bytes, len);
        // Later segments first: stopped half-way, the next start finds the same cut again.
        for &base in bases[from..].iter().rev() {
            let later = Segment::open(disk, &self.dir, base)?;
            let len = later.file.len().map_err(|error| failed(&error))?;
            dropped_bytes += len;
            dropped_batches += count_batches(&*later.file, 0, len);
            self.remove(&segment_path(&self.dir, base, Kind::Log))?;
        }
        disk.sync_dir(&self.dir).map_err(|error| failed(&error))?;
        segment.file.truncate(checked.valid_bytes).map_err(|error| failed(&error))?;
        segment.file.sync().map_err(|error| failed(&error))?;
        tracing::warn!(
            topic = self.topic,
            partition = self.index,
            log_end_offset = chain.next_offset,
            dropped_bytes,
            dropped_valid_batches = dropped_batches,
            %reason,
            "log cut at its first bad batch"
        );
        Ok(())
    }

    /// The epochs on file if they agree with the log, else those of the batches; one more when the
    /// log was cut, so that consumers notice.
    fn epochs(&self, chain: &Chain) -> Result<LeaderEpochs, LogError> {
        let disk = &*self.shared.disk;
        let loaded = LeaderEpochs::load(disk, &self.dir);
        if let Err(error) = &loaded {
            tracing::warn!(%error, "leader epochs are read from the log");
        }
        let on_file = loaded.ok().flatten().filter(|epochs| {
            epochs.latest() >= chain.last_epoch
                && (chain.was_cut || epochs.latest_start() <= chain.next_offset)
        });
        let is_stored = on_file.is_some() && !chain.was_cut;
        let mut epochs = match on_file {
            Some(epochs) => epochs,
            None => replay::leader_epochs(chain.segments())
                .map_err(|error| io_error("read a log in", &self.dir, &error))?,
        };
        if chain.was_cut {
            epochs.bump(chain.next_offset);
        }
        if !is_stored {
            epochs.store(disk, &self.dir)?;
        }
        Ok(epochs)
    }

    fn build(
        &self,
        chain: Chain,
        epochs: LeaderEpochs,
        log_start: i64,
    ) -> Result<(Core, i64), LogError> {
        let now_ms = self.shared.clock.now_ms();
        let replayed = replay::producers(self, chain.segments(), chain.next_offset, now_ms);
        let mut producers: ProducerStates =
            replayed.map_err(|error| io_error("read a log in", &self.dir, &error))?;
        producers.forget_aborted_before(log_start);
        if self.offsets() == Offsets::Rising {
            let with_marker = self.aborted_with_marker(&chain, producers.all_aborted());
            producers.set_aborted(
                with_marker.map_err(|error| io_error("read a log in", &self.dir, &error))?,
            );
        }
        let Some((segment, checked)) = chain.last else {
            return Err(self.damaged("it holds no segment".to_owned()));
        };
        // What a process left behind in the page cache becomes readable only once it is synced.
        for file in chain.reindexed.iter().map(|r| &r.segment.file).chain([&segment.file]) {
            file.sync().map_err(|error| io_error("sync a log in", &self.dir, &error))?;
        }
        let mut rolled = chain.reindexed;
        for rolled in &mut rolled {
            let base_offset = rolled.segment.base_offset;
            rolled.aborted = producers.aborted_in(base_offset, rolled.next_offset);
            rolled.snapshot = producers.encode();
            rolled.next_offset = chain.next_offset;
        }
        let is_empty = checked.valid_bytes == 0;
        let active = Active {
            segment: Arc::new(segment),
            size: checked.valid_bytes,
            first_append_ms: (!is_empty)
                .then(|| checked.max_timestamp.unwrap_or(0).clamp(0, now_ms.max(0))),
            index: checked.index.unwrap_or_default(),
            dice: roll_dice(),
        };
        let core = Core {
            config: self.config.clone(),
            is_deleted: false,
            is_closed: false,
            stored_end: checked.is_stored.then_some(chain.next_offset),
            offsets: self.offsets(),
            sealed: chain.sealed,
            durable_newest: active.newest(),
            active,
            rolled,
            producers,
            epochs,
            log_end_offset: chain.next_offset,
            durable_offset: chain.next_offset,
        };
        Ok((core, log_start))
    }

    /// A snapshot may be older than the pass that has removed an aborted transaction: first its
    /// records, later its marker. Without that, committed readers would skip all that its producer
    /// wrote since.
    fn aborted_with_marker(&self, chain: &Chain, all: &[Aborted]) -> io::Result<Vec<Aborted>> {
        let mut kept = Vec::new();
        for aborted in all {
            let (_, marker_offset) = aborted.offsets();
            let at = chain.sealed.partition_point(|sealed| sealed.next_offset <= marker_offset);
            let is_there = match chain.sealed.get(at) {
                Some(sealed) => self.is_marker(sealed, marker_offset, aborted.producer_id())?,
                // Nothing is removed from the active segment.
                None => true,
            };
            if is_there {
                kept.push(*aborted);
            }
        }
        Ok(kept)
    }

    fn is_marker(&self, sealed: &Sealed, offset: i64, producer_id: i64) -> io::Result<bool> {
        let view = sealed.view(Target::Offset(offset));
        let mut position = view.start(&*self.shared.disk, &self.dir);
        while position < sealed.size {
            let mut head = Vec::with_capacity(HEADER_BYTES);
            sealed.segment.file.read_at(position, HEADER_BYTES, &mut head)?;
            let header = BatchHeader::parse(&head).map_err(io::Error::other)?;
            if header.last_offset() >= offset {
                let is_its = header.is_control() && header.producer_id == producer_id;
                // The last batch of a segment stays, empty if need be.
                return Ok(is_its && header.last_offset() == offset && header.record_count > 0);
            }
            position += u64::try_from(header.total_bytes).map_err(io::Error::other)?;
        }
        Ok(false)
    }
}

impl Chain {
    /// The segment that was last becomes sealed.
    fn push(&mut self, segment: Segment, checked: Checked) {
        if let Some((previous, done)) = self.last.replace((segment, checked)) {
            let segment = Arc::new(previous);
            let index = done.index.map(Arc::new);
            if let Some(index) = &index {
                self.reindexed.push(Rolled {
                    segment: segment.clone(),
                    index: index.clone(),
                    snapshot: Vec::new(),
                    aborted: Vec::new(),
                    next_offset: done.next_offset,
                });
            }
            self.sealed.push(Sealed {
                segment,
                size: done.valid_bytes,
                next_offset: done.next_offset,
                max_timestamp: done.max_timestamp,
                index,
            });
        }
    }

    /// Every segment with its valid length, in order.
    fn segments(&self) -> Vec<(&Segment, u64)> {
        let sealed = self.sealed.iter().map(|sealed| (&*sealed.segment, sealed.size));
        let last = self.last.iter().map(|(segment, checked)| (segment, checked.valid_bytes));
        sealed.chain(last).collect()
    }
}
