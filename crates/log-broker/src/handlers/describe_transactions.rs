//! `DescribeTransactions` (65), version 0.
//!
//! - State, producer and partitions of transactional ids; an unknown one is
//!   `TRANSACTIONAL_ID_NOT_FOUND` (105), the empty one error 42.
//! - An id that is named again is described once.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_transactions_response::{TopicData, TransactionState};
use kafka_protocol::messages::{
    ApiKey, DescribeTransactionsRequest, DescribeTransactionsResponse, ProducerId, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;

use super::group_fields::topic_name;
use super::repeated::once;
use crate::broker::Broker;
use crate::net::{Api, Call};
use crate::txn::TransactionView;

pub(crate) const API: Api = Api::new(ApiKey::DescribeTransactions, 0..=0);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: DescribeTransactionsRequest,
) -> DescribeTransactionsResponse {
    let states = once(request.transactional_ids, Clone::clone).map(|id| {
        let found = broker.transactions.describe(&id);
        state(id, found)
    });
    DescribeTransactionsResponse::default().with_transaction_states(states.collect())
}

fn state(id: TransactionalId, found: Option<TransactionView>) -> TransactionState {
    let unknown = if id.is_empty() {
        ResponseError::InvalidRequest
    } else {
        ResponseError::TransactionalIdNotFound
    };
    let response = TransactionState::default().with_transactional_id(id);
    let Some(view) = found else {
        return response.with_error_code(unknown.code());
    };
    let topics = view.partitions.iter().map(|(topic, indexes)| {
        TopicData::default()
            .with_topic(topic_name(topic))
            .with_partitions(indexes.iter().copied().collect())
    });
    response
        .with_transaction_state(StrBytes::from_static_str(view.state))
        .with_transaction_timeout_ms(view.timeout_ms)
        .with_transaction_start_time_ms(view.started_ms.unwrap_or(-1))
        .with_producer_id(ProducerId(view.producer_id))
        .with_producer_epoch(view.epoch)
        .with_topics(topics.collect())
}
