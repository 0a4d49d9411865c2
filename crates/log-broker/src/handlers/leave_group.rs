//! `LeaveGroup` (13), versions 0–5.
//!
//! - Takes members out; the others rebalance once.
//! - v3 (KIP-345) takes several, also by instance id, and answers each; before it the one member's
//!   error is the answer. v5 gives a reason, which is not kept.

use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{ApiKey, LeaveGroupRequest, LeaveGroupResponse};

use super::group_fields::{check_group_id, code, identity, text};
use crate::broker::Broker;
use crate::group::classic::MemberIdentity;
use crate::net::{Api, Call, CloseReason};

pub(crate) const API: Api = Api::new(ApiKey::LeaveGroup, 0..=5);

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: LeaveGroupRequest,
) -> Result<LeaveGroupResponse, CloseReason> {
    let is_batch = call.api_version >= 3;
    let leaving: Vec<MemberIdentity> = if is_batch {
        let members = request.members.iter();
        members.map(|one| identity(&one.member_id, one.group_instance_id.as_ref())).collect()
    } else {
        vec![identity(&request.member_id, None)]
    };
    let left = match check_group_id(&request.group_id) {
        Ok(()) => broker.groups.leave(request.group_id.as_str(), &leaving).await?,
        Err(error) => Err(error),
    };
    let response = LeaveGroupResponse::default().with_error_code(code(&left));
    let Ok(results) = left else { return Ok(response) };
    if !is_batch {
        return Ok(response.with_error_code(results.first().map_or(0, code)));
    }
    let member = |(one, result): (MemberIdentity, _)| {
        MemberResponse::default()
            .with_member_id(text(one.member_id))
            .with_group_instance_id(one.instance_id.map(text))
            .with_error_code(code(&result))
    };
    Ok(response.with_members(leaving.into_iter().zip(results).map(member).collect()))
}
