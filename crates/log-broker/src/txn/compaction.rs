//! Keeping the state topic short: what is known is written once more, and the log's start moves
//! there. A crash in between leaves both, and replaying both gives the same state.

use std::sync::Arc;

use super::coordinator::{TransactionCoordinator, Undecided};
use crate::log::LogError;

/// Below this many records the log is not worth the work: they are replayed in a moment.
const RECORDS_MIN: u64 = 500_000;
/// How much of the log must be out of date.
const RECORDS_PER_ID: u64 = 4;

/// Why the log stayed as it was.
#[derive(Debug, thiserror::Error)]
pub(super) enum CompactionError {
    #[error("the log takes no records")]
    Refused,
    #[error(transparent)]
    Flush(#[from] LogError),
    #[error("the log's start could not be moved: {0}")]
    LogStart(String),
}

impl TransactionCoordinator {
    /// Compacts the log if most of it is out of date.
    pub(super) async fn compact_if_worthwhile(self: &Arc<Self>) -> Result<(), CompactionError> {
        let ids = u64::try_from(self.all().len()).unwrap_or(u64::MAX);
        if self.log.record_count() < ids.saturating_mul(RECORDS_PER_ID).max(RECORDS_MIN) {
            return Ok(());
        }
        self.compact().await
    }

    pub(super) async fn compact(self: &Arc<Self>) -> Result<(), CompactionError> {
        let start = self.log.end_offset();
        let mut last = None;
        for cell in self.all() {
            let mut state = cell.state.lock();
            let Some(transaction) = state.transaction.clone() else { continue };
            match self.write(&mut state, &cell.id, Some(transaction)) {
                Ok(()) => last = state.written,
                Err(Undecided::OutcomeUnknown(error)) => return Err(error.into()),
                Err(Undecided::Refused(_)) => return Err(CompactionError::Refused),
            }
        }
        if let Some(offset) = last {
            self.log.flushed(offset).await?;
        }
        let this = Arc::clone(self);
        let moved = tokio::task::spawn_blocking(move || this.log.forget_before(start)).await;
        match moved {
            Ok(Ok(())) => {
                tracing::info!(start, "compacted the transaction log");
                Ok(())
            }
            Ok(Err(error)) => Err(CompactionError::LogStart(error.to_string())),
            Err(fault) => Err(CompactionError::LogStart(fault.to_string())),
        }
    }
}
