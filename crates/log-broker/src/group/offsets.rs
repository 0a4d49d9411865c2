//! The committed offsets of one group, and which of them have had their time.

use std::collections::BTreeMap;

use super::classic::ClassicGroup;
use super::record::CommittedOffset;

/// By topic, then by partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Offsets(BTreeMap<String, BTreeMap<i32, CommittedOffset>>);

impl Offsets {
    pub(crate) fn committed(&self, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.0.get(topic)?.get(&partition)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn topics(&self) -> impl Iterator<Item = (&str, &BTreeMap<i32, CommittedOffset>)> {
        self.0.iter().map(|(topic, partitions)| (topic.as_str(), partitions))
    }

    pub(crate) fn put(&mut self, topic: String, partition: i32, committed: CommittedOffset) {
        self.0.entry(topic).or_default().insert(partition, committed);
    }

    pub(crate) fn remove(&mut self, topic: &str, partition: i32) {
        if let Some(partitions) = self.0.get_mut(topic) {
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.0.remove(topic);
            }
        }
    }

    /// Topic and partition of each offset for which `wanted` holds.
    pub(crate) fn select(
        &self,
        wanted: impl Fn(&str, &CommittedOffset) -> bool,
    ) -> Vec<(String, i32)> {
        let mut selected = Vec::new();
        for (topic, partitions) in &self.0 {
            let matching = partitions.iter().filter(|(_, committed)| wanted(topic, committed));
            selected.extend(matching.map(|(partition, _)| (topic.clone(), *partition)));
        }
        selected
    }

    /// The offsets that nobody has had use for since `retention_ms` (KIP-211): all of a group
    /// without members, and of a stable group of consumers those of topics it no longer reads.
    pub(crate) fn expired(
        &self,
        group: &ClassicGroup,
        now_ms: i64,
        retention_ms: i64,
    ) -> Vec<(String, i32)> {
        let is_due =
            |unused_since: i64, committed: &CommittedOffset| match committed.expire_timestamp_ms {
                Some(expire) => now_ms >= expire,
                None => now_ms.saturating_sub(unused_since) >= retention_ms,
            };
        if group.is_abandoned() {
            let empty_since = group.state_since_ms().unwrap_or(i64::MIN);
            return self.select(|_, one| is_due(one.commit_timestamp_ms.max(empty_since), one));
        }
        match group.subscribed_topics() {
            Some(subscribed) if group.is_stable() => self.select(|topic, one| {
                !subscribed.contains(topic) && is_due(one.commit_timestamp_ms, one)
            }),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::classic::{GroupMetadata, MemberMetadata, Now};
    use super::*;
    use bytes::Bytes;

    const RETENTION: i64 = 1_000;

    fn committed(commit_timestamp_ms: i64, expire_timestamp_ms: Option<i64>) -> CommittedOffset {
        let metadata = String::new();
        CommittedOffset {
            offset: 1,
            leader_epoch: -1,
            metadata,
            commit_timestamp_ms,
            expire_timestamp_ms,
        }
    }

    fn group(
        protocol_type: Option<&str>,
        state_since_ms: Option<i64>,
        topics: &[u8],
    ) -> ClassicGroup {
        let member = || MemberMetadata {
            member_id: "a".to_owned(),
            instance_id: None,
            client_id: String::new(),
            client_host: String::new(),
            rebalance_timeout_ms: 1,
            session_timeout_ms: 1,
            subscription: Bytes::copy_from_slice(topics),
            assignment: Bytes::new(),
        };
        let members: Vec<_> = (!topics.is_empty()).then(member).into_iter().collect();
        let metadata = GroupMetadata {
            protocol_type: protocol_type.map(str::to_owned),
            generation_id: 1,
            protocol: Some("range".to_owned()),
            leader: None,
            state_since_ms,
            members,
        };
        ClassicGroup::restore(metadata, Now { monotonic_ms: 0, unix_ms: 0 })
    }

    /// Topic "read" committed at 100, topic "dropped" at 200.
    fn offsets() -> Offsets {
        let mut offsets = Offsets::default();
        offsets.put("read".to_owned(), 0, committed(100, None));
        offsets.put("dropped".to_owned(), 3, committed(200, None));
        offsets
    }

    fn names(expired: &[(String, i32)]) -> Vec<&str> {
        expired.iter().map(|(topic, _)| topic.as_str()).collect()
    }

    const READS_READ: &[u8] = b"\0\0\0\0\0\x01\0\x04read";

    #[test]
    fn offsets_of_a_simple_group_expire_by_their_commit() {
        let simple = ClassicGroup::new();
        assert_eq!(names(&offsets().expired(&simple, 1_099, RETENTION)), Vec::<&str>::new());
        assert_eq!(names(&offsets().expired(&simple, 1_100, RETENTION)), ["read"]);
        assert_eq!(names(&offsets().expired(&simple, 1_200, RETENTION)), ["dropped", "read"]);
    }

    #[test]
    fn offsets_of_a_group_without_members_count_from_when_it_became_empty() {
        let empty = group(Some("consumer"), Some(5_000), b"");
        assert_eq!(names(&offsets().expired(&empty, 5_999, RETENTION)), Vec::<&str>::new());
        assert_eq!(names(&offsets().expired(&empty, 6_000, RETENTION)), ["dropped", "read"]);
    }

    #[test]
    fn stable_consumers_keep_the_offsets_of_the_topics_they_read() {
        let stable = group(Some("consumer"), Some(0), READS_READ);
        assert_eq!(names(&offsets().expired(&stable, 1_199, RETENTION)), Vec::<&str>::new());
        assert_eq!(names(&offsets().expired(&stable, 9_000, RETENTION)), ["dropped"]);
    }

    #[test]
    fn members_that_are_no_consumers_keep_every_offset() {
        let connect = group(Some("connect"), Some(0), READS_READ);
        assert_eq!(offsets().expired(&connect, i64::MAX, RETENTION), vec![]);
    }

    #[test]
    fn expiry_that_the_client_asked_for_comes_first() {
        let mut offsets = Offsets::default();
        offsets.put("early".to_owned(), 0, committed(100, Some(150)));
        offsets.put("late".to_owned(), 0, committed(100, Some(9_000)));
        let simple = ClassicGroup::new();
        assert_eq!(names(&offsets.expired(&simple, 149, RETENTION)), Vec::<&str>::new());
        assert_eq!(names(&offsets.expired(&simple, 8_999, RETENTION)), ["early"]);
    }

    #[test]
    fn last_offset_removed_removes_the_topic() {
        let mut offsets = offsets();
        offsets.remove("read", 0);
        offsets.remove("read", 0);
        offsets.remove("dropped", 1);
        assert_eq!(offsets.topics().map(|(topic, _)| topic).collect::<Vec<_>>(), ["dropped"]);
        assert_eq!(offsets.committed("dropped", 3).map(|one| one.commit_timestamp_ms), Some(200));
    }
}
