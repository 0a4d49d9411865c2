//! `InitProducerId` (22), versions 0–4.
//!
//! - Without a transactional id: a new producer id, epoch 0. v3 lets the producer name its old
//!   id (KIP-360); an idempotent one gets a new id all the same.
//! - With a transactional id: error 53, which is final for every client. There is no transaction
//!   coordinator.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiKey, InitProducerIdRequest, InitProducerIdResponse, ProducerId};
use tracing::error;

use crate::broker::Broker;
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::InitProducerId, 0..=4);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: InitProducerIdRequest,
) -> InitProducerIdResponse {
    let response = InitProducerIdResponse::default();
    match new_producer_id(broker, &request).await {
        Ok(id) => response.with_producer_id(ProducerId(id)).with_producer_epoch(0),
        Err(error) => response
            .with_error_code(error.code())
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1),
    }
}

async fn new_producer_id(
    broker: &Broker,
    request: &InitProducerIdRequest,
) -> Result<i64, ResponseError> {
    match &request.transactional_id {
        Some(id) if id.is_empty() => return Err(ResponseError::InvalidRequest),
        Some(_) => return Err(ResponseError::TransactionalIdAuthorizationFailed),
        None => {}
    }
    broker.producer_ids.next().await.map_err(|reason| {
        error!(%reason, "no producer ids can be given out");
        ResponseError::KafkaStorageError
    })
}
