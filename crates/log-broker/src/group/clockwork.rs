//! The task that lets time pass for the groups.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_util::sync::CancellationToken;

use super::coordinator::GroupCoordinator;

/// Kafka's `offsets.retention.check.interval.ms`.
const EXPIRY_PERIOD: Duration = Duration::from_mins(10);
/// How long to sleep when no group has a deadline; a new one ends the sleep.
const IDLE: Duration = Duration::from_hours(1);

impl GroupCoordinator {
    /// Runs until `stop` is cancelled.
    pub(crate) async fn run_timers(self: Arc<Self>, stop: CancellationToken) {
        let mut expiry = interval_at(Instant::now() + EXPIRY_PERIOD, EXPIRY_PERIOD);
        expiry.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake_up = self.timers.next().map(|at| self.instant_of(at));
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.timers.sooner() => {}
                () = sleep_until(wake_up.unwrap_or_else(|| Instant::now() + IDLE)) => {}
                _ = expiry.tick() => self.tidy_up().await,
            }
            self.fire_due_timers();
        }
    }

    async fn tidy_up(self: &Arc<Self>) {
        self.expire_offsets();
        if let Err(error) = self.compact_if_worthwhile().await {
            tracing::warn!(%error, "the offsets topic stays as long as it is");
        }
    }
}
