//! What a request may take: the length of its head, and a turn among others.

use axum::extract::{Request, State};
use axum::http;
use axum::middleware::Next;
use axum::response::Response;
use levada_registry_api::ErrorCode;

use super::error::HttpError;
use crate::app::AppState;
use crate::limits::HttpLimits;

/// Whether the head of a request is within the limits.
pub(super) fn check_head<B>(
    limits: &HttpLimits,
    request: &http::Request<B>,
) -> Result<(), HttpError> {
    let refused = |code, what: &str, limit: usize, setting: &str| {
        let message = format!("{what}; the limit is {limit} (setting {setting})");
        Err(HttpError::new(code, message))
    };
    let uri_bytes = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    if uri_bytes > limits.uri_bytes_max {
        let what = format!("The URI has {uri_bytes} bytes");
        return refused(ErrorCode::UriTooLong, &what, limits.uri_bytes_max, "http-uri-bytes-max");
    }
    let code = ErrorCode::HeaderFieldsTooLarge;
    let headers = request.headers();
    if headers.len() > limits.headers_max {
        let what = format!("The request has {} headers", headers.len());
        return refused(code, &what, limits.headers_max, "http-headers-max");
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > limits.header_bytes_max {
        let what = format!("The headers have {bytes} bytes");
        return refused(code, &what, limits.header_bytes_max, "http-header-bytes-max");
    }
    Ok(())
}

/// Lets a request wait until fewer others are worked on, but not for long.
pub(super) async fn wait_for_turn(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, HttpError> {
    let turn = tokio::time::timeout(app.limits.request_wait(), app.turns.acquire()).await;
    let _turn = turn.map_err(|_| {
        let most = app.limits.requests_max;
        let message = format!(
            "The server works on {most} requests already (setting http-requests-max); repeat it later"
        );
        HttpError::new(ErrorCode::ServiceUnavailable, message)
    })?;
    Ok(next.run(request).await)
}

/// The answer to whatever comes over a connection that its client should not have.
pub(super) async fn too_many_connections() -> HttpError {
    let message = "This client has too many connections open (setting http-connections-per-ip-max)";
    HttpError::new(ErrorCode::TooManyRequests, message)
}
