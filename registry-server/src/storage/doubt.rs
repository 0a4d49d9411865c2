//! Whether the database can be relied on to take changes, as the last one that was tried showed.

use std::sync::atomic::{AtomicBool, Ordering};

use levada_registry_core::{StoreError, StoreErrorKind};

/// Raised by a change that the database could not store, ended by the next one that it stores.
#[derive(Debug, Default)]
pub(super) struct Doubt(AtomicBool);

impl Doubt {
    pub(super) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Others that were quicker, and texts that no database keeps, say nothing about the disk.
    pub(super) fn note(&self, error: &StoreError) {
        match error.kind {
            StoreErrorKind::Failed | StoreErrorKind::OutcomeUnknown | StoreErrorKind::ReadOnly => {
                self.0.store(true, Ordering::Relaxed);
            }
            StoreErrorKind::TimedOut | StoreErrorKind::Conflict | StoreErrorKind::Unstorable => {}
        }
    }
}
