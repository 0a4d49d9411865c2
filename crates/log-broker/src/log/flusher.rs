//! Group commit: one thread syncs every partition with unsynced appends, and one sync covers all
//! appends that waited for it.
//!
//! Every append under [`super::FlushPolicy::Fsync`] puts its partition into the queue, because the
//! high watermark, and with it every reader, waits for the sync even when no producer does. An
//! append with a waiter (acks=all) is flushed at once, or as soon as the running sync ends; appends
//! without one wait up to the linger, so that acks=1 traffic costs a few hundred syncs a second
//! and its readers a few milliseconds.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::PartitionLog;
use super::shared::Shared;

#[derive(Debug, Default)]
pub(super) struct FlushQueue {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    dirty: Vec<Arc<PartitionLog>>,
    has_waiter: bool,
    is_stopping: bool,
}

impl FlushQueue {
    /// The caller makes sure that a partition is in the queue once.
    pub(super) fn push(&self, log: Arc<PartitionLog>) {
        self.queue.lock().dirty.push(log);
        self.wake.notify_one();
    }

    /// Ends the linger: somebody waits.
    pub(super) fn hurry(&self) {
        self.queue.lock().has_waiter = true;
        self.wake.notify_one();
    }

    pub(super) fn stop(&self) {
        self.queue.lock().is_stopping = true;
        self.wake.notify_one();
    }

    /// The partitions to flush now; `None` when the thread shall end.
    fn next(&self, shared: &Shared) -> Option<Vec<Arc<PartitionLog>>> {
        let mut queue = self.queue.lock();
        while queue.dirty.is_empty() && !queue.is_stopping {
            self.wake.wait(&mut queue);
        }
        let deadline = Instant::now() + shared.options.flush_linger;
        while !queue.has_waiter && !queue.is_stopping {
            if self.wake.wait_until(&mut queue, deadline).timed_out() {
                break;
            }
        }
        queue.has_waiter = false;
        let dirty = std::mem::take(&mut queue.dirty);
        (!queue.is_stopping).then_some(dirty)
    }
}

/// The body of the flusher thread.
pub(super) fn run(shared: &Shared) {
    while let Some(dirty) = shared.flusher.next(shared) {
        for log in dirty {
            log.flush_queued();
        }
    }
}
