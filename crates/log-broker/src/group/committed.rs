//! The coordinator's work on committed offsets: commit, fetch, delete, expire.

use kafka_protocol::ResponseError;

use super::cell::{Cell, CellState};
use super::classic::{CONSUMER_PROTOCOL_TYPE, MemberIdentity, Step};
use super::coordinator::{GroupCoordinator, WriteFailure};
use super::record::{CommittedOffset, GroupRecord};
use super::state::Group;
use crate::log::LogError;

/// Who commits for a group, and for which of its generations.
#[derive(Debug)]
pub(crate) struct Committer {
    pub(crate) identity: MemberIdentity,
    /// Negative for a consumer that is no member.
    pub(crate) generation_id: i32,
}

/// A place in a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicPartition {
    pub(crate) topic: String,
    pub(crate) partition: i32,
}

/// One a place, in the order of the request.
type DeleteResults = Vec<Result<(), ResponseError>>;

/// How far a group has read one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommittedPlace {
    pub(crate) group: String,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

impl GroupCoordinator {
    /// Every committed offset of every group, in order; some may not be durable yet.
    pub(crate) fn committed_offsets(&self) -> Vec<CommittedPlace> {
        let mut places = Vec::new();
        for cell in self.all() {
            let state = cell.state.lock();
            for (topic, partitions) in state.group.offsets.topics() {
                places.extend(partitions.iter().map(|(partition, committed)| CommittedPlace {
                    group: cell.id.clone(),
                    topic: topic.to_owned(),
                    partition: *partition,
                    offset: committed.offset,
                }));
            }
        }
        places
    }

    /// Commits all of `offsets` or none; durable when it succeeds. A group that does not exist
    /// comes into being by a commit of a non-member, for a member it is `GroupIdNotFound`.
    pub(crate) async fn commit(
        &self,
        group_id: &str,
        committer: &Committer,
        offsets: Vec<(TopicPartition, CommittedOffset)>,
    ) -> Result<Result<(), ResponseError>, LogError> {
        match self.write_commit(group_id, committer, offsets) {
            Ok(written) => {
                self.flush(written).await?;
                Ok(Ok(()))
            }
            Err(failure) => failure.into_answer(),
        }
    }

    fn write_commit(
        &self,
        group_id: &str,
        committer: &Committer,
        offsets: Vec<(TopicPartition, CommittedOffset)>,
    ) -> Result<Option<i64>, WriteFailure> {
        let cell = if committer.generation_id < 0 {
            self.find_or_create(group_id)?
        } else {
            self.find(group_id).ok_or(ResponseError::GroupIdNotFound)?
        };
        let mut state = cell.state.lock();
        let mut step = Step::new(self.now(), &self.config);
        let Committer { identity, generation_id } = committer;
        state.group.check_commit(identity, *generation_id, &mut step)?;
        let record = |(place, committed): (TopicPartition, CommittedOffset)| {
            offset_record(group_id, place, Some(committed))
        };
        self.write(&cell, &mut state, None, offsets.into_iter().map(record).collect())?;
        Ok(state.written)
    }

    /// What `read` makes of a group's offsets, `None` for a group that does not exist. Everything
    /// it could see is durable when this returns.
    pub(crate) async fn read_offsets<T>(
        &self,
        group_id: &str,
        read: impl FnOnce(Option<&Group>) -> T,
    ) -> Result<T, LogError> {
        let Some(cell) = self.find(group_id) else { return Ok(read(None)) };
        let (result, written) = {
            let state = cell.state.lock();
            (read(Some(&state.group)), state.written)
        };
        self.flush(written).await?;
        Ok(result)
    }

    /// Forgets offsets of topics that no member reads.
    pub(crate) async fn delete_offsets(
        &self,
        group_id: &str,
        places: &[TopicPartition],
    ) -> Result<Result<DeleteResults, ResponseError>, LogError> {
        let deleted = self.write_offset_deletes(group_id, places);
        match deleted {
            Ok((results, written)) => {
                self.flush(written).await?;
                Ok(Ok(results))
            }
            Err(failure) => failure.into_answer(),
        }
    }

