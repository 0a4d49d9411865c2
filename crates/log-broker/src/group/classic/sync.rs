//! `SyncGroup`: the leader hands in the assignment, every member takes its part.

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::{ClassicGroup, Member, MemberIdentity, State, Step, Token};

#[derive(Debug, Clone)]
pub(crate) struct SyncRequest {
    pub(crate) identity: MemberIdentity,
    pub(crate) generation_id: i32,
    /// Since v5 the member says which protocol it believes in.
    pub(crate) protocol_type: Option<String>,
    pub(crate) protocol: Option<String>,
    /// By member id; the leader's alone counts.
    pub(crate) assignments: BTreeMap<String, Bytes>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Synced {
    pub(crate) protocol_type: String,
    pub(crate) protocol: String,
    pub(crate) assignment: Bytes,
}

pub(crate) type SyncAnswer = Result<Synced, ResponseError>;

impl ClassicGroup {
    pub(crate) fn sync(&mut self, request: SyncRequest, token: Token, step: &mut Step<'_>) {
        if let Err(error) = self.try_sync(request, token, step) {
            step.effects.syncs.push((token, Err(error)));
        }
    }

    fn try_sync(
        &mut self,
        request: SyncRequest,
        token: Token,
        step: &mut Step<'_>,
    ) -> Result<(), ResponseError> {
        self.check_sync(&request)?;
        let id = request.identity.member_id;
        match self.state {
            State::Empty => return Err(ResponseError::UnknownMemberId),
            State::Dead => return Err(ResponseError::CoordinatorNotAvailable),
            State::PreparingRebalance { .. } => return Err(ResponseError::RebalanceInProgress),
            State::CompletingRebalance { deadline } => {
                self.member_waits_for_sync(&id, token, step);
                if self.is_leader(&id) {
                    self.assign(request.assignments, deadline, step);
                }
            }
            State::Stable { .. } => {
                self.member_waits_for_sync(&id, token, step);
                self.hand_out_assignments(step);
            }
        }
        Ok(())
    }

    fn check_sync(&self, request: &SyncRequest) -> Result<(), ResponseError> {
        if self.is_dead() {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        self.check_member(&request.identity)?;
        if request.generation_id != self.generation_id {
            return Err(ResponseError::IllegalGeneration);
        }
        let disagrees =
            |claimed: &Option<String>, own: &Option<String>| claimed.is_some() && claimed != own;
        if disagrees(&request.protocol_type, &self.protocol_type)
            || disagrees(&request.protocol, &self.protocol)
        {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        Ok(())
    }

    fn member_waits_for_sync(&mut self, id: &str, token: Token, step: &mut Step<'_>) {
        if let Some(member) = self.members.get_mut(id) {
            member.wait_for_sync(id, token, &mut step.effects);
        }
    }

    /// A member that the leader forgot gets an empty assignment; one that the leader made up
    /// is ignored.
    fn assign(&mut self, mut parts: BTreeMap<String, Bytes>, deadline: u64, step: &mut Step<'_>) {
        for (id, member) in &mut self.members {
            member.assignment = parts.remove(id).unwrap_or_default();
        }
        self.state = State::Stable { sync_deadline: Some(deadline) };
        self.state_since_ms = Some(step.now.unix_ms);
        step.effects.persist = true;
        self.hand_out_assignments(step);
    }

    fn hand_out_assignments(&mut self, step: &mut Step<'_>) {
        let protocol_type = self.protocol_type.clone().unwrap_or_default();
        let protocol = self.protocol.clone().unwrap_or_default();
        let synced = |member: &Member| {
            Ok(Synced {
                protocol_type: protocol_type.clone(),
                protocol: protocol.clone(),
                assignment: member.assignment.clone(),
            })
        };
        for member in self.members.values_mut() {
            member.answer_sync(synced, step);
        }
        if !self.members.values().any(|member| member.owes_sync) {
            self.state = State::Stable { sync_deadline: None };
        }
    }
}
