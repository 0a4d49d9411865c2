//! `DescribeProducers` (61), version 0.
//!
//! - Which producers a partition remembers, and since where each has a transaction open: what an
//!   administrator looks at when the last stable offset does not move.
//! - A partition that is named again is described once.

use std::collections::HashSet;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_producers_response::{
    PartitionResponse, ProducerState, TopicResponse,
};
use kafka_protocol::messages::{
    ApiKey, DescribeProducersRequest, DescribeProducersResponse, ProducerId,
};

use super::group_fields::text;
use crate::broker::Broker;
use crate::log::ActiveProducer;
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::DescribeProducers, 0..=0);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: DescribeProducersRequest,
) -> DescribeProducersResponse {
    let mut seen = HashSet::new();
    let topics = request.topics.into_iter().map(|topic| {
        let mut partitions = Vec::new();
        for index in topic.partition_indexes {
            if seen.insert((topic.name.clone(), index)) {
                let found = broker.topics.partition(&topic.name, index);
                partitions.push(partition(index, found.map(|log| log.active_producers())));
            }
        }
        TopicResponse::default().with_name(topic.name).with_partitions(partitions)
    });
    DescribeProducersResponse::default().with_topics(topics.collect())
}

fn partition(
    index: i32,
    producers: Result<Vec<ActiveProducer>, ResponseError>,
) -> PartitionResponse {
    let response = PartitionResponse::default().with_partition_index(index);
    match producers {
        Ok(producers) => {
            response.with_active_producers(producers.into_iter().map(producer).collect())
        }
        Err(error) => {
            response.with_error_code(error.code()).with_error_message(Some(text(error.to_string())))
        }
    }
}

fn producer(one: ActiveProducer) -> ProducerState {
    ProducerState::default()
        .with_producer_id(ProducerId(one.producer_id))
        .with_producer_epoch(i32::from(one.epoch))
        .with_last_sequence(one.last_sequence)
        .with_last_timestamp(one.last_timestamp)
        .with_coordinator_epoch(one.coordinator_epoch)
        .with_current_txn_start_offset(one.open_since.unwrap_or(-1))
}
