//! One exchange of JSON with a KMS over HTTP.

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::KmsError;
use crate::client::{RegistryErrorKind, Tls, http_client, innermost_reason, read_body};

/// Longest time for one exchange.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest part of a strange answer that an error shows.
const SHOWN_CHARS_MAX: usize = 200;

/// A client for `https` where `url` asks for it.
pub(super) fn client(url: &str, tls: &Tls) -> Result<reqwest::Client, KmsError> {
    let is_encrypted = url.starts_with("https:");
    http_client(tls, is_encrypted, None, HeaderMap::new())
        .map_err(|error| KmsError::Config(error.to_string()))
}

/// Sends a request and reads the answer; `reason_of` finds the reason in a refusal.
pub(super) async fn exchange<A: DeserializeOwned>(
    request: RequestBuilder,
    reason_of: fn(&Json) -> Option<String>,
) -> Result<A, KmsError> {
    let exchange = async {
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        let body = read_body(response).await.map_err(|kind| match kind {
            RegistryErrorKind::InvalidAnswer(reason) => KmsError::InvalidAnswer(reason),
            other => KmsError::Unreachable(other.to_string()),
        })?;
        Ok((status, body))
    };
    let answered = tokio::time::timeout(TIMEOUT, exchange).await;
    let (status, body) =
        answered.unwrap_or_else(|_| Err(KmsError::Unreachable("no answer in time".to_owned())))?;
    if !status.is_success() {
        let reason = serde_json::from_slice(&body).ok().and_then(|body| reason_of(&body));
        let message = reason.unwrap_or_else(|| {
            String::from_utf8_lossy(&body).chars().take(SHOWN_CHARS_MAX).collect()
        });
        return Err(KmsError::Refused { status: status.as_u16(), message });
    }
    // What serde says of a text may show parts of it, and this one may hold a key.
    serde_json::from_slice(&body)
        .map_err(|_| KmsError::InvalidAnswer("it is not the JSON of such an answer".to_owned()))
}

fn unreachable(error: &reqwest::Error) -> KmsError {
    KmsError::Unreachable(innermost_reason(error).to_string())
}
