//! `InitProducerId` (22), versions 0–5.
//!
//! - Without a transactional id: a new producer id, epoch 0.
//! - With one: the id's producer with the next epoch, which fences whoever had it before. What that
//!   producer has left open is rolled back first, and the client is told to ask again (51).
//! - v3 (KIP-360) names the epoch the producer has: only its holder is given the next one; v4
//!   knows `PRODUCER_FENCED`.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiKey, InitProducerIdRequest, InitProducerIdResponse, ProducerId};
use tracing::error;

use super::txn_fields::fenced_since;
use crate::broker::Broker;
use crate::net::{Api, Call, CloseReason};
use crate::txn::{Caller, Claim};

pub(crate) const API: Api = Api::new(ApiKey::InitProducerId, 0..=5);

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: InitProducerIdRequest,
) -> Result<InitProducerIdResponse, CloseReason> {
    let given = match &request.transactional_id {
        Some(id) if id.is_empty() => Err(ResponseError::InvalidRequest),
        Some(id) => claim(broker, call, id.as_str(), &request).await?,
        None => new_producer_id(broker).await,
    };
    let response = InitProducerIdResponse::default();
    Ok(match given {
        Ok(Caller { producer_id, epoch }) => {
            response.with_producer_id(ProducerId(producer_id)).with_producer_epoch(epoch)
        }
        Err(error) => response
            .with_error_code(error.code())
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1),
    })
}

async fn claim(
    broker: &Broker,
    call: &Call,
    id: &str,
    request: &InitProducerIdRequest,
) -> Result<Result<Caller, ResponseError>, CloseReason> {
    let holder = match (call.api_version, request.producer_id.0, request.producer_epoch) {
        (..=2, ..) | (_, -1, -1) => None,
        (_, producer_id, epoch) if producer_id >= 0 && epoch >= 0 => {
            Some(Caller { producer_id, epoch })
        }
        _ => return Ok(Err(ResponseError::InvalidRequest)),
    };
    let claim = Claim { timeout_ms: request.transaction_timeout_ms, holder };
    let claimed = broker.transactions.claim(id, claim).await?;
    Ok(claimed.map_err(|error| fenced_since(4, call.api_version, error)))
}

async fn new_producer_id(broker: &Broker) -> Result<Caller, ResponseError> {
    match broker.producer_ids.next().await {
        Ok(producer_id) => Ok(Caller { producer_id, epoch: 0 }),
        Err(reason) => {
            error!(%reason, "no producer ids can be given out");
            Err(ResponseError::KafkaStorageError)
        }
    }
}
