//! What every request meets first: its id, the type of its answer, the bounds on its head, and an
//! answer that was given before. Whatever is answered, is answered through here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::BoxError;
use axum::Router;
use axum::body::{self, Body, Bytes, HttpBody};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use levada_registry_api::ErrorCode;
use levada_registry_api::media_type::REGISTRY_V1;
use tower_service::Service;
use tracing::{Instrument, Level};
use uuid::Uuid;

use super::bounds;
use super::error::HttpError;
use super::exchange::{Exchange, Facts};
use super::media_type::{is_readable, negotiate};
use super::reply::OwnType;
use crate::answers::Answer;
use crate::app::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is told to anybody but the client, in characters.
const REQUEST_ID_MAX: usize = 256;

/// The id of a request as text: what is not printable in it is escaped, and its end cut off.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

/// The type that the answer has, if the client accepts any.
#[derive(Clone, Copy)]
pub(super) struct AnswerType(pub(super) Option<&'static str>);

/// All requests of a connection come through here.
#[derive(Debug)]
pub(crate) struct Front {
    app: AppState,
    routes: Router,
}

impl Front {
    pub(super) fn new(app: &AppState, routes: Router) -> Self {
        Self { app: Arc::clone(app), routes }
    }

    /// Answers a request: with what was answered before if nothing has changed since, or else by
    /// its route. Whatever comes back carries the request's id and the negotiated type, and is told
    /// to who operates the server.
    pub(crate) async fn answer<B>(&self, peer: SocketAddr, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let begun = Instant::now();
        let request_id = request_id(request.headers());
        let answer_type = negotiate(accept(request.headers()).as_deref());
        let known = answer_type.and_then(|_| self.recall(&request));
        let mut response = if let Some(answer) = known {
            self.tell_recalled(peer, &request, &request_id, answer.route, begun);
            answer.body.into_response()
        } else {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(AnswerType(answer_type));
            // Boxed, for answers that are known should not carry the room of those that are not.
            Box::pin(self.ask(peer, request, &request_id, begun)).await
        };
        let own = response.extensions().get::<OwnType>().map(|own| own.0);
        let content_type = HeaderValue::from_static(own.or(answer_type).unwrap_or(REGISTRY_V1));
        if response.status() != StatusCode::NO_CONTENT {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        response.headers_mut().insert(REQUEST_ID, request_id);
        response
    }

    /// The answer that was given before, if nothing has changed since.
    fn recall<B>(&self, request: &Request<B>) -> Option<Answer> {
        if *request.method() != Method::GET || !is_readable(request.headers()) {
            return None;
        }
        let revision = self.app.registry.store().revision()?;
        let answer = self.app.answers.get(question(request.uri()), revision)?;
        bounds::check_head(&self.app.limits, request).is_ok().then_some(answer)
    }

    fn tell_recalled<B>(
        &self,
        peer: SocketAddr,
        request: &Request<B>,
        request_id: &HeaderValue,
        route: &'static str,
        begun: Instant,
    ) {
        let span = tracing::enabled!(Level::DEBUG)
            .then(|| tracing::info_span!("request", id = printable(request_id)).entered());
        let facts = Facts {
            method: request.method(),
            path: request.uri().path(),
            peer,
            route: Some(route),
            status: Some(StatusCode::OK),
            took: begun.elapsed(),
        };
        facts.tell(&self.app.metrics);
        drop(span);
    }

    /// Has the request answered by its route, and keeps what may be answered again.
    async fn ask(
        &self,
        peer: SocketAddr,
        mut request: Request<Body>,
        request_id: &HeaderValue,
        begun: Instant,
    ) -> Response {
        let id = printable(request_id);
        let metrics = Arc::clone(&self.app.metrics);
        let exchange = Exchange::begin(&mut request, peer, &id, begun, metrics);
        request.extensions_mut().insert(RequestId(id));
        // Asked before the answer is: a change that comes in between makes it one of the past.
        let revision = match *request.method() {
            Method::GET => self.app.registry.store().revision(),
            _ => None,
        };
        let question = revision.map(|revision| (Box::from(question(request.uri())), revision));
        let response = self.routed(request).instrument(exchange.span()).await;
        let route = exchange.remembered_route();
        exchange.end(response.status());
        match question.zip(route) {
            Some(((question, revision), route)) if response.status() == StatusCode::OK => {
                self.keep(question, revision, route, response).await
            }
            _ => response,
        }
    }

    async fn routed(&self, request: Request<Body>) -> Response {
        let limits = &self.app.limits;
        if let Err(refused) = bounds::check_head(limits, &request) {
            return refused.into_response();
        }
        let answered = tokio::time::timeout(limits.request(), self.routes.clone().call(request));
        match answered.await {
            Ok(Ok(response)) => response,
            Err(_) => {
                let message = "The request took too long; repeating it is safe";
                HttpError::new(ErrorCode::ServiceUnavailable, message).into_response()
            }
        }
    }

    /// Answers that are kept are a body alone: their headers come from the layers around.
    async fn keep(
        &self,
        question: Box<str>,
        revision: u64,
        route: &'static str,
        response: Response,
    ) -> Response {
        let (parts, body) = response.into_parts();
        match body::to_bytes(body, usize::MAX).await {
            Ok(body) => {
                let answer = Answer { revision, route, body: body.clone() };
                self.app.answers.keep(question, answer);
                Response::from_parts(parts, Body::from(body))
            }
            Err(error) => {
                tracing::error!(%error, "an answer could not be read");
                let message = "Internal server error";
                HttpError::new(ErrorCode::InternalServerError, message).into_response()
            }
        }
    }
}

/// What is asked for: path and query.
fn question(uri: &Uri) -> &str {
    uri.path_and_query().map_or("", |uri| uri.as_str())
}

/// The client's own id if it sent exactly one that is not blank, or else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let mut values = headers.get_all(REQUEST_ID).iter();
    match (values.next(), values.next()) {
        (Some(only), None) if !only.as_bytes().trim_ascii().is_empty() => only.clone(),
        _ => {
            let mut text = Uuid::encode_buffer();
            let text = Uuid::new_v4().hyphenated().encode_lower(&mut text);
            HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
        }
    }
}

fn printable(request_id: &HeaderValue) -> String {
    request_id.as_bytes().escape_ascii().map(char::from).take(REQUEST_ID_MAX).collect()
}

/// All Accept headers as one list.
fn accept(headers: &HeaderMap) -> Option<String> {
    let values: Vec<&str> =
        headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}
