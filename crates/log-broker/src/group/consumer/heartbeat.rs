//! A heartbeat: joining, going on, leaving, and what the member is told.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use uuid::Uuid;

use super::super::classic::Now;
use super::super::config::GroupConfig;
use super::ConsumerGroup;
use super::assignment::Assignment;
use super::assignor::{ASSIGNORS, Subscriber, assign};
use super::member::{Current, Member, Progress, STATIC_LEAVE_EPOCH, Subscription};
use super::topics::TopicSource;
use crate::pattern::whole_match;

const JOIN_EPOCH: i32 = 0;
const LEAVE_EPOCH: i32 = -1;

/// A heartbeat as it is sent. `None` leaves a field as it was.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beat {
    pub(crate) member_id: String,
    /// 0 joins, −1 leaves, −2 leaves for a while (static members).
    pub(crate) epoch: i32,
    pub(crate) instance_id: Option<String>,
    pub(crate) rack_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    /// −1 leaves it as it was.
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) topic_names: Option<BTreeSet<String>>,
    /// Empty means none.
    pub(crate) topic_regex: Option<String>,
    pub(crate) server_assignor: Option<String>,
    /// What the member has.
    pub(crate) owned: Option<Assignment>,
}

/// What a member is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beaten {
    pub(crate) member_id: String,
    pub(crate) epoch: i32,
    /// `None` when nothing has changed.
    pub(crate) assignment: Option<Assignment>,
}

impl Beat {
    /// What must hold whatever the group is.
    pub(crate) fn check(&self) -> Result<(), ResponseError> {
        let is_joining = self.epoch == JOIN_EPOCH;
        let has_topics = self.topic_names.is_some() || self.topic_regex.is_some();
        let owns_some = self.owned.as_ref().is_some_and(|owned| !owned.is_empty());
        let is_malformed = self.epoch < STATIC_LEAVE_EPOCH
            || self.member_id.is_empty()
            || self.instance_id.as_deref() == Some("")
            || (self.epoch == STATIC_LEAVE_EPOCH && self.instance_id.is_none())
            || (is_joining && (self.rebalance_timeout_ms <= 0 || !has_topics || owns_some));
        if is_malformed {
            return Err(ResponseError::InvalidRequest);
        }
        if self.server_assignor.as_deref().is_some_and(|name| !ASSIGNORS.contains(&name)) {
            return Err(ResponseError::UnsupportedAssignor);
        }
        match self.topic_regex.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => {
                whole_match(text).map(drop).map_err(|_| ResponseError::InvalidRegularExpression)
            }
            None => Ok(()),
        }
    }

    /// It says everything there is to say, as after a lost answer.
    fn is_full(&self) -> bool {
        let has_topics = self.topic_names.is_some() || self.topic_regex.is_some();
        self.epoch == JOIN_EPOCH
            || (self.rebalance_timeout_ms >= 0 && has_topics && self.owned.is_some())
    }
}

impl ConsumerGroup {
    pub(crate) fn heartbeat(
        &mut self,
        beat: &Beat,
        now: Now,
        config: &GroupConfig,
        topics: &dyn TopicSource,
    ) -> Result<Beaten, ResponseError> {
        match beat.epoch {
            LEAVE_EPOCH | STATIC_LEAVE_EPOCH => return self.leave(beat),
            JOIN_EPOCH => self.admit(beat, config)?,
            _ => self.check_beat(beat)?,
        }
        if self.subscribe(beat) {
            self.epoch += 1;
            self.seen.forget_version();
        }
        self.refresh_topics(topics);
        self.make_targets();
        let is_changed = self.reconcile(&beat.member_id, beat.owned.as_ref(), now);
        let member = self.members.get_mut(&beat.member_id).ok_or(ResponseError::UnknownMemberId)?;
        member.session_deadline =
            now.monotonic_ms.saturating_add(config.consumer_session_timeout_ms);
        let is_told = is_changed || beat.is_full();
        Ok(Beaten {
            member_id: beat.member_id.clone(),
            epoch: member.current.epoch,
            assignment: is_told.then(|| member.current.assigned.clone()),
        })
    }

