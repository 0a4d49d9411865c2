//! One partition: its state, what it publishes, and who waits for it.
//!
//! Appending is in `append`, syncing in `flush`, reading in `read` and `lookup`, deleting in
//! `retention`; building it from files in `recovery`.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Weak};

use levada_kafka_wire::compression::Codec;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::checkpoint::LeaderEpochs;
use super::segment::{Active, Newest, Offsets, Rolled, Sealed};
use super::shared::Shared;
use super::{Bounds, EpochEnd, FlushPolicy, LogConfig, LogError};
use crate::metrics::Traffic;
use crate::producer_state::{ActiveProducer, ProducerStates};

/// What a long poll sleeps on. Register first, then look, then `notified().await`: a wake-up
/// between looking and sleeping is kept. Each registration fires at most once.
pub type Waiter = Notify;

/// No codec's id: batches stay as the producer compressed them.
const AS_PRODUCED: u8 = u8::MAX;

fn codec_id(config: &LogConfig) -> u8 {
    config.compression.map_or(AS_PRODUCED, u8::from)
}

/// An append-only run of record batches with dense offsets.
#[derive(Debug)]
pub struct PartitionLog {
    pub(super) topic: String,
    pub(super) index: i32,
    pub(super) topic_id: Uuid,
    pub(super) dir: PathBuf,
    pub(super) shared: Arc<Shared>,
    pub(super) core: Mutex<Core>,
    /// Taken after `core` where both are held, and never across a write or sync.
    pub(super) bounds: Mutex<Bounds>,
    pub(super) waiters: Mutex<Waiters>,
    /// The high watermark for producers that wait, or why it will never come.
    pub(super) flush_state: watch::Sender<Result<i64, LogError>>,
    /// One flush at a time: the second must not publish what the first still syncs.
    pub(super) flush_turn: Mutex<()>,
    /// Whether the partition is in the flush queue.
    pub(super) is_queued: AtomicBool,
    /// Whether records need a key: set with the config, read before the partition is locked.
    pub(super) needs_keys: AtomicBool,
    /// The codec that batches of clients get, or [`AS_PRODUCED`].
    codec: AtomicU8,
    /// Whether compaction has met damage.
    pub(super) is_uncleanable: AtomicBool,
    traffic: Traffic,
}

/// What appends change.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) config: LogConfig,
    pub(super) is_deleted: bool,
    pub(super) is_closed: bool,
    /// The log's end when index files and snapshot were written, where that is known.
    pub(super) stored_end: Option<i64>,
    /// Of the sealed segments.
    pub(super) offsets: Offsets,
    pub(super) sealed: Vec<Sealed>,
    pub(super) active: Active,
    pub(super) rolled: Vec<Rolled>,
    pub(super) producers: ProducerStates,
    pub(super) epochs: LeaderEpochs,
    pub(super) log_end_offset: i64,
    /// All before it is synced.
    pub(super) durable_offset: i64,
    /// Of the segment that this offset was in.
    pub(super) durable_newest: Newest,
}

/// Long polls on this partition. A poll that ended elsewhere leaves a dead entry behind, swept
/// when the list has doubled since the last sweep.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    list: Vec<Weak<Waiter>>,
    sweep_at: usize,
}

const SWEEP_MIN: usize = 16;

#[cfg(test)]
impl Waiters {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }
}

impl PartitionLog {
    pub(super) fn new(
        name: (&str, i32, Uuid),
        dir: PathBuf,
        shared: Arc<Shared>,
        mut core: Core,
        log_start_offset: i64,
    ) -> Self {
        let high_watermark = core.durable_offset;
        let bounds = Bounds {
            log_start_offset,
            last_stable_offset: core
                .producers
                .last_stable_offset(high_watermark)
                .max(log_start_offset),
            high_watermark,
            log_end_offset: core.log_end_offset,
            leader_epoch: core.epochs.latest(),
        };
        let needs_keys = core.config.cleanup.compacts;
        let codec = codec_id(&core.config);
        let (topic, index, topic_id) = name;
        Self {
            topic: topic.to_owned(),
            index,
            topic_id,
            dir,
            shared,
            core: Mutex::new(core),
            bounds: Mutex::new(bounds),
            waiters: Mutex::default(),
            flush_state: watch::Sender::new(Ok(high_watermark)),
            flush_turn: Mutex::new(()),
            is_queued: AtomicBool::new(false),
            needs_keys: AtomicBool::new(needs_keys),
            codec: AtomicU8::new(codec),
            is_uncleanable: AtomicBool::new(false),
            traffic: Traffic::default(),
        }
    }

