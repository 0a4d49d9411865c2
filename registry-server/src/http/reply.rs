//! Answers: a JSON document, or the bare text of a schema. The envelope adds the media type.

use axum::Json;
use axum::response::{IntoResponse, Response};

use super::error::HttpError;

/// What a handler gives back.
pub(super) type Answer<T> = Result<Json<T>, HttpError>;

/// The text of a schema as it is, not as a JSON string.
pub(super) struct BareText(pub(super) String);

impl IntoResponse for BareText {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}
