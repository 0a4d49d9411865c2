//! The edge of the groups: finds a group, steps it under its lock, writes what it must remember,
//! and answers when that is durable.
//!
//! Two rules hold everywhere. No lock is held over an await, and whoever holds the lock of the map
//! takes no group's lock. And what a group has written is durable before an answer that depends
//! on it leaves: a crash can only take back what nobody was told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kafka_protocol::ResponseError;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::cell::{Cell, CellState, Held};
use super::classic::{
    ClassicGroup, JoinAnswer, JoinRefusal, JoinRequest, Joined, MemberIdentity, Now, Step,
    SyncAnswer, SyncRequest, Token,
};
use super::config::GroupConfig;
use super::consumer::{ConsumerGroup, TopicSource};
use super::offsets_log::{GroupEvent, OffsetsLog};
use super::record::GroupRecord;
use super::state::Group;
use super::timers::Timers;
use super::transactional::PendingGroups;
use crate::clock::Clock;
use crate::log::LogError;
use crate::record_log::{RecordLog, ReplayError, TxnProducer, WriteError};
use crate::seeded::seeded;

/// After a refused write a deadline is tried again this much later.
const RETRY_MS: u64 = 1_000;

/// All groups of this broker. Wherever a method fails with [`LogError`], the fate of a write is
/// unknown: no answer may be sent, the connection is to be closed.
#[derive(Debug)]
pub(crate) struct GroupCoordinator {
    pub(super) groups: Mutex<BTreeMap<String, Arc<Cell>>>,
    pub(super) log: OffsetsLog,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: GroupConfig,
    pub(super) topics: Arc<dyn TopicSource>,
    pub(super) timers: Timers,
    /// Taken before any group's lock, and held while records of transactions are written.
    pub(super) pending_groups: Mutex<PendingGroups>,
    started: Instant,
    next_token: AtomicU64,
}

impl GroupCoordinator {
    /// Replays the offsets topic: every group is as its last durable record left it. Blocks.
    pub(crate) fn open(
        log: RecordLog,
        clock: Arc<dyn Clock>,
        config: GroupConfig,
        topics: Arc<dyn TopicSource>,
    ) -> Result<Self, ReplayError> {
        let coordinator = Self {
            groups: Mutex::default(),
            log: OffsetsLog::new(log),
            clock,
            config,
            topics,
            timers: Timers::default(),
            pending_groups: Mutex::default(),
            started: Instant::now(),
            next_token: AtomicU64::new(0),
        };
        coordinator.load()?;
        Ok(coordinator)
    }

    fn load(&self) -> Result<(), ReplayError> {
        let now = self.now();
        let mut loaded: BTreeMap<String, Group> = BTreeMap::new();
        let mut pending = self.pending_groups.lock();
        self.log.replay(|event| match event {
            GroupEvent::Record { offset, producer, record } => {
                let id = record.group_id().to_owned();
                if let Some(producer) = producer {
                    pending.note(producer.producer_id, &id);
                }
                let group = loaded.entry(id).or_insert_with(Group::new);
                group.replay(*record, producer, offset, now);
            }
            GroupEvent::End { producer_id, outcome } => {
                for id in pending.take(producer_id) {
                    if let Some(group) = loaded.get_mut(&id) {
                        group.end_transaction(producer_id, outcome);
                    }
                }
            }
        })?;
        drop(pending);
        for (id, mut group) in loaded {
            // Without a generation nothing was ever written of its members.
            let has_generation = group.classic.generation_id() > 0;
            let persisted = has_generation.then(|| group.classic.metadata());
            let is_written = group.consumer.as_ref().is_some_and(ConsumerGroup::is_written);
            if let Some(consumer) = &mut group.consumer {
                consumer.begin_sessions(now, self.config.consumer_session_timeout_ms);
            }
            let has_members = persisted.is_some() || is_written;
            if !has_members && group.offsets.is_empty() && group.pending.is_empty() {
                continue;
            }
            let cell = Arc::new(Cell::new(&id, group, persisted));
            self.reschedule(&cell.id, &mut cell.state.lock());
            self.groups.lock().insert(id, cell);
        }
        Ok(())
    }

    pub(super) fn now(&self) -> Now {
        let elapsed = self.started.elapsed().as_millis();
        Now {
            monotonic_ms: u64::try_from(elapsed).unwrap_or(u64::MAX),
            unix_ms: self.clock.now_ms(),
        }
    }

    /// The moment of a deadline, for sleeping.
    pub(super) fn instant_of(&self, monotonic_ms: u64) -> Instant {
        self.started + std::time::Duration::from_millis(monotonic_ms)
    }

