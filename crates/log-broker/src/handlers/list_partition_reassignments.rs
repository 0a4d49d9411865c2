//! `ListPartitionReassignments` (46), version 0 (KIP-455): there is one broker, so none is under way.

use kafka_protocol::messages::{
    ApiKey, ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
};

use crate::broker::Broker;
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::ListPartitionReassignments, 0..=0);

pub(crate) async fn handle(
    _: &Broker,
    _: &Call,
    _: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    ListPartitionReassignmentsResponse::default().with_error_message(None)
}
