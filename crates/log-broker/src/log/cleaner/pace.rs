//! How fast a pass may read and write: clients come first.

use std::time::{Duration, Instant};

use super::CleanError;

/// So long a stop may have to wait for a pass.
const NAP: Duration = Duration::from_millis(50);

pub(in crate::log) struct Pace<'a> {
    bytes_per_second: u64,
    started: Instant,
    bytes: u64,
    is_stopping: &'a dyn Fn() -> bool,
}

impl<'a> Pace<'a> {
    pub(in crate::log) fn new(bytes_per_second: u64, is_stopping: &'a dyn Fn() -> bool) -> Self {
        Self { bytes_per_second, started: Instant::now(), bytes: 0, is_stopping }
    }

    /// Counts what was read or written, and waits while that was too much.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), CleanError> {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        loop {
            if (self.is_stopping)() {
                return Err(CleanError::Stopped);
            }
            let millis = self.bytes.saturating_mul(1000) / self.bytes_per_second.max(1);
            let due = Duration::from_millis(millis);
            let Some(ahead) = due.checked_sub(self.started.elapsed()).filter(|a| !a.is_zero())
            else {
                return Ok(());
            };
            std::thread::sleep(ahead.min(NAP));
        }
    }
}
