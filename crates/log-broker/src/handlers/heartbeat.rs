//! `Heartbeat` (12), versions 0–4.
//!
//! - Keeps a member's session; `REBALANCE_IN_PROGRESS` tells it to rejoin.
//! - v3 (KIP-345) static members.

use kafka_protocol::messages::{ApiKey, HeartbeatRequest, HeartbeatResponse};

use super::group_fields::{check_group_id, code, identity};
use crate::broker::Broker;
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::Heartbeat, 0..=4);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: HeartbeatRequest,
) -> HeartbeatResponse {
    let member = identity(&request.member_id, request.group_instance_id.as_ref());
    let beaten = check_group_id(&request.group_id).and_then(|()| {
        broker.groups.heartbeat(request.group_id.as_str(), &member, request.generation_id)
    });
    HeartbeatResponse::default().with_error_code(code(&beaten))
}
