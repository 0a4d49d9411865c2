//! The coordinator's work on consumer groups (KIP-848): heartbeats in, records out.

use kafka_protocol::ResponseError;

use super::cell::{Cell, CellState};
use super::consumer::{Beat, Beaten, ConsumerGroup};
use super::coordinator::{GroupCoordinator, WriteFailure};
use super::record::GroupRecord;
use crate::log::LogError;

const JOIN_EPOCH: i32 = 0;

impl GroupCoordinator {
    /// What the member is told; durable when it returns. Joining brings a group into being.
    pub(crate) async fn beat(
        &self,
        group_id: &str,
        beat: &Beat,
    ) -> Result<Result<Beaten, ResponseError>, LogError> {
        match self.step_beat(group_id, beat) {
            Ok((beaten, written)) => {
                self.flush(written).await?;
                Ok(Ok(beaten))
            }
            Err(failure) => failure.into_answer(),
        }
    }

    fn step_beat(
        &self,
        group_id: &str,
        beat: &Beat,
    ) -> Result<(Beaten, Option<i64>), WriteFailure> {
        beat.check()?;
        let cell = if beat.epoch == JOIN_EPOCH {
            self.find_or_create(group_id)?
        } else {
            self.find(group_id).ok_or(ResponseError::GroupIdNotFound)?
        };
        let mut state = cell.state.lock();
        if state.group.classic.is_dead() {
            return Err(ResponseError::CoordinatorNotAvailable.into());
        }
        if state.group.consumer.is_none() {
            // Members of a classic group go on as they are; an empty one changes its protocol.
            if beat.epoch != JOIN_EPOCH || !state.group.classic.is_abandoned() {
                return Err(ResponseError::GroupIdNotFound.into());
            }
            self.become_consumer(&cell, &mut state)?;
        }
        let now = self.now();
        let beaten = self.change(&cell, &mut state, |group| {
            group.heartbeat(beat, now, &self.config, &*self.topics)
        })?;
        Ok((beaten, state.written))
    }

    pub(super) fn time_passes_for_consumers(
        &self,
        cell: &Cell,
        state: &mut CellState,
    ) -> Result<(), WriteFailure> {
        let now = self.now();
        self.change(cell, state, |group| {
            group.time_passes(now);
            Ok(())
        })
    }

    /// One event for the machine. What it changes is written before anyone learns of it; if the
    /// machine or the log refuses, nothing has happened.
    fn change<T>(
        &self,
        cell: &Cell,
        state: &mut CellState,
        event: impl FnOnce(&mut ConsumerGroup) -> Result<T, ResponseError>,
    ) -> Result<T, WriteFailure> {
        let before = state.group.consumer.clone().unwrap_or_default();
        let mut after = before.clone();
        let answer = event(&mut after)?;
        let changes = after.changes_since(&before).into_iter();
        let record = |record| GroupRecord::Consumer { group: cell.id.clone(), record };
        self.write(cell, state, None, changes.map(record).collect())?;
        state.group.consumer = Some(after);
        self.reschedule(&cell.id, state);
        Ok(answer)
    }

    /// Forgets what an empty classic group has left, but for its offsets.
    fn become_consumer(&self, cell: &Cell, state: &mut CellState) -> Result<(), WriteFailure> {
        if state.persisted.is_some() {
            let record = GroupRecord::Group { group: cell.id.clone(), metadata: None };
            self.write(cell, state, None, vec![record])?;
            state.persisted = None;
        }
        state.group.consumer = Some(ConsumerGroup::default());
        Ok(())
    }

    /// Forgets what an empty consumer group has left, but for its offsets.
    pub(super) fn become_classic(
        &self,
        cell: &Cell,
        state: &mut CellState,
    ) -> Result<(), WriteFailure> {
        let Some(consumer) = &state.group.consumer else { return Ok(()) };
        if !consumer.is_empty() {
            return Err(ResponseError::InconsistentGroupProtocol.into());
        }
        let record = |record| GroupRecord::Consumer { group: cell.id.clone(), record };
        let records = consumer.tombstones().into_iter().map(record).collect();
        self.write(cell, state, None, records)?;
        state.group.consumer = None;
        Ok(())
    }
}
