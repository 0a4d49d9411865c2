//! `EndTxn` (26), versions 0–5.
//!
//! - Commits or rolls back on every partition of the transaction and on its offsets; when it is
//!   answered, readers see the end.
//! - v2 knows `PRODUCER_FENCED`; v5 (KIP-890) raises the epoch with every end, and answers who the
//!   producer is from now on.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiKey, EndTxnRequest, EndTxnResponse, ProducerId};

use super::txn_fields::fenced_since;
use crate::broker::Broker;
use crate::net::{Api, Call, CloseReason};
use crate::txn::{Caller, EndRequest, Outcome, Protocol};

pub(crate) const API: Api = Api::new(ApiKey::EndTxn, 0..=5);

/// The first version of KIP-890's second part.
const RAISES_EPOCH: i16 = 5;

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: EndTxnRequest,
) -> Result<EndTxnResponse, CloseReason> {
    let version = call.api_version;
    let end = EndRequest {
        caller: Caller { producer_id: request.producer_id.0, epoch: request.producer_epoch },
        outcome: if request.committed { Outcome::Commit } else { Outcome::Abort },
        protocol: if version >= RAISES_EPOCH { Protocol::V2 } else { Protocol::V1 },
    };
    let id = request.transactional_id.as_str();
    let ended = if id.is_empty() {
        Err(ResponseError::InvalidRequest)
    } else {
        broker.transactions.end(id, end).await?
    };
    let response = EndTxnResponse::default();
    Ok(match ended {
        Ok(Caller { producer_id, epoch }) if version >= RAISES_EPOCH => {
            response.with_producer_id(ProducerId(producer_id)).with_producer_epoch(epoch)
        }
        Ok(_) => response,
        Err(error) => response.with_error_code(fenced_since(2, version, error).code()),
    })
}
