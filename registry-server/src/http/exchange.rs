//! What is told of each request: one line of the log, and its time among the metrics.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Span;

use crate::metrics::Metrics;

/// The route that a request has come to, known once it has.
#[derive(Clone, Debug, Default)]
struct Routed(Arc<OnceLock<RouteNote>>);

/// What is to be known of a route once a request has come to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RouteNote {
    pub(super) path: &'static str,
    /// Whether answers to GET are kept until something changes.
    pub(super) is_remembered: bool,
}

/// What is told of one request.
pub(super) struct Facts<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) peer: SocketAddr,
    pub(super) route: Option<&'static str>,
    /// None where the client went away before.
    pub(super) status: Option<StatusCode>,
    pub(super) took: Duration,
}

impl Facts<'_> {
    /// Parameters are not told, and whatever comes from the client is escaped.
    pub(super) fn tell(&self, metrics: &Metrics) {
        macro_rules! tell {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    method = self.method.as_str(),
                    route = self.route,
                    path = self.path,
                    status = self.status.map(|status| status.as_u16()),
                    duration_ms = self.took.as_secs_f64() * 1000.0,
                    client = tracing::field::display(self.peer.ip()),
                    $message
                )
            };
        }
        if let Some(route) = self.route {
            let status = self.status.map_or(0, |status| status.as_u16());
            metrics.request(known(self.method), route, status, self.took);
        }
        match self.status {
            Some(status) if self.method.is_safe() && !status.is_server_error() => {
                tell!(debug, "answered");
            }
            Some(_) => tell!(info, "answered"),
            None => tell!(info, "the client went away"),
        }
    }
}

/// A request on its way. What came of it is told when this is dropped, be it because the client
/// went away before the answer was there.
pub(super) struct Exchange {
    method: Method,
    path: String,
    peer: SocketAddr,
    routed: Routed,
    begun: Instant,
    status: Option<StatusCode>,
    metrics: Arc<Metrics>,
    /// Says to which request belongs what is logged on the way.
    span: Span,
}

impl Exchange {
    pub(super) fn begin(
        request: &mut Request,
        peer: SocketAddr,
        id: &str,
        begun: Instant,
        metrics: Arc<Metrics>,
    ) -> Self {
        let routed = Routed::default();
        request.extensions_mut().insert(routed.clone());
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            peer,
            routed,
            begun,
            status: None,
            metrics,
            span: tracing::info_span!("request", id),
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The route, if its answers are kept.
    pub(super) fn remembered_route(&self) -> Option<&'static str> {
        self.routed.0.get().filter(|note| note.is_remembered).map(|note| note.path)
    }

    pub(super) fn end(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let _in_span = self.span.enter();
        let facts = Facts {
            method: &self.method,
            path: &self.path,
            peer: self.peer,
            route: self.routed.0.get().map(|note| note.path),
            status: self.status,
            took: self.begun.elapsed(),
        };
        facts.tell(&self.metrics);
    }
}

/// The method as a label: those that routes have, of which GET may be asked for as HEAD.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Notes which route a request has come to.
pub(super) async fn note_route(note: RouteNote, request: Request, next: Next) -> Response {
    if let Some(routed) = request.extensions().get::<Routed>() {
        // A request that is made again comes here again.
        routed.0.get_or_init(|| note);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_request_is_counted_whether_or_not_its_client_waits_for_the_answer() {
        let metrics = Arc::new(Metrics::new(Vec::new()));
        let begin = || {
            let mut request = Request::new(Body::empty());
            let peer = SocketAddr::from(([192, 0, 2, 1], 1));
            let metrics = Arc::clone(&metrics);
            let exchange = Exchange::begin(&mut request, peer, "id", Instant::now(), metrics);
            let note = RouteNote { path: "/subjects", is_remembered: false };
            request.extensions().get::<Routed>().unwrap().0.get_or_init(|| note);
            exchange
        };
        begin().end(StatusCode::OK);
        drop(begin());
        let text = metrics.text();
        for status in [200, 0] {
            let series = format!(
                "levada_http_request_duration_seconds_count{{method=\"GET\",route=\"/subjects\",\
                 status=\"{status}\"}} 1"
            );
            assert!(text.contains(&series), "{series}\n{text}");
        }
    }
}
