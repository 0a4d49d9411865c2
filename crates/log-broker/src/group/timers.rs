//! Which group wants to be told of the time, and when.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Deadlines are in `Now::monotonic_ms`. One that was overtaken by an earlier one stays and fires
/// in vain: for a group, an early call is harmless.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    deadlines: Mutex<BTreeSet<(u64, String)>>,
    sooner: Notify,
}

impl Timers {
    pub(crate) fn schedule(&self, at: u64, group_id: &str) {
        let mut deadlines = self.deadlines.lock();
        let is_first = deadlines.first().is_none_or(|(first, _)| at < *first);
        deadlines.insert((at, group_id.to_owned()));
        if is_first {
            self.sooner.notify_one();
        }
    }

    pub(crate) fn next(&self) -> Option<u64> {
        self.deadlines.lock().first().map(|(at, _)| *at)
    }

    /// The groups whose deadline has come; their entries are gone.
    pub(crate) fn take_due(&self, now: u64) -> BTreeSet<String> {
        let mut deadlines = self.deadlines.lock();
        let mut due = BTreeSet::new();
        while let Some(entry) = deadlines.pop_first() {
            if entry.0 > now {
                deadlines.insert(entry);
                break;
            }
            due.insert(entry.1);
        }
        due
    }

    /// Resolves when a deadline came before all others; a call made meanwhile is not lost.
    pub(crate) async fn sooner(&self) {
        self.sooner.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_groups_are_taken_once_and_the_others_stay() {
        let timers = Timers::default();
        timers.schedule(20, "b");
        timers.schedule(10, "a");
        timers.schedule(15, "b");
        assert_eq!(timers.next(), Some(10));
        assert_eq!(timers.take_due(9), BTreeSet::new());
        assert_eq!(timers.take_due(15), BTreeSet::from(["a".to_owned(), "b".to_owned()]));
        assert_eq!(timers.next(), Some(20));
    }
}