    fn leave(&mut self, beat: &Beat) -> Result<Beaten, ResponseError> {
        let member = self.members.get_mut(&beat.member_id).ok_or(ResponseError::UnknownMemberId)?;
        if beat.instance_id.is_some() && member.subscription.instance_id != beat.instance_id {
            return Err(ResponseError::UnknownMemberId);
        }
        if beat.epoch == STATIC_LEAVE_EPOCH {
            // Its partitions wait for whoever comes back under the name, until the session ends.
            member.current.epoch = STATIC_LEAVE_EPOCH;
            member.current.assigned = member.current.holds();
            member.current.revoking = Assignment::default();
            member.current.progress = Progress::Stable;
            member.revoke_deadline = None;
        } else {
            self.remove(&beat.member_id);
        }
        let member_id = beat.member_id.clone();
        Ok(Beaten { member_id, epoch: beat.epoch, assignment: None })
    }

    /// Takes a member out; what it had is for the others.
    pub(super) fn remove(&mut self, member_id: &str) {
        if self.members.remove(member_id).is_some() {
            self.targets.remove(member_id);
            self.epoch += 1;
            self.seen.forget_version();
        }
    }

    /// A member that joins, for the first time or anew.
    fn admit(&mut self, beat: &Beat, config: &GroupConfig) -> Result<(), ResponseError> {
        if let Some(instance_id) = &beat.instance_id {
            let holder = self
                .members
                .iter()
                .find(|(_, member)| member.subscription.instance_id.as_ref() == Some(instance_id));
            match holder.map(|(id, member)| (id.clone(), member.current.epoch)) {
                Some((id, _)) if id == beat.member_id => return Ok(()),
                Some((id, STATIC_LEAVE_EPOCH)) => {
                    self.replace(&id, &beat.member_id);
                    return Ok(());
                }
                Some(_) => return Err(ResponseError::UnreleasedInstanceId),
                None => {}
            }
        }
        if self.members.contains_key(&beat.member_id) {
            return Ok(());
        }
        if self.members.len() >= config.max_size {
            return Err(ResponseError::GroupMaxSizeReached);
        }
        let subscription =
            Subscription { instance_id: beat.instance_id.clone(), ..Subscription::default() };
        let member = Member {
            subscription,
            current: Current::new(),
            session_deadline: 0,
            revoke_deadline: None,
        };
        self.members.insert(beat.member_id.clone(), member);
        self.epoch += 1;
        self.seen.forget_version();
        Ok(())
    }

    /// A static member is back under another id: it goes on where it left, and nobody else learns
    /// of it.
    fn replace(&mut self, old_id: &str, new_id: &str) {
        let Some(mut member) = self.members.remove(old_id) else { return };
        member.current.epoch = JOIN_EPOCH;
        member.current.previous_epoch = JOIN_EPOCH;
        self.members.insert(new_id.to_owned(), member);
        if let Some(target) = self.targets.remove(old_id) {
            self.targets.insert(new_id.to_owned(), target);
        }
    }

    /// Whether a member may go on from its epoch. The epoch before is right for a member that has
    /// missed an answer, as long as it has nothing that this answer took from it.
    fn check_beat(&self, beat: &Beat) -> Result<(), ResponseError> {
        if let Some(instance_id) = &beat.instance_id {
            let holder = self
                .members
                .iter()
                .find(|(_, member)| member.subscription.instance_id.as_ref() == Some(instance_id));
            match holder {
                None => return Err(ResponseError::UnknownMemberId),
                Some((id, _)) if *id != beat.member_id => {
                    return Err(ResponseError::FencedInstanceId);
                }
                Some(_) => {}
            }
        }
        let member = self.members.get(&beat.member_id).ok_or(ResponseError::UnknownMemberId)?;
        let current = &member.current;
        let missed_an_answer = beat.epoch == current.previous_epoch
            && beat.owned.as_ref().is_some_and(|owned| owned.is_subset(&current.assigned));
        if beat.epoch == current.epoch || missed_an_answer {
            return Ok(());
        }
        Err(ResponseError::FencedMemberEpoch)
    }