    fn write_offset_deletes(
        &self,
        group_id: &str,
        places: &[TopicPartition],
    ) -> Result<(DeleteResults, Option<i64>), WriteFailure> {
        let cell = self.find(group_id).ok_or(ResponseError::GroupIdNotFound)?;
        let mut state = cell.state.lock();
        let group = &state.group;
        if group.classic.is_dead() {
            return Err(ResponseError::GroupIdNotFound.into());
        }
        let has_members = !group.has_no_members();
        let subscribed = match &group.consumer {
            Some(consumer) => Some(consumer.subscribed_topics()),
            None => group.classic.subscribed_topics(),
        };
        let is_opaque = group.consumer.is_none()
            && group.classic.protocol_type() != Some(CONSUMER_PROTOCOL_TYPE);
        if has_members && is_opaque {
            return Err(ResponseError::NonEmptyGroup.into());
        }
        let is_read = |topic: &String| {
            has_members && subscribed.as_ref().is_none_or(|topics| topics.contains(topic))
        };
        let mut records = Vec::new();
        let mut results = Vec::new();
        for TopicPartition { topic, partition } in places {
            if is_read(topic) {
                results.push(Err(ResponseError::GroupSubscribedToTopic));
                continue;
            }
            if group.offsets.committed(topic, *partition).is_some()
                || group.pending.has(topic, *partition)
            {
                let place = TopicPartition { topic: topic.clone(), partition: *partition };
                records.push(offset_record(group_id, place, None));
            }
            results.push(Ok(()));
        }
        self.write(&cell, &mut state, None, records)?;
        Ok((results, state.written))
    }

    /// Forgets a group that has no members, with its offsets.
    pub(crate) async fn delete_group(
        &self,
        group_id: &str,
    ) -> Result<Result<(), ResponseError>, LogError> {
        match self.write_group_delete(group_id) {
            Ok(written) => {
                self.flush(written).await?;
                Ok(Ok(()))
            }
            Err(failure) => failure.into_answer(),
        }
    }

    fn write_group_delete(&self, group_id: &str) -> Result<Option<i64>, WriteFailure> {
        let cell = self.find(group_id).ok_or(ResponseError::GroupIdNotFound)?;
        let mut state = cell.state.lock();
        if state.group.classic.is_dead() {
            return Err(ResponseError::GroupIdNotFound.into());
        }
        if !state.group.has_no_members() {
            return Err(ResponseError::NonEmptyGroup.into());
        }
        self.bury(&cell, &mut state)?;
        Ok(state.written)
    }

    /// Writes the tombstones of an empty group and takes it off the map. Its cell stays dead for
    /// whoever found it before: they are told to look again.
    fn bury(&self, cell: &Cell, state: &mut CellState) -> Result<(), WriteFailure> {
        let mut records = tombstones(&cell.id, state.group.places(|_| true));
        records.push(GroupRecord::Group { group: cell.id.clone(), metadata: None });
        if let Some(consumer) = &state.group.consumer {
            let record = |record| GroupRecord::Consumer { group: cell.id.clone(), record };
            records.extend(consumer.tombstones().into_iter().map(record));
        }
        self.write(cell, state, None, records)?;
        state.group.classic.die();
        // A compaction that listed the group before must not bring it back.
        state.persisted = None;
        self.groups.lock().remove(&cell.id);
        Ok(())
    }

    /// Forgets the offsets of topics that are gone, in every group.
    pub(crate) fn forget_topics(&self, is_gone: impl Fn(&str) -> bool) {
        self.forget_offsets(|state| state.group.places(&is_gone));
    }

    /// Forgets offsets past their retention, and groups of which nothing is left.
    pub(crate) fn expire_offsets(&self) {
        let now_ms = self.clock.now_ms();
        let retention_ms = i64::try_from(self.config.offsets_retention_ms).unwrap_or(i64::MAX);
        self.forget_offsets(|state| state.group.expired(now_ms, retention_ms));
        for cell in self.all() {
            let mut state = cell.state.lock();
            if state.group.is_disposable()
                && let Err(failure) = self.bury(&cell, &mut state)
            {
                tracing::warn!(group = cell.id, ?failure, "an empty group stays until later");
            }
        }
    }

    /// Nobody waits for this to be durable: after a crash it is done again.
    fn forget_offsets(&self, choose: impl Fn(&CellState) -> Vec<(String, i32)>) {
        for cell in self.all() {
            let mut state = cell.state.lock();
            let records = tombstones(&cell.id, choose(&state));
            if let Err(failure) = self.write(&cell, &mut state, None, records) {
                tracing::warn!(group = cell.id, ?failure, "offsets are forgotten later");
            }
        }
    }
}

fn tombstones(group_id: &str, places: Vec<(String, i32)>) -> Vec<GroupRecord> {
    let record =
        |(topic, partition)| offset_record(group_id, TopicPartition { topic, partition }, None);
    places.into_iter().map(record).collect()
}

pub(super) fn offset_record(
    group_id: &str,
    place: TopicPartition,
    committed: Option<CommittedOffset>,
) -> GroupRecord {
    let TopicPartition { topic, partition } = place;
    GroupRecord::Offset { group: group_id.to_owned(), topic, partition, committed }
}
