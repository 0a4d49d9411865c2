//! One member of a consumer group, and how it comes from what it has to what it is to have.

use std::collections::BTreeSet;

use super::assignment::Assignment;

/// Epoch of a static member that has left for a while.
pub(crate) const STATIC_LEAVE_EPOCH: i32 = -2;

/// What a member wants; `None` in a heartbeat leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) instance_id: Option<String>,
    pub(crate) rack_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) topic_names: BTreeSet<String>,
    /// Never empty.
    pub(crate) topic_regex: Option<String>,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) server_assignor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Stable,
    /// It still has partitions that it is to give up.
    Unrevoked,
    /// Others still have partitions that it is to get.
    Unreleased,
}

/// What a member has, as far as the broker knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Current {
    pub(crate) epoch: i32,
    pub(crate) previous_epoch: i32,
    pub(crate) progress: Progress,
    pub(crate) assigned: Assignment,
    pub(crate) revoking: Assignment,
}

/// Deadlines are in `Now::monotonic_ms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) subscription: Subscription,
    pub(crate) current: Current,
    pub(crate) session_deadline: u64,
    /// Until when it has to have given up what it is to.
    pub(crate) revoke_deadline: Option<u64>,
}

impl Current {
    pub(crate) fn new() -> Self {
        Self {
            epoch: 0,
            previous_epoch: 0,
            progress: Progress::Stable,
            assigned: Assignment::default(),
            revoking: Assignment::default(),
        }
    }

    /// Everything that must not be given to another member.
    pub(crate) fn holds(&self) -> Assignment {
        let mut holds = self.assigned.clone();
        holds.extend(&self.revoking);
        holds
    }

    /// The next step towards `target`. `owned` is what the member says it has, `held` what others
    /// hold: a partition changes hands only when nobody has it.
    pub(crate) fn towards(
        &self,
        target: &Assignment,
        target_epoch: i32,
        owned: Option<&Assignment>,
        held: &Assignment,
    ) -> Self {
        match self.progress {
            Progress::Stable if self.epoch == target_epoch => return self.clone(),
            Progress::Unrevoked if owned.is_none_or(|owned| owned.has_any(&self.revoking)) => {
                return self.clone();
            }
            Progress::Stable | Progress::Unrevoked | Progress::Unreleased => {}
        }
        let kept = self.assigned.and(target);
        let revoking = self.assigned.without(target);
        let still_owned = owned.is_none_or(|owned| owned.has_any(&revoking));
        if !revoking.is_empty() && still_owned {
            return Self {
                progress: Progress::Unrevoked,
                assigned: kept,
                revoking,
                ..self.clone()
            };
        }
        let wanted = target.without(&kept);
        let unreleased = wanted.has_any(held);
        let mut assigned = kept;
        assigned.extend(&wanted.without(held));
        let previous_epoch =
            if self.epoch == target_epoch { self.previous_epoch } else { self.epoch };
        Self {
            epoch: target_epoch,
            previous_epoch,
            progress: if unreleased { Progress::Unreleased } else { Progress::Stable },
            assigned,
            revoking: Assignment::default(),
        }
    }
}
