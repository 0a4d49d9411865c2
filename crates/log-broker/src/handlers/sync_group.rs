//! `SyncGroup` (14), versions 0–5.
//!
//! - The leader hands in the assignment; everyone waits for it and gets its own part.
//! - v3 (KIP-345) static members; v5 names protocol type and protocol both ways, and a request
//!   that leaves one out is `INCONSISTENT_GROUP_PROTOCOL`.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiKey, SyncGroupRequest, SyncGroupResponse};

use super::group_fields::{check_group_id, identity, owned, text};
use crate::broker::Broker;
use crate::group::classic::{self, SyncAnswer, SyncRequest};
use crate::net::{Api, Call, CloseReason};

pub(crate) const API: Api = Api::new(ApiKey::SyncGroup, 0..=5);

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: SyncGroupRequest,
) -> Result<SyncGroupResponse, CloseReason> {
    if let Err(error) = check(call, &request) {
        return Ok(response(call, Err(error)));
    }
    let syncing = broker.groups.sync(request.group_id.as_str(), sync_request(&request));
    tokio::select! {
        answer = syncing => Ok(response(call, answer?)),
        // Nobody reads this; it only ends the wait.
        () = call.gone() => Ok(response(call, Err(ResponseError::CoordinatorNotAvailable))),
    }
}

fn check(call: &Call, request: &SyncGroupRequest) -> Result<(), ResponseError> {
    let names_protocol = request.protocol_type.is_some() && request.protocol_name.is_some();
    if call.api_version >= 5 && !names_protocol {
        return Err(ResponseError::InconsistentGroupProtocol);
    }
    check_group_id(&request.group_id)
}

fn sync_request(request: &SyncGroupRequest) -> SyncRequest {
    let assignments = request.assignments.iter();
    SyncRequest {
        identity: identity(&request.member_id, request.group_instance_id.as_ref()),
        generation_id: request.generation_id,
        protocol_type: request.protocol_type.as_ref().map(owned),
        protocol: request.protocol_name.as_ref().map(owned),
        assignments: assignments
            .map(|one| (owned(&one.member_id), classic::owned(&one.assignment)))
            .collect(),
    }
}

fn response(call: &Call, answer: SyncAnswer) -> SyncGroupResponse {
    match answer {
        Err(error) => SyncGroupResponse::default().with_error_code(error.code()),
        Ok(synced) => {
            let response = SyncGroupResponse::default().with_assignment(synced.assignment);
            if call.api_version < 5 {
                return response;
            }
            response
                .with_protocol_type(Some(text(synced.protocol_type)))
                .with_protocol_name(Some(text(synced.protocol)))
        }
    }
}
