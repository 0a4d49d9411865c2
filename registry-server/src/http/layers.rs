//! What surrounds every request: its id, the type of its answer, its deadline, lost panics.

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
use uuid::Uuid;

use super::error::{HttpError, Undone};
use super::media_type::negotiate;
use super::reply::OwnType;
use crate::app::AppState;
use crate::limits::HttpLimits;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Before each time that a request is made again.
const UNDONE_PAUSES: [Duration; 4] = [
    Duration::from_millis(5),
    Duration::from_millis(20),
    Duration::from_millis(80),
    Duration::from_millis(320),
];

/// The type that the answer has, if the client accepts any.
#[derive(Clone, Copy)]
struct AnswerType(Option<&'static str>);

/// The outermost layer: whatever comes back carries the request id and the negotiated type.
pub(super) async fn envelope(
    State(limits): State<HttpLimits>,
    mut request: Request,
    next: Next,
) -> Response {
    let request_id = request_id(request.headers());
    let answer_type = negotiate(accept(request.headers()).as_deref());
    request.extensions_mut().insert(AnswerType(answer_type));
    let answer = in_time(&limits, request, next).await;
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    let own = response.extensions().get::<OwnType>().map(|own| own.0);
    let content_type = HeaderValue::from_static(own.or(answer_type).unwrap_or(REGISTRY_V1));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response.headers_mut().insert(REQUEST_ID, request_id);
    response
}

/// The answer to a request whose head is not too long, unless it takes too long.
async fn in_time(limits: &HttpLimits, request: Request, next: Next) -> Result<Response, HttpError> {
    check_head(limits, &request)?;
    tokio::time::timeout(limits.request(), next.run(request)).await.map_err(|_| {
        let message = "The request took too long; repeating it is safe";
        HttpError::new(ErrorCode::ServiceUnavailable, message)
    })
}

fn check_head(limits: &HttpLimits, request: &Request) -> Result<(), HttpError> {
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

/// The answer to whatever comes over a connection that its client should not have.
pub(super) async fn too_many_connections() -> HttpError {
    let message = "This client has too many connections open (setting http-connections-per-ip-max)";
    HttpError::new(ErrorCode::TooManyRequests, message)
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
