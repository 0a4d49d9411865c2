//! `LeaveGroup`: members go, alone or several at once, by member id or by instance id (KIP-345).

use kafka_protocol::ResponseError;

use super::{ClassicGroup, MemberIdentity, Step};

impl ClassicGroup {
    /// One result a member, in order; at most one rebalance for all of them. An administrator
    /// removes a static member by its instance id alone and leaves the member id empty.
    pub(crate) fn leave(
        &mut self,
        leaving: &[MemberIdentity],
        step: &mut Step<'_>,
    ) -> Result<Vec<Result<(), ResponseError>>, ResponseError> {
        if self.is_dead() {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        let members_before = self.members.len();
        let results = leaving.iter().map(|one| self.remove_leaving(one, step)).collect();
        if self.members.len() < members_before {
            self.rebalance(step);
        } else {
            // One that never came back with its id may be all that the others waited for.
            self.complete_join_if_all_joined(step);
        }
        Ok(results)
    }

    fn remove_leaving(
        &mut self,
        leaving: &MemberIdentity,
        step: &mut Step<'_>,
    ) -> Result<(), ResponseError> {
        let member_id = self.resolve(leaving)?;
        if self.members.contains_key(&member_id) {
            self.remove_member(&member_id, step);
            return Ok(());
        }
        self.pending_joins.remove(&member_id).map(drop).ok_or(ResponseError::UnknownMemberId)
    }

    fn resolve(&self, leaving: &MemberIdentity) -> Result<String, ResponseError> {
        let Some(instance_id) = &leaving.instance_id else { return Ok(leaving.member_id.clone()) };
        let holder = self.static_members.get(instance_id).ok_or(ResponseError::UnknownMemberId)?;
        if leaving.member_id.is_empty() || leaving.member_id == *holder {
            Ok(holder.clone())
        } else {
            Err(ResponseError::FencedInstanceId)
        }
    }
}
