//! Single reads are answered from memory until anything changes: most of what clients ask a registry
//! is asked again, and between two changes the answer is the same.

use axum::body::{self, Body};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use levada_registry_api::ErrorCode;

use super::error::HttpError;
use crate::app::AppState;

/// Gives the answer that was given before, if nothing has changed since. Answers of these routes
/// are a body alone: their headers come from the layers around, and no errors are kept.
pub(super) async fn remembered(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, HttpError> {
    // Asked before the answer is: a change that comes in between makes it one of the past.
    let revision = match *request.method() {
        Method::GET => app.registry.store().revision(),
        _ => None,
    };
    let Some(revision) = revision else { return Ok(next.run(request).await) };
    let question = request.uri().path_and_query().map_or("", |uri| uri.as_str());
    if let Some(body) = app.answers.get(question, revision) {
        return Ok(body.into_response());
    }
    let question = Box::from(question);
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = body::to_bytes(body, usize::MAX).await.map_err(|error| {
        tracing::error!(%error, "an answer could not be read");
        HttpError::new(ErrorCode::InternalServerError, "Internal server error")
    })?;
    app.answers.keep(question, revision, body.clone());
    Ok(Response::from_parts(parts, Body::from(body)))
}
