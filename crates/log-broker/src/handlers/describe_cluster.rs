//! `DescribeCluster` (60), version 0.
//!
//! - One broker, which is the controller; its address is the advertised one.

use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{ApiKey, BrokerId, DescribeClusterRequest, DescribeClusterResponse};
use kafka_protocol::protocol::StrBytes;

use super::authorized;
use crate::broker::{Broker, NODE_ID};
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::DescribeCluster, 0..=0);

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: DescribeClusterRequest,
) -> DescribeClusterResponse {
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
