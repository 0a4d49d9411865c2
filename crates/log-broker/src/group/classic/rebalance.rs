//! From one generation to the next: gathering the members, choosing leader and protocol.

use kafka_protocol::ResponseError;

use super::{ClassicGroup, InitialDelay, Member, State, Step};

impl ClassicGroup {
    /// Starts a rebalance, or moves the running one on.
    pub(super) fn rebalance(&mut self, step: &mut Step<'_>) {
        match self.state {
            State::Empty | State::CompletingRebalance { .. } | State::Stable { .. } => {
                self.prepare_rebalance(step);
            }
            State::PreparingRebalance { .. } => self.complete_join_if_all_joined(step),
            State::Dead => {}
        }
    }

    fn prepare_rebalance(&mut self, step: &mut Step<'_>) {
        if self.is_completing() {
            self.take_back_generation(step);
        }
        let timeout = self.rebalance_timeout_ms();
        let delay = step.config.initial_rebalance_delay_ms.min(timeout);
        let initial = (self.is_empty() && delay > 0)
            .then(|| InitialDelay { remaining_ms: timeout - delay, member_joined: false });
        let wait = if initial.is_some() { delay } else { timeout };
        self.state = State::PreparingRebalance { deadline: step.deadline_in(wait), initial };
        self.complete_join_if_all_joined(step);
    }

    /// The generation ends before it had an assignment.
    fn take_back_generation(&mut self, step: &mut Step<'_>) {
        for member in self.members.values_mut() {
            member.assignment = bytes::Bytes::new();
            member.owes_sync = false;
            member.answer_sync(|_| Err(ResponseError::RebalanceInProgress), step);
        }
    }

    /// Only a rebalance that is not in its initial delay ends early.
    pub(super) fn complete_join_if_all_joined(&mut self, step: &mut Step<'_>) {
        let gathering = matches!(self.state, State::PreparingRebalance { initial: None, .. });
        let all_joined = self.members.values().all(Member::is_waiting_for_join);
        if gathering && all_joined && self.pending_joins.is_empty() {
            self.complete_join(step);
        }
    }

    /// The time to gather members is up.
    pub(super) fn join_phase_is_over(
        &mut self,
        initial: Option<&InitialDelay>,
        step: &mut Step<'_>,
    ) {
        match initial {
            Some(&InitialDelay { remaining_ms, member_joined: true }) if remaining_ms > 0 => {
                let delay = step.config.initial_rebalance_delay_ms.min(remaining_ms);
                let initial =
                    Some(InitialDelay { remaining_ms: remaining_ms - delay, member_joined: false });
                self.state =
                    State::PreparingRebalance { deadline: step.deadline_in(delay), initial };
            }
            _ => self.complete_join(step),
        }
    }

    /// Closes the gathering: those who joined form the next generation. Static members may be
    /// away until their session ends, so they stay without having joined.
    fn complete_join(&mut self, step: &mut Step<'_>) {
        let absent: Vec<String> = self
            .members
            .iter()
            .filter(|(_, member)| !member.is_waiting_for_join() && member.instance_id.is_none())
            .map(|(id, _)| id.clone())
            .collect();
        for id in absent {
            self.remove_member(&id, step);
        }
        if !self.members.is_empty() && !self.elect_leader() {
            // Only static members that are away are left: nobody could lead.
            let deadline = step.deadline_in(self.rebalance_timeout_ms().max(1));
            self.state = State::PreparingRebalance { deadline, initial: None };
            return;
        }
        // A client reads a negative generation as "none", so the count starts over.
        self.generation_id = self.generation_id.checked_add(1).unwrap_or(1);
        if self.members.is_empty() {
            self.state = State::Empty;
            self.protocol = None;
            self.state_since_ms = Some(step.now.unix_ms);
            step.effects.persist = true;
        } else {
            self.protocol = self.select_protocol();
            let deadline = step.deadline_in(self.rebalance_timeout_ms());
            self.state = State::CompletingRebalance { deadline };
            self.announce_generation(step);
        }
    }

    fn announce_generation(&mut self, step: &mut Step<'_>) {
        let joined: Vec<_> = self
            .members
            .iter()
            .filter(|(_, member)| member.is_waiting_for_join())
            .map(|(id, _)| self.joined(id, self.is_leader(id)))
            .collect();
        for answer in joined {
            if let Some(member) = self.members.get_mut(&answer.member_id) {
                member.owes_sync = true;
                member.answer_join(Ok(answer), step);
            }
        }
    }

    /// Keeps the leader if it is there, else takes one that is; false if nobody is.
    fn elect_leader(&mut self) -> bool {
        let is_there = |id: &String| self.members.get(id).is_some_and(Member::is_waiting_for_join);
        if !self.leader.as_ref().is_some_and(is_there) {
            match self.members.keys().find(|id| is_there(id)) {
                None => return false,
                Some(id) => self.leader = Some(id.clone()),
            }
        }
        true
    }

    /// Each member votes for the first of its protocols that all support; the leader's order
    /// settles a tie.
    pub(super) fn select_protocol(&self) -> Option<String> {
        let leader = self.members.get(self.leader.as_ref()?)?;
        let vote = |member: &Member| {
            let choice = member.protocols.iter().find(|one| self.all_support(&one.name));
            choice.map(|one| one.name.clone())
        };
        let votes: Vec<String> = self.members.values().filter_map(vote).collect();
        let count = |name: &str| votes.iter().filter(|vote| *vote == name).count();
        // The last of equal maxima wins, hence the reversed order.
        let candidates = leader.protocols.iter().rev().filter(|one| self.all_support(&one.name));
        candidates.max_by_key(|one| count(&one.name)).map(|one| one.name.clone())
    }

    pub(super) fn all_support(&self, protocol: &str) -> bool {
        self.members.values().all(|member| member.supports(protocol))
    }

    pub(super) fn rebalance_timeout_ms(&self) -> u64 {
        self.members.values().map(|member| member.rebalance_timeout_ms).max().unwrap_or(0)
    }

    pub(super) fn is_leader(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }

    pub(super) fn is_completing(&self) -> bool {
        matches!(self.state, State::CompletingRebalance { .. })
    }
}
