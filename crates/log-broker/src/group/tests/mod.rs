//! The coordinator over a real partition log: what waits, what is answered, what a restart finds.

mod committed;
mod membership;
mod replay;

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use tempfile::TempDir;
use uuid::Uuid;

use super::classic::{
    JoinRefusal, JoinRequest, Joined, MemberIdentity, Protocol, SyncAnswer, SyncRequest,
};
use super::committed::{Committer, TopicPartition};
use super::consumer::{TopicImage, TopicSource};
use super::offsets_log::OFFSETS_TOPIC;
use super::record::CommittedOffset;
use super::{GroupConfig, GroupCoordinator};
use crate::clock::ManualClock;
use crate::log::{FlushPolicy, LogConfig, LogDir, LogOptions, PartitionLog};
use crate::record_log::RecordLog;

pub(super) const DAY_MS: i64 = 24 * 3_600_000;
pub(super) const SESSION_MS: u64 = 10_000;

/// A coordinator that can be started again on the same log.
pub(super) struct Rig {
    pub(super) coordinator: Arc<GroupCoordinator>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) log_dir: LogDir,
    log: Arc<PartitionLog>,
    config: GroupConfig,
    _directory: TempDir,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(GroupConfig { initial_rebalance_delay_ms: 0, ..GroupConfig::default() })
    }

    pub(super) fn with(config: GroupConfig) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(1_700_000_000_000));
        let log_dir = LogDir::open(directory.path(), clock.clone(), LogOptions::default()).unwrap();
        // Under paused time a real sync would let the sessions run out.
        let log_config =
            LogConfig { retention_ms: None, flush: FlushPolicy::Os, ..LogConfig::default() };
        let log = log_dir.create(OFFSETS_TOPIC, 0, Uuid::new_v4(), log_config).unwrap();
        let coordinator = GroupCoordinator::open(
            RecordLog::new(log.clone()),
            clock.clone(),
            config.clone(),
            Arc::new(NoTopics),
        );
        let coordinator = Arc::new(coordinator.unwrap());
        Self { coordinator, clock, log_dir, log, config, _directory: directory }
    }

    /// A new coordinator that knows only what is in the log. What nobody waited for becomes
    /// durable first: a log that is opened again ends where its file ends.
    pub(super) async fn restart(&mut self) {
        let end = self.log.bounds().log_end_offset;
        if end > 0 && !self.log.is_deleted() {
            self.log.flushed(end - 1).await.unwrap();
        }
        let log = RecordLog::new(self.log.clone());
        let (clock, config) = (self.clock.clone(), self.config.clone());
        let opened = GroupCoordinator::open(log, clock, config, Arc::new(NoTopics));
        self.coordinator = Arc::new(opened.unwrap());
    }

    /// Moves both clocks on and lets the groups know.
    pub(super) async fn pass(&self, milliseconds: u64) {
        tokio::time::advance(std::time::Duration::from_millis(milliseconds)).await;
        self.clock.advance(i64::try_from(milliseconds).unwrap());
        self.coordinator.fire_due_timers();
    }

    pub(super) async fn join(&self, group: &str, member: &str) -> Result<Joined, JoinRefusal> {
        self.coordinator.join(group, join_request(member)).await.unwrap()
    }

    pub(super) async fn sync(&self, group: &str, member: &str, generation: i32) -> SyncAnswer {
        self.coordinator.sync(group, sync_request(member, generation)).await.unwrap()
    }

    /// The only member of a stable group: its id and generation.
    pub(super) async fn lone_member(&self, group: &str) -> (String, i32) {
        let joined = self.join(group, "").await.unwrap();
        self.sync(group, &joined.member_id, joined.generation_id).await.unwrap();
        (joined.member_id, joined.generation_id)
    }

    pub(super) async fn leave(&self, group: &str, member: &str) {
        let left = self.coordinator.leave(group, &[identity(member)]).await.unwrap();
        assert_eq!(left, Ok(vec![Ok(())]));
    }

    pub(super) async fn commit(
        &self,
        group: &str,
        committer: &Committer,
        places: &[(&str, i32, i64)],
    ) -> Result<(), ResponseError> {
        let offsets = places.iter().map(|(topic, partition, offset)| {
            (place(topic, *partition), self.committed_now(*offset))
        });
        self.coordinator.commit(group, committer, offsets.collect()).await.unwrap()
    }

    pub(super) fn committed_now(&self, offset: i64) -> CommittedOffset {
        use crate::clock::Clock;
        CommittedOffset {
            offset,
            leader_epoch: 3,
            metadata: "note".to_owned(),
            commit_timestamp_ms: self.clock.now_ms(),
            expire_timestamp_ms: None,
        }
    }

    /// Topic, partition and offset of everything committed; `None` without the group.
    pub(super) async fn offsets(&self, group: &str) -> Option<Vec<(String, i32, i64)>> {
        let flat = |group: &super::state::Group| {
            let mut all = Vec::new();
            for (topic, partitions) in group.offsets.topics() {
                all.extend(
                    partitions.iter().map(|(index, one)| (topic.to_owned(), *index, one.offset)),
                );
            }
            all
        };
        self.coordinator.read_offsets(group, |group| group.map(flat)).await.unwrap()
    }

    pub(super) fn state(&self, group: &str) -> Option<&'static str> {
        self.coordinator.describe(group).map(|description| description.state)
    }
}

/// For groups that read what their members say they read.
#[derive(Debug)]
struct NoTopics;

impl TopicSource for NoTopics {
    fn version(&self) -> u64 {
        0
    }

    fn topic(&self, _: &str) -> Option<TopicImage> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

pub(super) fn identity(member_id: &str) -> MemberIdentity {
    MemberIdentity { member_id: member_id.to_owned(), instance_id: None }
}

/// A consumer that is no member of the group it commits for.
pub(super) fn outsider() -> Committer {
    Committer { identity: identity(""), generation_id: -1 }
}

pub(super) fn member(member_id: &str, generation_id: i32) -> Committer {
    Committer { identity: identity(member_id), generation_id }
}

pub(super) fn place(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition { topic: topic.to_owned(), partition }
}

/// A member of version 3 that reads the topic "read".
pub(super) fn join_request(member_id: &str) -> JoinRequest {
    let metadata = Bytes::from_static(b"\0\0\0\0\0\x01\0\x04read");
    JoinRequest {
        identity: identity(member_id),
        new_member_id: format!("member-{}", Uuid::new_v4()),
        client_id: "client".to_owned(),
        client_host: "/127.0.0.1".to_owned(),
        session_timeout_ms: SESSION_MS,
        rebalance_timeout_ms: 60_000,
        protocol_type: "consumer".to_owned(),
        protocols: vec![Protocol { name: "range".to_owned(), metadata }],
        requires_known_member: false,
        can_skip_assignment: false,
    }
}

/// A leader's sync that gives everything to itself; a follower's says the same in vain.
pub(super) fn sync_request(member_id: &str, generation_id: i32) -> SyncRequest {
    let assignments = [(member_id.to_owned(), Bytes::from_static(b"everything"))];
    SyncRequest {
        identity: identity(member_id),
        generation_id,
        protocol_type: None,
        protocol: None,
        assignments: assignments.into_iter().collect(),
    }
}
