//! `ListTransactions` (66), versions 0–2.
//!
//! - Filters by state and producer id, each taking all when it is empty; names of states that do
//!   not exist come back. v1 (KIP-994) filters by how long a transaction is open, v2 (KIP-1152) by
//!   a pattern of the whole id; one that is no pattern is `INVALID_REGULAR_EXPRESSION`.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_transactions_response::TransactionState;
use kafka_protocol::messages::{
    ApiKey, ListTransactionsRequest, ListTransactionsResponse, ProducerId, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;
use regex::Regex;

use super::group_fields::text;
use crate::broker::Broker;
use crate::net::{Api, Call};
use crate::pattern::whole_match;
use crate::txn::TransactionView;

pub(crate) const API: Api = Api::new(ApiKey::ListTransactions, 0..=2);

/// Kafka's names, those of states that are never seen here included.
const STATES: [&str; 8] = [
    "Empty",
    "Ongoing",
    "PrepareCommit",
    "PrepareAbort",
    "CompleteCommit",
    "CompleteAbort",
    "Dead",
    "PrepareEpochFence",
];

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: ListTransactionsRequest,
) -> ListTransactionsResponse {
    let pattern = request.transactional_id_pattern.as_deref().filter(|text| !text.is_empty());
    let Ok(pattern) = pattern.map(whole_match).transpose() else {
        let error = ResponseError::InvalidRegularExpression;
        return ListTransactionsResponse::default().with_error_code(error.code());
    };
    let now_ms = broker.clock.now_ms();
    let found = broker.transactions.list();
    let found =
        found.into_iter().filter(|view| is_wanted(view, &request, pattern.as_ref(), now_ms));
    let states = found.map(|view| {
        TransactionState::default()
            .with_transactional_id(TransactionalId(text(view.transactional_id)))
            .with_producer_id(ProducerId(view.producer_id))
            .with_transaction_state(StrBytes::from_static_str(view.state))
    });
    let states = states.collect();
    let is_unknown = |name: &StrBytes| !STATES.contains(&name.as_str());
    let unknown = request.state_filters.into_iter().filter(is_unknown).collect();
    ListTransactionsResponse::default()
        .with_unknown_state_filters(unknown)
        .with_transaction_states(states)
}

fn is_wanted(
    view: &TransactionView,
    request: &ListTransactionsRequest,
    pattern: Option<&Regex>,
    now_ms: i64,
) -> bool {
    let (states, producers) = (&request.state_filters, &request.producer_id_filters);
    let is_long_enough = request.duration_filter < 0
        || view.started_ms.is_some_and(|since| now_ms - since > request.duration_filter);
    (states.is_empty() || states.iter().any(|state| state.as_str() == view.state))
        && (producers.is_empty() || producers.contains(&ProducerId(view.producer_id)))
        && is_long_enough
        && pattern.is_none_or(|pattern| pattern.is_match(&view.transactional_id))
}