    /// Joins, and waits for the generation that comes of it.
    pub(crate) async fn join(
        &self,
        group_id: &str,
        request: JoinRequest,
    ) -> Result<JoinAnswer, LogError> {
        let member_id = request.identity.member_id.clone();
        let receiver = match self.start_join(group_id, request) {
            Ok(receiver) => receiver,
            Err(failure) => {
                let refusal = |error| JoinRefusal { error, member_id };
                return Ok(failure.into_answer::<Joined>()?.map_err(refusal));
            }
        };
        match receiver.await {
            Ok(Held { answer, written }) => {
                self.flush(written).await?;
                Ok(answer)
            }
            Err(_) => Ok(Err(JoinRefusal::gone())),
        }
    }

    fn start_join(
        &self,
        group_id: &str,
        request: JoinRequest,
    ) -> Result<oneshot::Receiver<Held<JoinAnswer>>, WriteFailure> {
        request.check(&self.config)?;
        let cell = if request.identity.member_id.is_empty() {
            self.find_or_create(group_id)?
        } else {
            self.find(group_id).ok_or(ResponseError::UnknownMemberId)?
        };
        let (sender, receiver) = oneshot::channel();
        let token = self.token();
        let mut state = cell.state.lock();
        self.become_classic(&cell, &mut state)?;
        state.joins.insert(token, sender);
        self.step(&cell, &mut state, |group, step| group.join(request, token, step))
            .inspect_err(|_| drop(state.joins.remove(&token)))?;
        Ok(receiver)
    }

    /// Syncs, and waits for the leader's assignment.
    pub(crate) async fn sync(
        &self,
        group_id: &str,
        request: SyncRequest,
    ) -> Result<SyncAnswer, LogError> {
        let receiver = match self.start_sync(group_id, request) {
            Ok(receiver) => receiver,
            Err(failure) => return failure.into_answer(),
        };
        match receiver.await {
            Ok(Held { answer, written }) => {
                self.flush(written).await?;
                Ok(answer)
            }
            Err(_) => Ok(Err(ResponseError::CoordinatorNotAvailable)),
        }
    }

    fn start_sync(
        &self,
        group_id: &str,
        request: SyncRequest,
    ) -> Result<oneshot::Receiver<Held<SyncAnswer>>, WriteFailure> {
        let cell = self.find(group_id).ok_or(ResponseError::UnknownMemberId)?;
        let (sender, receiver) = oneshot::channel();
        let token = self.token();
        let mut state = cell.state.lock();
        state.syncs.insert(token, sender);
        self.step(&cell, &mut state, |group, step| group.sync(request, token, step))
            .inspect_err(|_| drop(state.syncs.remove(&token)))?;
        Ok(receiver)
    }

    /// A heartbeat writes nothing and tells nothing that is not durable: it never waits.
    pub(crate) fn heartbeat(
        &self,
        group_id: &str,
        identity: &MemberIdentity,
        generation_id: i32,
    ) -> Result<(), ResponseError> {
        let cell = self.find(group_id).ok_or(ResponseError::UnknownMemberId)?;
        let mut step = Step::new(self.now(), &self.config);
        let mut state = cell.state.lock();
        state.group.classic.heartbeat(identity, generation_id, &mut step)
    }

    /// One result a member, or an error for all. Of a group that does not exist every member is
    /// unknown.
    pub(crate) async fn leave(
        &self,
        group_id: &str,
        leaving: &[MemberIdentity],
    ) -> Result<Result<Vec<Result<(), ResponseError>>, ResponseError>, LogError> {
        let Some(cell) = self.find(group_id) else {
            return Ok(Ok(vec![Err(ResponseError::UnknownMemberId); leaving.len()]));
        };
        let (left, written) = {
            let mut state = cell.state.lock();
            let left = self.step(&cell, &mut state, |group, step| group.leave(leaving, step));
            (left, state.written)
        };
        match left {
            Ok(left) => {
                self.flush(written).await?;
                Ok(left)
            }
            Err(failure) => failure.into_answer(),
        }
    }

    /// Tells the groups whose deadline has come that time has passed.
    pub(super) fn fire_due_timers(&self) {
        let now = self.now().monotonic_ms;
        for id in self.timers.take_due(now) {
            let Some(cell) = self.find(&id) else { continue };
            let mut state = cell.state.lock();
            state.scheduled = None;
            let passed = match state.group.consumer {
                Some(_) => self.time_passes_for_consumers(&cell, &mut state),
                None => self.step(&cell, &mut state, ClassicGroup::time_passes),
            };
            if let Err(failure) = passed {
                tracing::warn!(group = id, ?failure, "time passed for a group without effect");
                let retry = now.saturating_add(RETRY_MS);
                state.scheduled = Some(retry);
                self.timers.schedule(retry, &id);
            }
        }
    }

