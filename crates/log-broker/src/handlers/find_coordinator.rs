//! `FindCoordinator` (10), versions 0–6.
//!
//! - One broker coordinates every group and every transactional id: this one.
//! - v1 asks for a key type (0 group, 1 transaction); v4 (KIP-699) asks for several keys and
//!   leaves the top-level fields empty; v6 adds share groups, which are refused.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{ApiKey, BrokerId, FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;

use super::group_fields::text;
use crate::broker::{Broker, HostPort, NODE_ID};
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::FindCoordinator, 0..=6);

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;

pub(crate) async fn handle(
    _: &Broker,
    call: &Call,
    request: FindCoordinatorRequest,
) -> FindCoordinatorResponse {
    let find = |key: &StrBytes| coordinator(&call.peer.advertised, request.key_type, key);
    if call.api_version >= 4 {
        let found = request.coordinator_keys.iter().map(find).collect();
        return FindCoordinatorResponse::default()
            .with_error_message(None)
            .with_coordinators(found);
    }
    let found = find(&request.key);
    FindCoordinatorResponse::default()
        .with_error_code(found.error_code)
        .with_error_message(found.error_message)
        .with_node_id(found.node_id)
        .with_host(found.host)
        .with_port(found.port)
}

fn coordinator(own: &HostPort, key_type: i8, key: &StrBytes) -> Coordinator {
    let answer = Coordinator::default().with_key(key.clone());
    match check(key_type, key) {
        Ok(()) => answer
            .with_error_message(None)
            .with_node_id(BrokerId(NODE_ID))
            .with_host(text(&own.host))
            .with_port(i32::from(own.port)),
        Err((error, reason)) => answer
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::from_static_str(reason)))
            .with_node_id(BrokerId(-1))
            .with_port(-1),
    }
}

fn check(key_type: i8, key: &StrBytes) -> Result<(), (ResponseError, &'static str)> {
    match key_type {
        GROUP if key.is_empty() => {
            Err((ResponseError::InvalidGroupId, "the group id must not be empty"))
        }
        GROUP | TRANSACTION => Ok(()),
        _ => Err((ResponseError::InvalidRequest, "key type 0 (group) and 1 (transaction) exist")),
    }
}
