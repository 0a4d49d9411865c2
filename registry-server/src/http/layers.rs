//! What surrounds the routes: a look at the types of request and answer, lost panics, another try.

use std::any::Any;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use levada_registry_api::ErrorCode;

use super::error::{HttpError, Undone};
use super::front::AnswerType;
use super::media_type::is_readable;

/// Before each time that a request is made again.
const UNDONE_PAUSES: [Duration; 4] = [
    Duration::from_millis(5),
    Duration::from_millis(20),
    Duration::from_millis(80),
    Duration::from_millis(320),
];

/// Refuses before anything happens a request in a type that is not read, be there a body or not, and
/// one whose answer the client would not take.
pub(super) async fn acceptable(request: Request, next: Next) -> Response {
    if !is_readable(request.headers()) {
        let message = "HTTP 415 Unsupported Media Type";
        return HttpError::new(ErrorCode::UnsupportedMediaType, message).into_response();
    }
    match request.extensions().get::<AnswerType>() {
        Some(AnswerType(None)) => {
            HttpError::new(ErrorCode::NotAcceptable, "HTTP 406 Not Acceptable").into_response()
        }
        _ => next.run(request).await,
    }
}

/// The body of a request once it has been read, to be read again.
#[derive(Clone, Debug, Default)]
pub(super) struct SeenBody(Arc<OnceLock<Bytes>>);

impl SeenBody {
    pub(super) fn keep(&self, body: &Bytes) {
        self.0.get_or_init(|| body.clone());
    }

    fn again(&self) -> Body {
        self.0.get().cloned().unwrap_or_default().into()
    }
}

/// Makes a request again whose change the database has undone in favour of another one. Nothing
/// is left of it then, so that it is as if it had come a little later.
pub(super) async fn repeat_undone(request: Request, next: Next) -> Response {
    let seen = SeenBody::default();
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(seen.clone());
    let mut response = next.clone().run(Request::from_parts(parts.clone(), body)).await;
    for pause in UNDONE_PAUSES {
        if response.extensions().get::<Undone>().is_none() {
            break;
        }
        tokio::time::sleep(pause).await;
        let again = Request::from_parts(parts.clone(), seen.again());
        response = next.clone().run(again).await;
    }
    response
}

pub(super) async fn no_such_path() -> HttpError {
    HttpError::new(ErrorCode::NotFound, "HTTP 404 Not Found")
}

/// OPTIONS asks for the methods alone, which stand in the header Allow of either answer.
pub(super) async fn no_such_method(method: Method, uri: Uri) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::OK.into_response();
    }
    let message = format!("HTTP 405 Method Not Allowed: {method} {}", uri.path());
    HttpError::new(ErrorCode::MethodNotAllowed, message).into_response()
}

/// A panic is a defect of ours; the client learns no more than that.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    HttpError::new(ErrorCode::InternalServerError, "Internal server error").into_response()
}
