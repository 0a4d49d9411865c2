//! `JoinGroup`: who may enter, and whether the group must rebalance for it.

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::{ClassicGroup, GroupConfig, Member, MemberIdentity, Protocol, State, Step, Token};

/// Of one member. Each is looked for among those of every other member; clients know five or so.
const PROTOCOLS_MAX: usize = 32;

#[derive(Debug, Clone)]
pub(crate) struct JoinRequest {
    /// The member id is empty on a first join.
    pub(crate) identity: MemberIdentity,
    /// The id that the member gets if it has none: randomness comes from outside.
    pub(crate) new_member_id: String,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) session_timeout_ms: u64,
    pub(crate) rebalance_timeout_ms: u64,
    pub(crate) protocol_type: String,
    pub(crate) protocols: Vec<Protocol>,
    /// KIP-394 (v4): a dynamic member must come back with the id it is given.
    pub(crate) requires_known_member: bool,
    /// KIP-814 (v9): a leader can be told not to run its assignor.
    pub(crate) can_skip_assignment: bool,
}

/// The generation that a member is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) generation_id: i32,
    pub(crate) protocol_type: String,
    pub(crate) protocol: String,
    pub(crate) leader: String,
    pub(crate) member_id: String,
    pub(crate) skip_assignment: bool,
    /// All members for the leader, none for the others.
    pub(crate) members: Vec<JoinedMember>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JoinedMember {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) metadata: Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JoinRefusal {
    pub(crate) error: ResponseError,
    /// With `MEMBER_ID_REQUIRED` the id to come back with.
    pub(crate) member_id: String,
}

impl JoinRefusal {
    /// The coordinator can no longer be asked.
    pub(crate) fn gone() -> Self {
        Self { error: ResponseError::CoordinatorNotAvailable, member_id: String::new() }
    }
}

pub(crate) type JoinAnswer = Result<Joined, JoinRefusal>;

impl JoinRequest {
    /// The checks that need no group; a request that fails them must not bring one into being.
    pub(crate) fn check(&self, config: &GroupConfig) -> Result<(), ResponseError> {
        let bounds = config.min_session_timeout_ms..=config.max_session_timeout_ms;
        if !bounds.contains(&self.session_timeout_ms) {
            return Err(ResponseError::InvalidSessionTimeout);
        }
        let bytes: usize =
            self.protocols.iter().map(|one| one.name.len() + one.metadata.len()).sum();
        if bytes > config.max_member_metadata_bytes || self.protocols.len() > PROTOCOLS_MAX {
            return Err(ResponseError::GroupMaxSizeReached);
        }
        Ok(())
    }

    fn refusal(&self, error: ResponseError) -> JoinRefusal {
        JoinRefusal { error, member_id: self.identity.member_id.clone() }
    }
}

impl ClassicGroup {
    pub(crate) fn join(&mut self, request: JoinRequest, token: Token, step: &mut Step<'_>) {
        if let Err(refusal) = self.try_join(request, token, step) {
            step.effects.joins.push((token, Err(refusal)));
        }
    }

    fn try_join(
        &mut self,
        request: JoinRequest,
        token: Token,
        step: &mut Step<'_>,
    ) -> Result<(), JoinRefusal> {
        if self.is_dead() {
            return Err(request.refusal(ResponseError::CoordinatorNotAvailable));
        }
        if !self.has_room_for(&request.identity, step.config) {
            self.remove_member(&request.identity.member_id, step);
            self.pending_joins.remove(&request.identity.member_id);
            self.complete_join_if_all_joined(step);
            let member_id = String::new();
            return Err(JoinRefusal { error: ResponseError::GroupMaxSizeReached, member_id });
        }
        if !self.supports(&request) {
            return Err(request.refusal(ResponseError::InconsistentGroupProtocol));
        }
        if request.identity.member_id.is_empty() {
            self.join_unknown(request, token, step)
        } else {
            self.join_known(request, token, step)
        }
    }

    /// While a rebalance gathers members, only those that have joined count: an old member that
    /// does not come back must not keep its seat.
    fn has_room_for(&self, identity: &MemberIdentity, config: &GroupConfig) -> bool {
        let takes_over =
            identity.instance_id.as_ref().is_some_and(|id| self.static_members.contains_key(id));
        let own = self.members.get(&identity.member_id);
        match self.state {
            State::Empty | State::Dead => true,
            State::PreparingRebalance { .. } => {
                let joined = self.members.values().filter(|m| m.is_waiting_for_join()).count();
                takes_over
                    || own.is_some_and(Member::is_waiting_for_join)
                    || joined < config.max_size
            }
            State::CompletingRebalance { .. } | State::Stable { .. } => {
                takes_over || own.is_some() || self.members.len() < config.max_size
            }
        }
    }