    /// One event for the machine. What it wants remembered is written before anyone learns of it;
    /// if the log refuses, the step never happened and only the caller is told.
    fn step<T>(
        &self,
        cell: &Cell,
        state: &mut CellState,
        event: impl FnOnce(&mut ClassicGroup, &mut Step<'_>) -> T,
    ) -> Result<T, WriteFailure> {
        let before = state.group.classic.clone();
        let mut step = Step::new(self.now(), &self.config);
        let result = event(&mut state.group.classic, &mut step);
        seeded!(GenerationNotPersisted => step.effects.persist = false);
        if step.effects.persist {
            let metadata = Some(state.group.classic.metadata());
            let record = GroupRecord::Group { group: cell.id.clone(), metadata: metadata.clone() };
            match self.log.append(&[record], None, step.now.unix_ms) {
                Ok(offsets) => {
                    state.written = Some(*offsets.end());
                    state.persisted = metadata;
                }
                Err(error) => {
                    state.group.classic = before;
                    return Err(WriteFailure::of(error, &cell.id));
                }
            }
        }
        state.hand_out(step.effects);
        self.reschedule(&cell.id, state);
        Ok(result)
    }

    /// Writes records that the group does not hold yet, and applies them.
    pub(super) fn write(
        &self,
        cell: &Cell,
        state: &mut CellState,
        producer: Option<TxnProducer>,
        records: Vec<GroupRecord>,
    ) -> Result<(), WriteFailure> {
        if records.is_empty() {
            return Ok(());
        }
        let now = self.now();
        let offsets = self.log.append(&records, producer, now.unix_ms);
        let offsets = offsets.map_err(|error| WriteFailure::of(error, &cell.id))?;
        state.written = Some(*offsets.end());
        for (record, offset) in records.into_iter().zip(offsets) {
            state.group.replay(record, producer, offset, now);
        }
        Ok(())
    }

    pub(super) fn reschedule(&self, group_id: &str, state: &mut CellState) {
        if let Some(next) = state.group.next_deadline()
            && state.scheduled.is_none_or(|scheduled| next < scheduled)
        {
            state.scheduled = Some(next);
            self.timers.schedule(next, group_id);
        }
    }

    pub(crate) fn find(&self, group_id: &str) -> Option<Arc<Cell>> {
        self.groups.lock().get(group_id).cloned()
    }

    pub(crate) fn find_or_create(&self, group_id: &str) -> Result<Arc<Cell>, ResponseError> {
        let mut groups = self.groups.lock();
        if let Some(cell) = groups.get(group_id) {
            return Ok(cell.clone());
        }
        if groups.len() >= self.config.max_groups {
            return Err(ResponseError::GroupMaxSizeReached);
        }
        let cell = Arc::new(Cell::new(group_id, Group::new(), None));
        groups.insert(group_id.to_owned(), cell.clone());
        Ok(cell)
    }

    /// In order of their ids.
    pub(super) fn all(&self) -> Vec<Arc<Cell>> {
        self.groups.lock().values().cloned().collect()
    }

    pub(super) async fn flush(&self, written: Option<i64>) -> Result<(), LogError> {
        match written {
            Some(offset) => self.log.flushed(offset).await,
            None => Ok(()),
        }
    }

    fn token(&self) -> Token {
        Token(self.next_token.fetch_add(1, Ordering::Relaxed))
    }
}

/// Why a step was taken back.
#[derive(Debug)]
pub(crate) enum WriteFailure {
    /// For certain: nothing happened.
    Refused(ResponseError),
    OutcomeUnknown(LogError),
}

impl From<ResponseError> for WriteFailure {
    fn from(error: ResponseError) -> Self {
        Self::Refused(error)
    }
}

impl WriteFailure {
    pub(super) fn of(error: WriteError, group_id: &str) -> Self {
        tracing::warn!(group = group_id, %error, "group records were not written");
        match error {
            WriteError::Refused(_) => Self::Refused(ResponseError::CoordinatorNotAvailable),
            WriteError::OutcomeUnknown(error) => Self::OutcomeUnknown(error),
        }
    }

    pub(crate) fn into_answer<T>(self) -> Result<Result<T, ResponseError>, LogError> {
        match self {
            Self::Refused(error) => Ok(Err(error)),
            Self::OutcomeUnknown(error) => Err(error),
        }
    }
}
