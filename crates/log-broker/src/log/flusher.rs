//! Group commit: a few threads sync every partition with unsynced appends, and one sync covers all
//! appends that waited for it.
//!
//! Every append under [`super::FlushPolicy::Fsync`] puts its partition into the queue, because the
//! high watermark, and with it every reader, waits for the sync even when no producer does. An
//! append with a waiter (acks=all) is flushed at once, or as soon as the running sync ends; appends
//! without one wait up to the linger, so that acks=1 traffic costs a few hundred syncs a second
//! and its readers a few milliseconds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::shared::Shared;
use super::{LogError, PartitionLog};

/// Syncs of different files overlap on the disk.
pub(super) const THREADS: usize = 4;

#[derive(Debug, Default)]
pub(super) struct FlushQueue {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    /// With the time each came.
    dirty: VecDeque<(Arc<PartitionLog>, Instant)>,
    /// Somebody waits for one of them; true until all are taken.
    has_waiter: bool,
    is_stopping: bool,
}

impl FlushQueue {
    /// The caller makes sure that a partition is in the queue once.
    pub(super) fn push(&self, log: Arc<PartitionLog>) {
        let mut queue = self.queue.lock();
        if queue.is_stopping {
            drop(queue);
            log.fail_waiters(LogError::Closed);
            return;
        }
        queue.dirty.push_back((log, Instant::now()));
        self.wake.notify_one();
    }

    /// Ends the linger: somebody waits.
    pub(super) fn hurry(&self) {
        let mut queue = self.queue.lock();
        // Nothing queued: the flush that will answer is running.
        if !queue.dirty.is_empty() {
            queue.has_waiter = true;
            self.wake.notify_one();
        }
    }

    /// Ends the threads; what is still queued is not synced any more.
    pub(super) fn stop(&self) {
        let mut queue = self.queue.lock();
        queue.is_stopping = true;
        let left = std::mem::take(&mut queue.dirty);
        drop(queue);
        self.wake.notify_all();
        for (log, _) in left {
            log.fail_waiters(LogError::Closed);
        }
    }

    /// The partition to flush now; `None` when the thread shall end.
    fn next(&self, linger: Duration) -> Option<Arc<PartitionLog>> {
        let mut queue = self.queue.lock();
        loop {
            if queue.is_stopping {
                return None;
            }
            let due = queue.dirty.front().map(|(_, since)| *since + linger);
            match due {
                None => self.wake.wait(&mut queue),
                Some(due) if !queue.has_waiter && Instant::now() < due => {
                    self.wake.wait_until(&mut queue, due);
                }
                Some(_) => break,
            }
        }
        let (log, _) = queue.dirty.pop_front()?;
        if queue.dirty.is_empty() {
            queue.has_waiter = false;
        } else {
            self.wake.notify_one();
        }
        Some(log)
    }
}

/// The body of a flusher thread.
pub(super) fn run(shared: &Shared) {
    while let Some(log) = shared.flusher.next(shared.options.flush_linger) {
        log.flush_queued();
    }
}
