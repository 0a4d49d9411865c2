//! `ApiVersions` (18), versions 0–4.
//!
//! - Answers the table of served keys, from the declarations beside the handlers.
//! - A version above ours is answered in version 0 with error 35 and the list, so that a client
//!   from the future finds what to ask in.
//! - v3 (KIP-511) carries the client's name and version: a malformed one is error 42, and the answer names
//!   features (KIP-584): clients follow KIP-848 and KIP-890 by what is finalized there, not by
//!   versions. Features that may be off (level 0) are named as supported in v4 alone: older
//!   clients choke on them.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::{
    ApiVersion, FinalizedFeatureKey, SupportedFeatureKey,
};
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::protocol::StrBytes;
use tracing::debug;

use crate::broker::Broker;
use crate::net::{Api, Call, CloseReason, Outcome, Reply, apis, decode};

pub(crate) const API: Api = Api::new(ApiKey::ApiVersions, 0..=4);

/// Name, and the level that is in force.
const FEATURES: [(&str, i16); 2] = [("group.version", 1), ("transaction.version", 2)];
/// Grows when [`FEATURES`] change.
const FEATURES_EPOCH: i64 = 1;
const FEATURES_SINCE: i16 = 3;
const LEVEL_0_SINCE: i16 = 4;

pub(crate) async fn run(
    broker: Arc<Broker>,
    call: Call,
    body: Bytes,
) -> Result<Outcome, CloseReason> {
    if !API.versions.contains(&call.api_version) {
        let response = response(0, Err(ResponseError::UnsupportedVersion));
        broker.metrics.answered(call.api_key, &response);
        return Ok(Outcome::Reply(Reply::encode_version(&call, 0, &response)?));
    }
    let request: ApiVersionsRequest = decode(&call, &body)?;
    let checked = check_software(&call, &request);
    let response = response(call.api_version, checked);
    broker.metrics.answered(call.api_key, &response);
    Ok(Outcome::Reply(Reply::encode(&call, &response)?))
}

fn response(version: i16, checked: Result<(), ResponseError>) -> ApiVersionsResponse {
    let keys = apis().map(|api| {
        ApiVersion::default()
            .with_api_key(api.key as i16)
            .with_min_version(*api.advertised.start())
            .with_max_version(*api.advertised.end())
    });
    let response = ApiVersionsResponse::default()
        .with_error_code(checked.map_or_else(|error| error.code(), |()| 0))
        .with_api_keys(keys.collect());
    if version < FEATURES_SINCE {
        return response;
    }
    let finalized = FEATURES.iter().map(|(name, level)| {
        FinalizedFeatureKey::default()
            .with_name(StrBytes::from_static_str(name))
            .with_max_version_level(*level)
            .with_min_version_level(*level)
    });
    let supported = FEATURES.iter().filter(|_| version >= LEVEL_0_SINCE).map(|(name, level)| {
        SupportedFeatureKey::default()
            .with_name(StrBytes::from_static_str(name))
            .with_max_version(*level)
    });
    response
        .with_supported_features(supported.collect())
        .with_finalized_features(finalized.collect())
        .with_finalized_features_epoch(FEATURES_EPOCH)
}

fn check_software(call: &Call, request: &ApiVersionsRequest) -> Result<(), ResponseError> {
    if call.api_version < 3 {
        return Ok(());
    }
    let (name, version) = (&request.client_software_name, &request.client_software_version);
    if !is_software_word(name) || !is_software_word(version) {
        return Err(ResponseError::InvalidRequest);
    }
    debug!(client = %name, version = %version, peer = %call.peer.address, "client says hello");
    Ok(())
}

/// `[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?`
fn is_software_word(word: &str) -> bool {
    let is_edge = |c: char| c.is_ascii_alphanumeric();
    word.starts_with(is_edge)
        && word.ends_with(is_edge)
        && word.chars().all(|c| is_edge(c) || c == '.' || c == '-')
}
