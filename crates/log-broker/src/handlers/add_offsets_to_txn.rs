//! `AddOffsetsToTxn` (25), versions 0–4.
//!
//! - The offsets of a group become part of the transaction; what is committed follows with
//!   `TxnOffsetCommit`.
//! - v2 knows `PRODUCER_FENCED`; v3 is flexible.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, ApiKey};

use super::group_fields::code;
use super::txn_fields::{fenced_since, offsets_partition};
use crate::broker::Broker;
use crate::net::{Api, Call, CloseReason};
use crate::txn::{Caller, Protocol};

pub(crate) const API: Api = Api::new(ApiKey::AddOffsetsToTxn, 0..=4);

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: AddOffsetsToTxnRequest,
) -> Result<AddOffsetsToTxnResponse, CloseReason> {
    let caller = Caller { producer_id: request.producer_id.0, epoch: request.producer_epoch };
    let id = request.transactional_id.as_str();
    let added = if id.is_empty() {
        Err(ResponseError::InvalidRequest)
    } else {
        broker.transactions.add(id, caller, &offsets_partition(), Protocol::V1).await?
    };
    let added = added.map_err(|error| fenced_since(2, call.api_version, error));
    Ok(AddOffsetsToTxnResponse::default().with_error_code(code(&added)))
}
