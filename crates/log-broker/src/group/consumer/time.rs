//! What happens to a consumer group when time passes: whoever is late is out.

use super::super::classic::Now;
use super::ConsumerGroup;

impl ConsumerGroup {
    /// When the group wants to be told of the time again, in `Now::monotonic_ms`.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let members = self.members.values();
        members.map(|m| m.session_deadline.min(m.revoke_deadline.unwrap_or(u64::MAX))).min()
    }

    /// Removes members that were silent for too long, or did not give up in time what they were
    /// to: their partitions go to the others with the next heartbeats.
    pub(crate) fn time_passes(&mut self, now: Now) {
        let is_late = |deadline: u64| deadline <= now.monotonic_ms;
        let late: Vec<String> = self
            .members
            .iter()
            .filter(|(_, member)| {
                is_late(member.session_deadline) || member.revoke_deadline.is_some_and(is_late)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            self.remove(&id);
        }
    }

    /// After a restart: nobody could be heard meanwhile.
    pub(crate) fn begin_sessions(&mut self, now: Now, session_timeout_ms: u64) {
        for member in self.members.values_mut() {
            member.session_deadline = now.monotonic_ms.saturating_add(session_timeout_ms);
            let rebalance_timeout_ms =
                u64::try_from(member.subscription.rebalance_timeout_ms).unwrap_or(0);
            if member.current.progress == super::Progress::Unrevoked {
                member.revoke_deadline =
                    Some(now.monotonic_ms.saturating_add(rebalance_timeout_ms));
            }
        }
    }
}
