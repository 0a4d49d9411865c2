//! Answers: a JSON document, or the bare text of a schema. The envelope adds the media type, but
//! to those that have one of their own.

use axum::Extension;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use levada_registry_api::{ErrorCode, media_type};
use serde::Serialize;

use super::error::HttpError;

/// What a handler gives back.
pub(super) type Answer<T> = Result<Json<T>, HttpError>;

/// A JSON document. Written into one buffer of its own: the text of a schema is full of
/// quotes, so it comes in many pieces, and the writer of axum's body is slow for each.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => text.into_response(),
            Err(error) => {
                HttpError::new(ErrorCode::InternalServerError, error.to_string()).into_response()
            }
        }
    }
}

/// The text of a schema as it is, not as a JSON string.
pub(super) struct BareText(pub(super) String);

impl IntoResponse for BareText {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// The results of a batch, each with a success or a failure of its own.
pub(super) struct MultiStatus<T>(pub(super) T);

impl<T> IntoResponse for MultiStatus<T>
where
    Json<T>: IntoResponse,
{
    fn into_response(self) -> Response {
        (StatusCode::MULTI_STATUS, Json(self.0)).into_response()
    }
}

/// The media type of an answer that is not negotiated.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnType(pub(super) &'static str);

/// Metrics, as Prometheus reads them.
pub(super) struct OpenMetrics(pub(super) String);

impl OpenMetrics {
    pub(super) const MEDIA_TYPE: &str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

impl IntoResponse for OpenMetrics {
    fn into_response(self) -> Response {
        (Extension(OwnType(Self::MEDIA_TYPE)), self.0).into_response()
    }
}

/// A JSON document that is no part of the reference's API.
pub(super) struct Document(pub(super) Bytes);

impl Document {
    pub(super) const MEDIA_TYPE: &str = media_type::JSON;
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        (Extension(OwnType(Self::MEDIA_TYPE)), self.0).into_response()
    }
}
