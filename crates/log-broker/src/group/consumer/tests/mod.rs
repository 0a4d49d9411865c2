//! The machine of consumer groups: joining, handing over, fencing, coming back.

mod exploration;
mod protocol;

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use uuid::Uuid;

use super::super::classic::Now;
use super::super::config::GroupConfig;
use super::{Assignment, Beat, Beaten, ConsumerGroup, TopicImage, TopicSource};

/// Topics that a test makes and changes.
#[derive(Debug, Default)]
pub(super) struct Known {
    version: u64,
    topics: BTreeMap<String, TopicImage>,
}

impl TopicSource for Known {
    fn version(&self) -> u64 {
        self.version
    }

    fn topic(&self, name: &str) -> Option<TopicImage> {
        self.topics.get(name).copied()
    }

    fn names(&self) -> Vec<String> {
        self.topics.keys().cloned().collect()
    }
}

impl Known {
    pub(super) fn set(&mut self, name: &str, partitions: i32) {
        self.version += 1;
        let id = id_of(name);
        self.topics.insert(name.to_owned(), TopicImage { id, partitions });
    }
}

pub(super) fn id_of(name: &str) -> Uuid {
    Uuid::from_bytes([name.as_bytes()[0]; 16])
}

/// A group with its topics and its time.
#[derive(Debug, Default)]
pub(super) struct Bench {
    pub(super) group: ConsumerGroup,
    pub(super) topics: Known,
    pub(super) now_ms: u64,
    pub(super) config: GroupConfig,
}

impl Bench {
    pub(super) fn with_topic(name: &str, partitions: i32) -> Self {
        let mut bench = Self::default();
        bench.topics.set(name, partitions);
        bench
    }

    pub(super) fn now(&self) -> Now {
        Now { monotonic_ms: self.now_ms, unix_ms: 0 }
    }

    /// As the coordinator does it: what is refused changes nothing.
    pub(super) fn beat(&mut self, beat: &Beat) -> Result<Beaten, ResponseError> {
        beat.check()?;
        let mut group = self.group.clone();
        let beaten = group.heartbeat(beat, self.now(), &self.config, &self.topics)?;
        self.group = group;
        Ok(beaten)
    }

    pub(super) fn join(&mut self, id: &str, topics: &[&str]) -> Result<Beaten, ResponseError> {
        self.beat(&joining(id, topics))
    }

    /// A heartbeat that says what the member has.
    pub(super) fn go_on(
        &mut self,
        id: &str,
        epoch: i32,
        owned: &[(&str, i32)],
    ) -> Result<Beaten, ResponseError> {
        self.beat(&Beat { owned: Some(set(owned)), ..going_on(id, epoch) })
    }

    pub(super) fn pass(&mut self, milliseconds: u64) {
        self.now_ms += milliseconds;
        let now = self.now();
        self.group.time_passes(now);
    }
}

pub(super) fn joining(id: &str, topics: &[&str]) -> Beat {
    let names: BTreeSet<String> = topics.iter().map(|name| (*name).to_owned()).collect();
    Beat {
        member_id: id.to_owned(),
        rebalance_timeout_ms: 60_000,
        topic_names: Some(names),
        owned: Some(Assignment::default()),
        ..Beat::default()
    }
}

pub(super) fn going_on(id: &str, epoch: i32) -> Beat {
    Beat { member_id: id.to_owned(), epoch, rebalance_timeout_ms: -1, ..Beat::default() }
}

pub(super) fn set(partitions: &[(&str, i32)]) -> Assignment {
    partitions.iter().map(|(name, partition)| (id_of(name), *partition)).collect()
}

pub(super) fn told(id: &str, epoch: i32, assignment: Option<&[(&str, i32)]>) -> Beaten {
    Beaten { member_id: id.to_owned(), epoch, assignment: assignment.map(set) }
}
