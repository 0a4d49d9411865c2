//! Bugs on purpose, to see that the tests would notice them.
//!
//! `seeded!(Bug => statement)` is a wrong turn that the code takes when the environment names the
//! bug. It exists in the unit tests of this crate alone: every other build compiles the line to
//! nothing. `tests` holds which tests go red for which bug, and checks it.

macro_rules! seeded {
    ($bug:ident => $wrong:stmt) => {
        #[cfg(test)]
        {
            if crate::seeded::is_on(crate::seeded::Bug::$bug) {
                $wrong
            }
        }
    };
}

pub(crate) use seeded;

#[cfg(test)]
pub(crate) use self::bugs::{Bug, is_on};

#[cfg(test)]
mod bugs {
    use std::sync::OnceLock;

    /// Names a bug by the name of its variant.
    pub(crate) const VARIABLE: &str = "LEVADA_SEEDED_BUG";

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Bug {
        /// The disk says that it has synced a file, and has not.
        SyncSkipped,
        /// `acks=all` is answered before the sync.
        AckBeforeSync,
        /// Recovery cuts what was durable as if it were a torn tail.
        CutBelowDurablePoint,
        /// Recovery believes batches whatever their checksum.
        CrcNotChecked,
        /// Recovery forgets which sequences came since the last snapshot.
        SequencesNotRebuilt,
        /// Markers are written while the decision is not durable yet.
        MarkerBeforePrepare,
        /// A new generation of a group is not written down.
        GenerationNotPersisted,
        /// The disk says that it has synced a directory, and has not.
        DirectoryNotSynced,
    }

    pub(crate) fn is_on(bug: Bug) -> bool {
        static NAMED: OnceLock<Option<String>> = OnceLock::new();
        let named = NAMED.get_or_init(|| std::env::var(VARIABLE).ok());
        named.as_ref().is_some_and(|named| *named == format!("{bug:?}"))
    }
}
