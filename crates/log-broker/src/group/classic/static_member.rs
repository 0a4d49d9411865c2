//! KIP-345: a static member that comes back under a new member id takes its old place.

use kafka_protocol::ResponseError;

use super::member::Protocol;
use super::{CONSUMER_PROTOCOL_TYPE, ClassicGroup, JoinRequest, State, Step, Token, subscription};

impl ClassicGroup {
    /// Whoever still uses the old id is fenced. A stable group goes on in its generation if the
    /// newcomer changes nothing for the others.
    pub(super) fn replace_static_member(
        &mut self,
        old_id: &str,
        new_id: &str,
        request: JoinRequest,
        token: Token,
        step: &mut Step<'_>,
    ) {
        let Some(mut member) = self.members.remove(old_id) else { return };
        member.refuse(ResponseError::FencedInstanceId, old_id, &mut step.effects);
        if let Some(instance_id) = &member.instance_id {
            self.static_members.insert(instance_id.clone(), new_id.to_owned());
        }
        let leader_before = self.leader.clone();
        if self.is_leader(old_id) {
            self.leader = Some(new_id.to_owned());
        }
        let same_topics = self.reads_same_topics(&member.protocols, &request.protocols);
        let can_skip_assignment = request.can_skip_assignment;
        member.client_id.clone_from(&request.client_id);
        member.client_host.clone_from(&request.client_host);
        member.rejoin(new_id, request, token, &mut step.effects);
        member.renew_session(step);
        self.members.insert(new_id.to_owned(), member);
        let stays = matches!(self.state, State::Stable { .. })
            && same_topics
            && self.select_protocol() == self.protocol;
        if stays {
            self.resume_generation(new_id, leader_before, can_skip_assignment, step);
        } else {
            self.rebalance(step);
        }
    }

    /// Before v9 a returning leader is given the old leader id, so that it does not take itself
    /// for the leader and run its assignor for a group that is stable. With v9 (KIP-814) it leads
    /// and is told to skip the assignment.
    fn resume_generation(
        &mut self,
        id: &str,
        leader_before: Option<String>,
        can_skip_assignment: bool,
        step: &mut Step<'_>,
    ) {
        let leads = self.is_leader(id);
        let mut joined = self.joined(id, leads && can_skip_assignment);
        joined.skip_assignment = leads && can_skip_assignment;
        if !can_skip_assignment {
            joined.leader = leader_before.unwrap_or_default();
        }
        if let Some(member) = self.members.get_mut(id) {
            member.answer_join(Ok(joined), step);
        }
        step.effects.persist = true;
    }

    /// Metadata also holds what changes with every rebalance (owned partitions, generation), so
    /// equal bytes would be too much to ask; other topics, however, need a new assignment.
    fn reads_same_topics(&self, before: &[Protocol], after: &[Protocol]) -> bool {
        if self.protocol_type.as_deref() != Some(CONSUMER_PROTOCOL_TYPE) {
            return true;
        }
        let topics = |protocols: &[Protocol]| {
            let chosen = protocols.iter().find(|one| Some(&one.name) == self.protocol.as_ref())?;
            subscription::topics(&chosen.metadata)
        };
        topics(before) == topics(after)
    }
}
