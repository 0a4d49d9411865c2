//! Whether the state is still the one of a moment ago, told without asking the database. It holds
//! for a database that no other process changes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the commits of a store.
#[derive(Debug, Default)]
pub(crate) struct Revision {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Revision {
    /// The number of the state; none while a commit is under way, when it is of two minds.
    pub(super) fn now(&self) -> Option<u64> {
        // In this order: a commit that begins in between makes them differ.
        let ended = self.ended.load(Ordering::SeqCst);
        (self.begun.load(Ordering::SeqCst) == ended).then_some(ended)
    }

    /// A commit is under way until the mark is dropped, however it ends.
    pub(super) fn commit(&self) -> Committing<'_> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Committing(self)
    }
}

#[derive(Debug)]
pub(super) struct Committing<'a>(&'a Revision);

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_a_number_only_between_commits_and_never_the_same_one_again() {
        let revision = Revision::default();
        assert_eq!(revision.now(), Some(0));
        let first = revision.commit();
        assert_eq!(revision.now(), None);
        let second = revision.commit();
        drop(first);
        assert_eq!(revision.now(), None);
        drop(second);
        assert_eq!(revision.now(), Some(2));
    }
}
