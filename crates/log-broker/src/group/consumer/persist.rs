//! What of a consumer group outlives a restart: the records that lead from one state to the next,
//! and the state that records lead to.

use super::ConsumerGroup;
use super::member::{Current, Member, Subscription};
use super::record::ConsumerRecord;

impl ConsumerGroup {
    /// The records that turn what `before` has written into what this has to be found as.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<ConsumerRecord> {
        let mut records = Vec::new();
        for member_id in before.members.keys().filter(|id| !self.members.contains_key(*id)) {
            records.extend(farewell(member_id));
        }
        for (member_id, member) in &self.members {
            let old = before.members.get(member_id);
            if old.map(|old| &old.subscription) != Some(&member.subscription) {
                let subscription = Some(member.subscription.clone());
                records.push(ConsumerRecord::Member { member_id: member_id.clone(), subscription });
            }
        }
        if (self.epoch, self.topics_hash) != (before.epoch, before.topics_hash) {
            records.push(ConsumerRecord::Epoch(Some((self.epoch, self.topics_hash))));
        }
        for (member_id, target) in &self.targets {
            if before.targets.get(member_id) != Some(target) {
                let target = Some(target.clone());
                records.push(ConsumerRecord::Target { member_id: member_id.clone(), target });
            }
        }
        if self.target_epoch != before.target_epoch {
            records.push(ConsumerRecord::TargetEpoch(Some(self.target_epoch)));
        }
        for (member_id, member) in &self.members {
            if before.members.get(member_id).map(|old| &old.current) != Some(&member.current) {
                let current = Some(member.current.clone());
                records.push(ConsumerRecord::Current { member_id: member_id.clone(), current });
            }
        }
        records
    }

    /// The records that forget the whole group.
    pub(crate) fn tombstones(&self) -> Vec<ConsumerRecord> {
        let mut records: Vec<_> = self.members.keys().flat_map(|id| farewell(id)).collect();
        records.extend([ConsumerRecord::TargetEpoch(None), ConsumerRecord::Epoch(None)]);
        records
    }

    /// Applies a record that is in the log.
    pub(crate) fn replay(&mut self, record: ConsumerRecord) {
        match record {
            ConsumerRecord::Epoch(epoch) => {
                (self.epoch, self.topics_hash) = epoch.unwrap_or_default();
            }
            ConsumerRecord::TargetEpoch(epoch) => self.target_epoch = epoch.unwrap_or_default(),
            ConsumerRecord::Member { member_id, subscription: Some(subscription) } => {
                self.member(member_id).subscription = subscription;
            }
            ConsumerRecord::Current { member_id, current: Some(current) } => {
                self.member(member_id).current = current;
            }
            ConsumerRecord::Target { member_id, target: Some(target) } => {
                self.targets.insert(member_id, target);
            }
            ConsumerRecord::Member { member_id, subscription: None } => {
                self.members.remove(&member_id);
            }
            ConsumerRecord::Target { member_id, target: None } => {
                self.targets.remove(&member_id);
            }
            // It goes with the member's own record.
            ConsumerRecord::Current { current: None, .. } => {}
        }
    }

    fn member(&mut self, member_id: String) -> &mut Member {
        self.members.entry(member_id).or_insert_with(|| Member {
            subscription: Subscription::default(),
            current: Current::new(),
            session_deadline: 0,
            revoke_deadline: None,
        })
    }

    /// Whether anything of the group was ever written.
    pub(crate) fn is_written(&self) -> bool {
        self.epoch > 0
    }

    /// What a replay would make of it: without deadlines and what was seen of the topics.
    #[cfg(test)]
    pub(super) fn durable(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let member = |(id, member): (&String, &Member)| {
            (id.clone(), member.subscription.clone(), member.current.clone())
        };
        let members: Vec<_> = self.members.iter().map(member).collect();
        let targets: Vec<_> =
            self.targets.iter().map(|(id, target)| (id.clone(), target.clone())).collect();
        (self.epoch, self.topics_hash, self.target_epoch, members, targets)
    }
}

fn farewell(member_id: &str) -> [ConsumerRecord; 3] {
    let member_id = || member_id.to_owned();
    [
        ConsumerRecord::Current { member_id: member_id(), current: None },
        ConsumerRecord::Target { member_id: member_id(), target: None },
        ConsumerRecord::Member { member_id: member_id(), subscription: None },
    ]
}
