//! One exchange of JSON with a KMS over HTTP.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::KmsError;
use crate::client::{Tls, http_client, innermost_reason};

/// Longest answer that is read; a wrapped key takes some hundred bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Longest time for one exchange.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest part of a strange answer that an error shows.
const SHOWN_CHARS_MAX: usize = 200;

/// A client for `https` where `url` asks for it.
pub(super) fn client(url: &str, tls: &Tls) -> Result<reqwest::Client, KmsError> {
    let is_encrypted = url.starts_with("https:");
    http_client(tls, is_encrypted).map_err(|error| KmsError::Config(error.to_string()))
}

/// Sends a request and reads the answer; `reason_of` finds the reason in a refusal.
pub(super) async fn exchange<A: DeserializeOwned>(
    request: RequestBuilder,
    reason_of: fn(&Json) -> Option<String>,
) -> Result<A, KmsError> {
    let exchange = async {
        let response = request.send().await;
        let mut response = response.map_err(|error| unreachable(&error))?;
        let body = read(&mut response).await?;
        Ok((response.status(), body))
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

async fn read(response: &mut Response) -> Result<Vec<u8>, KmsError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            let reason = format!("it is longer than {ANSWER_BYTES_MAX} bytes");
            return Err(KmsError::InvalidAnswer(reason));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unreachable(error: &reqwest::Error) -> KmsError {
    KmsError::Unreachable(innermost_reason(error).to_string())
}
