//! What surrounds every request: its id, the type of its answer, lost panics, another try.

use std::any::Any;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use levada_registry_api::ErrorCode;
use levada_registry_api::media_type::REGISTRY_V1;
use tracing::Instrument;
use uuid::Uuid;

use super::error::{HttpError, Undone};
use super::exchange::Exchange;
use super::media_type::negotiate;
use super::reply::OwnType;
use crate::metrics::Metrics;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is told to anybody but the client, in characters.
const REQUEST_ID_MAX: usize = 256;
/// Before each time that a request is made again.
const UNDONE_PAUSES: [Duration; 4] = [
    Duration::from_millis(5),
    Duration::from_millis(20),
    Duration::from_millis(80),
    Duration::from_millis(320),
];

/// The id of a request as text: what is not printable in it is escaped, and its end cut off.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

/// The type that the answer has, if the client accepts any.
#[derive(Clone, Copy)]
struct AnswerType(Option<&'static str>);

/// The outermost layer: whatever comes back carries the request id and the negotiated type, and
/// is told to who operates the server.
pub(super) async fn envelope(
    State(metrics): State<Arc<Metrics>>,
    mut request: Request,
    next: Next,
) -> Response {
    let request_id = request_id(request.headers());
    let answer_type = negotiate(accept(request.headers()).as_deref());
    request.extensions_mut().insert(AnswerType(answer_type));
    let id: String =
        request_id.as_bytes().escape_ascii().map(char::from).take(REQUEST_ID_MAX).collect();
    let exchange = Exchange::begin(&mut request, &id, metrics);
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).instrument(exchange.span()).await;
    exchange.end(response.status());
    let own = response.extensions().get::<OwnType>().map(|own| own.0);
    let content_type = HeaderValue::from_static(own.or(answer_type).unwrap_or(REGISTRY_V1));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response.headers_mut().insert(REQUEST_ID, request_id);
    response
}

/// Refuses before anything happens a request whose answer the client would not take.
pub(super) async fn acceptable(request: Request, next: Next) -> Response {
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

pub(super) async fn no_such_method(method: Method, uri: Uri) -> HttpError {
    let message = format!("HTTP 405 Method Not Allowed: {method} {}", uri.path());
    HttpError::new(ErrorCode::MethodNotAllowed, message)
}

/// A panic is a defect of ours; the client learns no more than that.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    HttpError::new(ErrorCode::InternalServerError, "Internal server error").into_response()
}

/// The client's own id if it sent exactly one that is not blank, or else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let mut values = headers.get_all(REQUEST_ID).iter();
    match (values.next(), values.next()) {
        (Some(only), None) if !only.as_bytes().trim_ascii().is_empty() => only.clone(),
        _ => HeaderValue::from_str(&Uuid::new_v4().to_string())
            .unwrap_or(HeaderValue::from_static("")),
    }
}

/// All Accept headers as one list.
fn accept(headers: &HeaderMap) -> Option<String> {
    let values: Vec<&str> =
        headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}
