//! Heartbeats, commits as signs of life, and what happens when time passes.

use kafka_protocol::ResponseError;

use super::{ClassicGroup, MemberIdentity, State, Step};

impl ClassicGroup {
    /// A member learns of a rebalance from the error that its heartbeat gets.
    pub(crate) fn heartbeat(
        &mut self,
        identity: &MemberIdentity,
        generation_id: i32,
        step: &mut Step<'_>,
    ) -> Result<(), ResponseError> {
        if self.is_dead() {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        self.check_member(identity)?;
        if generation_id != self.generation_id {
            return Err(ResponseError::IllegalGeneration);
        }
        self.renew_session_of(&identity.member_id, step);
        match self.state {
            State::PreparingRebalance { .. } => Err(ResponseError::RebalanceInProgress),
            _ => Ok(()),
        }
    }

    /// Whether `identity` may commit offsets now; it counts as a heartbeat.
    ///
    /// A negative generation is a consumer without membership: it may commit for a group that
    /// has no members.
    pub(crate) fn commit(
        &mut self,
        identity: &MemberIdentity,
        generation_id: i32,
        step: &mut Step<'_>,
    ) -> Result<(), ResponseError> {
        match self.state {
            State::Dead => return Err(ResponseError::CoordinatorNotAvailable),
            State::Empty if generation_id < 0 => return Ok(()),
            _ => {}
        }
        self.check_member(identity)?;
        if generation_id != self.generation_id {
            return Err(ResponseError::IllegalGeneration);
        }
        if self.is_completing() {
            return Err(ResponseError::RebalanceInProgress);
        }
        self.renew_session_of(&identity.member_id, step);
        Ok(())
    }

    /// As [`Self::commit`], within a transaction. Who names neither a member nor a generation is
    /// fenced by the transaction alone (KIP-447), and a rebalance under way is no obstacle: what
    /// is committed was read by a member of this generation.
    pub(crate) fn commit_in_transaction(
        &mut self,
        identity: &MemberIdentity,
        generation_id: i32,
        step: &mut Step<'_>,
    ) -> Result<(), ResponseError> {
        if self.is_dead() {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        let is_anonymous = identity.member_id.is_empty() && identity.instance_id.is_none();
        if generation_id < 0 && is_anonymous {
            return Ok(());
        }
        self.check_member(identity)?;
        if generation_id != self.generation_id {
            return Err(ResponseError::IllegalGeneration);
        }
        self.renew_session_of(&identity.member_id, step);
        Ok(())
    }

    fn renew_session_of(&mut self, member_id: &str, step: &Step<'_>) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.renew_session(step);
        }
    }

    /// When the group wants to be told of the time again, in `Now::monotonic_ms`. Renewed
    /// sessions only move it later, so an early call is harmless and a late one is not.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let members = self.members.values().filter_map(super::Member::expires_at);
        let pending = self.pending_joins.values().copied();
        members.chain(pending).chain(self.phase_deadline()).min()
    }

    fn phase_deadline(&self) -> Option<u64> {
        match self.state {
            State::PreparingRebalance { deadline, .. }
            | State::CompletingRebalance { deadline } => Some(deadline),
            State::Stable { sync_deadline } => sync_deadline,
            State::Empty | State::Dead => None,
        }
    }

    /// Gives up whoever is late and ends the phases that are due.
    pub(crate) fn time_passes(&mut self, step: &mut Step<'_>) {
        let now = step.now.monotonic_ms;
        self.drop_silent_members(now, step);
        if self.phase_deadline().is_some_and(|deadline| deadline <= now) {
            match self.state.clone() {
                State::PreparingRebalance { initial, .. } => {
                    self.join_phase_is_over(initial.as_ref(), step);
                }
                State::CompletingRebalance { .. } | State::Stable { .. } => {
                    self.drop_members_that_never_synced(step);
                }
                State::Empty | State::Dead => {}
            }
        }
    }

    fn drop_silent_members(&mut self, now: u64, step: &mut Step<'_>) {
        let pending_before = self.pending_joins.len();
        self.pending_joins.retain(|_, deadline| *deadline > now);
        let silent = self.member_ids(|member| member.expires_at().is_some_and(|at| at <= now));
        for id in &silent {
            self.remove_member(id, step);
        }
        if !silent.is_empty() {
            self.rebalance(step);
        } else if self.pending_joins.len() < pending_before {
            self.complete_join_if_all_joined(step);
        }
    }

    fn drop_members_that_never_synced(&mut self, step: &mut Step<'_>) {
        for id in self.member_ids(|member| member.owes_sync) {
            self.remove_member(&id, step);
        }
        self.rebalance(step);
    }

    fn member_ids(&self, wanted: impl Fn(&super::Member) -> bool) -> Vec<String> {
        self.members.iter().filter(|(_, m)| wanted(m)).map(|(id, _)| id.clone()).collect()
    }
}
