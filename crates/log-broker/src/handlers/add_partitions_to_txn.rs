//! `AddPartitionsToTxn` (24), versions 0–5.
//!
//! - All partitions become part of the transaction, or none: when one is unknown (3) or internal
//!   (17), the others are told that nothing was attempted (55).
//! - v2 knows `PRODUCER_FENCED`. v4 (KIP-890) is the form of brokers: several transactions, and
//!   questions that change nothing; v5 knows `TRANSACTION_ABORTABLE`.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::{AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, ApiKey};

use super::txn_fields::{abortable_since, fenced_since, partitions};
use crate::broker::Broker;
use crate::net::{Api, Call, CloseReason};
use crate::topics::is_internal;
use crate::txn::{Caller, Protocol};

pub(crate) const API: Api = Api::new(ApiKey::AddPartitionsToTxn, 0..=5);

/// One transaction of a request, whatever its version.
struct Asked<'a> {
    transactional_id: &'a str,
    caller: Caller,
    topics: &'a [AddPartitionsToTxnTopic],
    verify_only: bool,
}

type Refusals = BTreeMap<(String, i32), ResponseError>;

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: AddPartitionsToTxnRequest,
) -> Result<AddPartitionsToTxnResponse, CloseReason> {
    let response = AddPartitionsToTxnResponse::default();
    if call.api_version <= 3 {
        let asked = Asked {
            transactional_id: request.v3_and_below_transactional_id.as_str(),
            caller: Caller {
                producer_id: request.v3_and_below_producer_id.0,
                epoch: request.v3_and_below_producer_epoch,
            },
            topics: &request.v3_and_below_topics,
            verify_only: false,
        };
        let results = add(broker, call, &asked).await?;
        return Ok(response.with_results_by_topic_v3_and_below(results));
    }
    let mut results = Vec::new();
    for transaction in &request.transactions {
        let asked = Asked {
            transactional_id: transaction.transactional_id.as_str(),
            caller: Caller {
                producer_id: transaction.producer_id.0,
                epoch: transaction.producer_epoch,
            },
            topics: &transaction.topics,
            verify_only: transaction.verify_only,
        };
        let result = AddPartitionsToTxnResult::default()
            .with_transactional_id(transaction.transactional_id.clone())
            .with_topic_results(add(broker, call, &asked).await?);
        results.push(result);
    }
    Ok(response.with_results_by_transaction(results))
}

async fn add(
    broker: &Broker,
    call: &Call,
    asked: &Asked<'_>,
) -> Result<Vec<AddPartitionsToTxnTopicResult>, CloseReason> {
    let refusals = refusals(broker, asked.topics);
    let rest = if refusals.is_empty() {
        let added = decide(broker, asked).await?.err();
        added.map(|error| {
            let error = fenced_since(2, call.api_version, error);
            abortable_since(5, call.api_version, error)
        })
    } else {
        Some(ResponseError::OperationNotAttempted)
    };
    Ok(asked.topics.iter().map(|topic| result(topic, &refusals, rest)).collect())
}

async fn decide(
    broker: &Broker,
    asked: &Asked<'_>,
) -> Result<Result<(), ResponseError>, CloseReason> {
    let (id, caller, partitions) = (asked.transactional_id, asked.caller, partitions(asked.topics));
    if id.is_empty() {
        return Ok(Err(ResponseError::InvalidRequest));
    }
    if asked.verify_only {
        return Ok(broker.transactions.within(id, caller, &partitions, || ()));
    }
    Ok(broker.transactions.add(id, caller, &partitions, Protocol::V1).await?)
}

fn refusals(broker: &Broker, topics: &[AddPartitionsToTxnTopic]) -> Refusals {
    let mut refusals = Refusals::new();
    for topic in topics {
        for index in &topic.partitions {
            let refusal = match broker.topics.partition(&topic.name, *index) {
                _ if is_internal(&topic.name) => ResponseError::InvalidTopicException,
                Err(error) => error,
                Ok(_) => continue,
            };
            refusals.insert((topic.name.to_string(), *index), refusal);
        }
    }
    refusals
}

fn result(
    topic: &AddPartitionsToTxnTopic,
    refusals: &Refusals,
    rest: Option<ResponseError>,
) -> AddPartitionsToTxnTopicResult {
    let partitions = topic.partitions.iter().map(|index| {
        let own = refusals.get(&(topic.name.to_string(), *index)).copied();
        AddPartitionsToTxnPartitionResult::default()
            .with_partition_index(*index)
            .with_partition_error_code(own.or(rest).map_or(0, |error| error.code()))
    });
    AddPartitionsToTxnTopicResult::default()
        .with_name(topic.name.clone())
        .with_results_by_partition(partitions.collect())
}
