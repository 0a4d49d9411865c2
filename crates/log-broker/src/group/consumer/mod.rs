//! The consumer group protocol (KIP-848) as a state machine: heartbeats and time.
//!
//! Three epochs lead from a change to its effect. A change of members, subscriptions or topics
//! raises the group's epoch; a target assignment is made for it; and each member is led towards
//! its target, giving up before others are given. A member learns all that from the answers to
//! its heartbeats. As in the classic protocol the machine knows no clock, task, socket or disk.

mod assignment;
mod assignor;
mod heartbeat;
mod member;
mod persist;
pub(crate) mod record;
#[cfg(test)]
mod tests;
mod time;
mod topics;

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;

pub(crate) use self::assignment::Assignment;
pub(crate) use self::heartbeat::{Beat, Beaten};
pub(crate) use self::member::{Member, Progress};
use self::topics::SeenTopics;
pub(crate) use self::topics::{TopicImage, TopicSource};

/// One consumer group. `Clone` lets a driver take back a step whose records were refused.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConsumerGroup {
    pub(crate) epoch: i32,
    pub(crate) target_epoch: i32,
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) targets: BTreeMap<String, Assignment>,
    /// Of the topics that the epoch is about: a change of them is a new epoch.
    topics_hash: i64,
    /// The topics behind it, as they were last looked at.
    seen: SeenTopics,
}

impl ConsumerGroup {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The state's name as Kafka's tools print it.
    pub(crate) fn state_name(&self) -> &'static str {
        if self.members.is_empty() {
            "Empty"
        } else if self.epoch > self.target_epoch {
            "Assigning"
        } else if self.members.values().all(|member| self.is_settled(member)) {
            "Stable"
        } else {
            "Reconciling"
        }
    }

    fn is_settled(&self, member: &Member) -> bool {
        member.current.progress == Progress::Stable && member.current.epoch == self.target_epoch
    }

    /// Names of the topics that members read by name, and those their patterns match.
    pub(crate) fn subscribed_topics(&self) -> BTreeSet<String> {
        let names = self.members.values().flat_map(|member| &member.subscription.topic_names);
        names.chain(self.seen.names()).cloned().collect()
    }

    /// Whether a member of this epoch may commit and read offsets.
    pub(crate) fn check_epoch(&self, member_id: &str, epoch: i32) -> Result<(), ResponseError> {
        let member = self.members.get(member_id).ok_or(ResponseError::UnknownMemberId)?;
        if member.current.epoch != epoch {
            return Err(ResponseError::StaleMemberEpoch);
        }
        Ok(())
    }

    /// The assignor that most members ask for; the default one if none is asked for.
    pub(crate) fn assignor(&self) -> &str {
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        let asked = self.members.values().filter_map(|m| m.subscription.server_assignor.as_deref());
        for assignor in asked {
            *votes.entry(assignor).or_default() += 1;
        }
        let most = votes.into_iter().max_by_key(|(_, count)| *count);
        most.map_or(assignor::ASSIGNORS[0], |(assignor, _)| assignor)
    }
}
