//! `DescribeCluster` (60), versions 0–2.
//!
//! - One broker, which is the controller; its address is the advertised one.
//! - v1 (KIP-919) says whether brokers or controllers are asked for: of the latter there are none to
//!   be reached here. v2 (KIP-1073) shows brokers that are fenced; none is.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{ApiKey, BrokerId, DescribeClusterRequest, DescribeClusterResponse};
use kafka_protocol::protocol::StrBytes;

use super::authorized;
use crate::broker::{Broker, NODE_ID};
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::DescribeCluster, 0..=2);

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: DescribeClusterRequest,
) -> DescribeClusterResponse {
    if let Err(error) = check_endpoint(&request) {
        return DescribeClusterResponse::default()
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::from_string(error.to_string())));
    }
    let this = DescribeClusterBroker::default()
        .with_broker_id(BrokerId(NODE_ID))
        .with_host(StrBytes::from_string(call.peer.advertised.host.clone()))
        .with_port(i32::from(call.peer.advertised.port));
    DescribeClusterResponse::default()
        .with_cluster_id(StrBytes::from_string(broker.cluster_id.clone()))
        .with_controller_id(BrokerId(NODE_ID))
        .with_brokers(vec![this])
        .with_cluster_authorized_operations(authorized::asked(
            request.include_cluster_authorized_operations,
            authorized::CLUSTER,
        ))
}

fn check_endpoint(request: &DescribeClusterRequest) -> Result<(), ResponseError> {
    match request.endpoint_type {
        BROKERS => Ok(()),
        CONTROLLERS => Err(ResponseError::MismatchedEndpointType),
        _ => Err(ResponseError::UnsupportedEndpointType),
    }
}