    pub fn topic(&self) -> &str {
        &self.topic
    }

    pub fn index(&self) -> i32 {
        self.index
    }

    pub fn topic_id(&self) -> Uuid {
        self.topic_id
    }

    pub fn config(&self) -> LogConfig {
        self.core.lock().config.clone()
    }

    /// Takes effect with the next append, roll or maintenance.
    pub fn set_config(&self, config: LogConfig) {
        self.needs_keys.store(config.cleanup.compacts, Ordering::Relaxed);
        self.codec.store(codec_id(&config), Ordering::Relaxed);
        self.core.lock().config = config;
    }

    /// How batches of clients are compressed; `None` as the producer chose.
    pub(super) fn codec(&self) -> Option<Codec> {
        Codec::try_from(self.codec.load(Ordering::Relaxed)).ok()
    }

    /// What clients have written and read here since the start.
    pub(crate) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    pub fn is_deleted(&self) -> bool {
        self.core.lock().is_deleted
    }

    pub fn bounds(&self) -> Bounds {
        *self.bounds.lock()
    }

    /// How many files it keeps open.
    pub(crate) fn segment_count(&self) -> usize {
        self.core.lock().sealed.len() + 1
    }

    /// Bytes of all segments.
    pub fn size_bytes(&self) -> u64 {
        let core = self.core.lock();
        core.sealed.iter().map(|sealed| sealed.size).sum::<u64>() + core.active.size
    }

    /// The largest epoch not above `leader_epoch` and where it ends; `None` when all are above.
    pub fn offset_for_leader_epoch(&self, leader_epoch: i32) -> Option<EpochEnd> {
        let core = self.core.lock();
        let (leader_epoch, end_offset) = core.epochs.end_of(leader_epoch, core.log_end_offset)?;
        Some(EpochEnd { leader_epoch, end_offset })
    }

    /// Whether a marker of this epoch would change anything here.
    pub(crate) fn needs_marker(&self, producer_id: i64, epoch: i16) -> bool {
        self.core.lock().producers.needs_marker(producer_id, epoch)
    }

    /// The epoch of a producer that has written here and is remembered.
    pub(crate) fn producer_epoch(&self, producer_id: i64) -> Option<i16> {
        self.core.lock().producers.epoch(producer_id)
    }

    /// Producers that are remembered, in order of their ids.
    pub fn active_producers(&self) -> Vec<ActiveProducer> {
        self.core.lock().producers.active()
    }

    /// Notifies `waiter` once, when more becomes readable or the partition is deleted.
    pub fn register(&self, waiter: &Arc<Waiter>) {
        let mut waiters = self.waiters.lock();
        if waiters.list.len() >= waiters.sweep_at {
            waiters.list.retain(|waiter| waiter.strong_count() > 0);
            waiters.sweep_at = (waiters.list.len() * 2).max(SWEEP_MIN);
        }
        waiters.list.push(Arc::downgrade(waiter));
    }

    pub(super) fn wake_waiters(&self) {
        // Kept out of the lock: waking runs the runtime's code.
        let woken = std::mem::take(&mut self.waiters.lock().list);
        for waiter in woken.iter().filter_map(Weak::upgrade) {
            waiter.notify_one();
        }
    }

    /// Publishes what `core` says; the high watermark never goes back.
    pub(super) fn publish(&self, core: &mut Core) {
        let readable = match core.config.flush {
            FlushPolicy::Fsync => core.durable_offset,
            FlushPolicy::Os => core.log_end_offset,
        };
        let mut bounds = self.bounds.lock();
        let high_watermark = bounds.high_watermark.max(readable);
        let is_more = high_watermark > bounds.high_watermark;
        bounds.log_end_offset = core.log_end_offset;
        bounds.high_watermark = high_watermark;
        bounds.last_stable_offset = core
            .producers
            .last_stable_offset(high_watermark)
            .max(bounds.last_stable_offset)
            .max(bounds.log_start_offset);
        drop(bounds);
        if is_more {
            drop(self.flush_state.send_replace(Ok(high_watermark)));
            self.wake_waiters();
        }
    }

    pub(super) fn mark_deleted(&self) {
        self.core.lock().is_deleted = true;
        self.fail_waiters(LogError::Deleted);
        self.wake_waiters();
    }
}
