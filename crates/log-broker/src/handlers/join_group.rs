//! `JoinGroup` (11), versions 0–9.
//!
//! - Waits until the members of the next generation are known; the leader gets all of them.
//! - v1 splits the rebalance timeout from the session timeout; v4 (KIP-394) gives a first joiner
//!   its id with `MEMBER_ID_REQUIRED`; v5 (KIP-345) static members; v7 names the protocol type;
//!   v8 a reason, which is logged; v9 (KIP-814) may tell the leader to skip the assignment.

use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{ApiKey, JoinGroupRequest, JoinGroupResponse};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::group_fields::{check_group_id, identity, owned, text};
use crate::broker::Broker;
use crate::group::classic::{self, JoinAnswer, JoinRefusal, JoinRequest, Joined, Protocol};
use crate::net::{Api, Call, CloseReason};

pub(crate) const API: Api = Api::new(ApiKey::JoinGroup, 0..=9);

/// What of a client's or instance's name goes into a member id: the id is stored with a two-byte
/// length, and a name may use all of it.
const ID_PREFIX_CHARS: usize = 255;

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: JoinGroupRequest,
) -> Result<JoinGroupResponse, CloseReason> {
    if let Err(error) = check_group_id(&request.group_id) {
        let member_id = owned(&request.member_id);
        return Ok(response(call, Err(JoinRefusal { error, member_id })));
    }
    let joining = broker.groups.join(request.group_id.as_str(), join_request(call, &request));
    tokio::select! {
        answer = joining => Ok(response(call, answer?)),
        // Nobody reads this; it only ends the wait.
        () = call.gone() => Ok(response(call, Err(JoinRefusal::gone()))),
    }
}

fn join_request(call: &Call, request: &JoinGroupRequest) -> JoinRequest {
    let version = call.api_version;
    let client_id = call.client_id.as_ref().map(owned).unwrap_or_default();
    let name = request.group_instance_id.as_ref().map_or(client_id.as_str(), |id| id.as_str());
    let prefix: String = name.chars().take(ID_PREFIX_CHARS).collect();
    let session_timeout_ms = u64::try_from(request.session_timeout_ms).unwrap_or(0);
    let rebalance_timeout_ms = u64::try_from(request.rebalance_timeout_ms).unwrap_or(0);
    let protocol =
        |one: &kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol| Protocol {
            name: owned(&one.name),
            metadata: classic::owned(&one.metadata),
        };
    JoinRequest {
        identity: identity(&request.member_id, request.group_instance_id.as_ref()),
        new_member_id: format!("{prefix}-{}", Uuid::new_v4()),
        client_id,
        client_host: call.client_host(),
        session_timeout_ms,
        rebalance_timeout_ms: if version == 0 { session_timeout_ms } else { rebalance_timeout_ms },
        protocol_type: owned(&request.protocol_type),
        protocols: request.protocols.iter().map(protocol).collect(),
        requires_known_member: version >= 4,
        can_skip_assignment: version >= 9,
    }
}

fn response(call: &Call, answer: JoinAnswer) -> JoinGroupResponse {
    match answer {
        Ok(joined) => accepted(call, joined),
        Err(refusal) => {
            // Null is allowed since v7, and before it the empty text stands for none.
            let no_protocol = (call.api_version < 7).then(StrBytes::new);
            JoinGroupResponse::default()
                .with_error_code(refusal.error.code())
                .with_protocol_name(no_protocol)
                .with_member_id(text(refusal.member_id))
        }
    }
}

fn accepted(call: &Call, joined: Joined) -> JoinGroupResponse {
    let protocol_type = (call.api_version >= 7).then(|| text(joined.protocol_type));
    let has_instances = call.api_version >= 5;
    let member = |one: classic::JoinedMember| {
        JoinGroupResponseMember::default()
            .with_member_id(text(one.member_id))
            .with_group_instance_id(one.instance_id.filter(|_| has_instances).map(text))
            .with_metadata(one.metadata)
    };
    JoinGroupResponse::default()
        .with_generation_id(joined.generation_id)
        .with_protocol_type(protocol_type)
        .with_protocol_name(Some(text(joined.protocol)))
        .with_leader(text(joined.leader))
        .with_skip_assignment(joined.skip_assignment)
        .with_member_id(text(joined.member_id))
        .with_members(joined.members.into_iter().map(member).collect())
}