    /// Takes over what the member says of itself; whether what it reads has changed.
    fn subscribe(&mut self, beat: &Beat) -> bool {
        let Some(member) = self.members.get_mut(&beat.member_id) else { return false };
        let subscription = &mut member.subscription;
        let before = (subscription.topic_names.clone(), subscription.topic_regex.clone());
        if let Some(names) = &beat.topic_names {
            subscription.topic_names.clone_from(names);
        }
        if let Some(regex) = &beat.topic_regex {
            subscription.topic_regex = Some(regex.clone()).filter(|text| !text.is_empty());
        }
        if beat.rebalance_timeout_ms >= 0 {
            subscription.rebalance_timeout_ms = beat.rebalance_timeout_ms;
        }
        if beat.rack_id.is_some() {
            subscription.rack_id.clone_from(&beat.rack_id);
        }
        if beat.server_assignor.is_some() {
            subscription.server_assignor.clone_from(&beat.server_assignor);
        }
        subscription.client_id.clone_from(&beat.client_id);
        subscription.client_host.clone_from(&beat.client_host);
        before != (subscription.topic_names.clone(), subscription.topic_regex.clone())
    }

    /// A target for the epoch, if there is none yet.
    fn make_targets(&mut self) {
        if self.target_epoch >= self.epoch {
            return;
        }
        let subscriber = |(id, member): (&String, &Member)| {
            let topics = self.topics_of(&member.subscription);
            let previous = self.targets.get(id).cloned().unwrap_or_default();
            (id.clone(), Subscriber { topics, previous })
        };
        let subscribers = self.members.iter().map(subscriber).collect();
        let counts: BTreeMap<Uuid, i32> =
            self.seen.topics().map(|(_, image)| (image.id, image.partitions)).collect();
        self.targets = assign(self.assignor(), &subscribers, &counts);
        self.target_epoch = self.epoch;
    }

    fn topics_of(&self, subscription: &Subscription) -> BTreeSet<Uuid> {
        let pattern = subscription.topic_regex.as_deref().and_then(|text| whole_match(text).ok());
        let by_name = subscription.topic_names.iter().filter_map(|name| self.seen.image(name));
        let matched = self
            .seen
            .topics()
            .filter(|(name, _)| pattern.as_ref().is_some_and(|pattern| pattern.is_match(name)));
        by_name.chain(matched.map(|(_, image)| image)).map(|image| image.id).collect()
    }

    /// Leads one member towards its target; whether what it has has changed.
    fn reconcile(&mut self, member_id: &str, owned: Option<&Assignment>, now: Now) -> bool {
        let Some(member) = self.members.get(member_id) else { return false };
        let mut held = Assignment::default();
        for (_, other) in self.members.iter().filter(|(id, _)| *id != member_id) {
            held.extend(&other.current.holds());
        }
        let target = self.targets.get(member_id).cloned().unwrap_or_default();
        let next = member.current.towards(&target, self.target_epoch, owned, &held);
        let is_changed = next.assigned != member.current.assigned;
        let rebalance_timeout_ms =
            u64::try_from(member.subscription.rebalance_timeout_ms).unwrap_or(0);
        let Some(member) = self.members.get_mut(member_id) else { return false };
        member.revoke_deadline = match (next.progress, member.revoke_deadline) {
            (Progress::Unrevoked, Some(deadline)) => Some(deadline),
            (Progress::Unrevoked, None) => {
                Some(now.monotonic_ms.saturating_add(rebalance_timeout_ms))
            }
            _ => None,
        };
        member.current = next;
        is_changed
    }
}
