//! Answers to single reads, kept as bytes until anything changes: most of what clients ask a
//! registry is asked again, and between two changes the answer is the same.

use axum::body::{self, Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use levada_registry_api::ErrorCode;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::error::HttpError;
use crate::app::AppState;

/// Of all answers with their questions, in bytes.
const ANSWERS_BYTES_MAX: u64 = 32 << 20;
/// A guess at how many answers fit.
const ANSWERS: usize = 16_000;
/// An entry's own room.
const ENTRY_BYTES: u64 = 128;

/// By path and query.
#[derive(Debug)]
pub(crate) struct Answers(Cache<Box<str>, Answer, Weight>);

#[derive(Clone, Debug)]
struct Answer {
    /// The state of the store that it was read from, or from a later one.
    revision: u64,
    body: Bytes,
}

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<Box<str>, Answer> for Weight {
    fn weight(&self, question: &Box<str>, answer: &Answer) -> u64 {
        let bytes = question.len().saturating_add(answer.body.len());
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(ENTRY_BYTES)
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self(Cache::with_weighter(ANSWERS, ANSWERS_BYTES_MAX, Weight))
    }
}

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
    if let Some(answer) = app.answers.0.get(question).filter(|old| old.revision == revision) {
        return Ok(answer.body.into_response());
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
    app.answers.0.insert(question, Answer { revision, body: body.clone() });
    Ok(Response::from_parts(parts, Body::from(body)))
}
