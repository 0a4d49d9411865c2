//! What happens to transactions when time passes: they are rolled back, tried again, forgotten.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::coordinator::{Cell, TransactionCoordinator};
use super::machine::{self, Decision};
use super::transaction::Transaction;
use crate::log::LogError;

/// Kafka's `transaction.remove.expired.transaction.cleanup.interval.ms`.
const TIDY_PERIOD: Duration = Duration::from_hours(1);

impl TransactionCoordinator {
    /// Runs until `stop` is cancelled.
    pub(crate) async fn run_timers(self: Arc<Self>, stop: CancellationToken) {
        let mut sweep = interval(Duration::from_millis(self.config.abort_interval_ms));
        let mut tidy_up = interval(TIDY_PERIOD);
        for ticks in [&mut sweep, &mut tidy_up] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = sweep.tick() => self.sweep().await,
                _ = tidy_up.tick() => {
                    self.forget_expired();
                    if let Err(error) = self.compact_if_worthwhile().await {
                        tracing::warn!(%error, "the transaction log stays as long as it is");
                    }
                }
            }
        }
    }

    /// Rolls back what is open for too long, and completes what could not be completed before.
    pub(super) async fn sweep(&self) {
        for cell in self.all() {
            if let Err(error) = self.sweep_one(&cell).await {
                tracing::error!(transactional_id = cell.id, %error, "transaction not ended");
            }
        }
    }

    async fn sweep_one(&self, cell: &Cell) -> Result<(), LogError> {
        let judge = |current: Option<&Transaction>, now_ms, _| {
            Ok(match current {
                Some(transaction) if transaction.is_overdue(now_ms) => {
                    let next = machine::roll_back(transaction, now_ms);
                    Decision::Change { next, answer: true }
                }
                _ => Decision::Answer(false),
            })
        };
        let is_overdue = |state: Option<&Transaction>| {
            state.is_some_and(|transaction| transaction.is_overdue(self.clock.now_ms()))
        };
        // Most are neither: they cost no wait for the disk.
        if is_overdue(cell.state.lock().transaction.as_ref()) {
            let decided = self.decide(cell, judge).await?;
            if decided == Ok(true) {
                tracing::info!(transactional_id = cell.id, "transaction timed out");
            }
        }
        self.complete(cell).await
    }

    /// Nobody waits for this to be durable: after a crash it is done again.
    pub(super) fn forget_expired(&self) {
        let now_ms = self.clock.now_ms();
        for cell in self.all() {
            let mut state = cell.state.lock();
            let is_expired = state.transaction.as_ref().is_some_and(|transaction| {
                transaction.is_expired(now_ms, self.config.id_expiration_ms)
            });
            // One that was asked for and never given is a leftover of a refused write.
            let is_void = state.transaction.is_none();
            if is_expired && self.write(&mut state, &cell.id, None).is_err() {
                continue;
            }
            if is_expired || is_void {
                self.forget(&cell, &mut state);
            }
        }
    }
}