    fn supports(&self, request: &JoinRequest) -> bool {
        if self.is_empty() {
            return !request.protocol_type.is_empty() && !request.protocols.is_empty();
        }
        self.protocol_type.as_ref() == Some(&request.protocol_type)
            && request.protocols.iter().any(|one| self.all_support(&one.name))
    }

    fn join_unknown(
        &mut self,
        mut request: JoinRequest,
        token: Token,
        step: &mut Step<'_>,
    ) -> Result<(), JoinRefusal> {
        let member_id = std::mem::take(&mut request.new_member_id);
        if let Some(instance_id) = &request.identity.instance_id {
            if let Some(old_id) = self.static_members.get(instance_id).cloned() {
                self.replace_static_member(&old_id, &member_id, request, token, step);
                return Ok(());
            }
        } else if request.requires_known_member {
            if self.pending_joins.len() >= step.config.max_size {
                return Err(request.refusal(ResponseError::GroupMaxSizeReached));
            }
            let deadline = step.deadline_in(request.session_timeout_ms);
            self.pending_joins.insert(member_id.clone(), deadline);
            return Err(JoinRefusal { error: ResponseError::MemberIdRequired, member_id });
        }
        self.add_member(member_id, request, token, step);
        Ok(())
    }

    fn join_known(
        &mut self,
        request: JoinRequest,
        token: Token,
        step: &mut Step<'_>,
    ) -> Result<(), JoinRefusal> {
        let id = request.identity.member_id.clone();
        if request.identity.instance_id.is_none() && self.pending_joins.remove(&id).is_some() {
            self.add_member(id, request, token, step);
            return Ok(());
        }
        self.check_member(&request.identity).map_err(|error| request.refusal(error))?;
        if self.must_rebalance_for(&id, &request) {
            if let Some(member) = self.members.get_mut(&id) {
                member.rejoin(&id, request, token, &mut step.effects);
            }
            self.rebalance(step);
        } else {
            if let Some(member) = self.members.get_mut(&id) {
                member.renew_session(step);
            }
            let joined = self.joined(&id, self.is_completing() && self.is_leader(&id));
            step.effects.joins.push((token, Ok(joined)));
        }
        Ok(())
    }

    /// A member that repeats itself has lost an answer and gets it again. A stable group's leader
    /// repeats itself to ask for a rebalance: it saw a change, of the topics say, that its own
    /// metadata does not show.
    fn must_rebalance_for(&self, id: &str, request: &JoinRequest) -> bool {
        let changed = self.members.get(id).is_none_or(|own| own.protocols != request.protocols);
        match self.state {
            State::CompletingRebalance { .. } => changed,
            State::Stable { .. } => changed || self.is_leader(id),
            State::Empty | State::PreparingRebalance { .. } | State::Dead => true,
        }
    }

    fn add_member(&mut self, id: String, request: JoinRequest, token: Token, step: &mut Step<'_>) {
        if self.members.is_empty() {
            self.protocol_type = Some(request.protocol_type.clone());
        }
        if self.leader.is_none() {
            self.leader = Some(id.clone());
        }
        if let Some(instance_id) = &request.identity.instance_id {
            self.static_members.insert(instance_id.clone(), id.clone());
        }
        if let State::PreparingRebalance { initial: Some(delay), .. } = &mut self.state {
            delay.member_joined = true;
        }
        let member = Member::joining(request, token, step);
        self.members.insert(id, member);
        self.rebalance(step);
    }

    /// The answer that puts `member_id` into the current generation.
    pub(super) fn joined(&self, member_id: &str, with_members: bool) -> Joined {
        Joined {
            generation_id: self.generation_id,
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            protocol: self.protocol.clone().unwrap_or_default(),
            leader: self.leader.clone().unwrap_or_default(),
            member_id: member_id.to_owned(),
            skip_assignment: false,
            members: if with_members { self.joined_members() } else { Vec::new() },
        }
    }

    fn joined_members(&self) -> Vec<JoinedMember> {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        let joined = |(id, member): (&String, &Member)| JoinedMember {
            member_id: id.clone(),
            instance_id: member.instance_id.clone(),
            metadata: member.metadata_for(protocol).unwrap_or_default(),
        };
        self.members.iter().map(joined).collect()
    }
}
