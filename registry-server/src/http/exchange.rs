//! What is told of each request: one line of the log, and its time among the metrics.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Span;

use crate::connections::Peer;
use crate::metrics::Metrics;

/// The path of the API that a request was routed to, known once it was.
#[derive(Clone, Debug, Default)]
struct Routed(Arc<OnceLock<&'static str>>);

/// A request and what came of it. It is told when it is dropped, be it because the client went
/// away before the answer was there.
pub(super) struct Exchange {
    method: Method,
    path: String,
    peer: Option<SocketAddr>,
    routed: Routed,
    begun: Instant,
    status: Option<StatusCode>,
    metrics: Arc<Metrics>,
    /// Says to which request belongs what is logged on the way.
    span: Span,
}

impl Exchange {
    pub(super) fn begin(request: &mut Request, id: &str, metrics: Arc<Metrics>) -> Self {
        let routed = Routed::default();
        request.extensions_mut().insert(routed.clone());
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            peer: request.extensions().get::<Peer>().map(|peer| peer.0),
            routed,
            begun: Instant::now(),
            status: None,
            metrics,
            span: tracing::info_span!("request", id),
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn end(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Exchange {
    /// Parameters are not told, and whatever comes from the client is escaped.
    fn drop(&mut self) {
        macro_rules! tell {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    method = self.method.as_str(),
                    route = self.routed.0.get(),
                    path = self.path.as_str(),
                    status = self.status.map(|status| status.as_u16()),
                    duration_ms = self.begun.elapsed().as_secs_f64() * 1000.0,
                    client = self.peer.map(|peer| tracing::field::display(peer.ip())),
                    $message
                )
            };
        }
        if let Some(route) = self.routed.0.get() {
            let status = self.status.map_or(0, |status| status.as_u16());
            self.metrics.request(known(&self.method), route, status, self.begun.elapsed());
        }
        let is_read = self.method.is_safe();
        let _in_span = self.span.enter();
        match self.status {
            Some(status) if is_read && !status.is_server_error() => tell!(debug, "answered"),
            Some(_) => tell!(info, "answered"),
            None => tell!(info, "the client went away"),
        }
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
pub(super) async fn note_route(route: &'static str, request: Request, next: Next) -> Response {
    if let Some(routed) = request.extensions().get::<Routed>() {
        // A request that is made again comes here again.
        routed.0.get_or_init(|| route);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_request_is_counted_whether_or_not_its_client_waits_for_the_answer() {
        let metrics = Arc::new(Metrics::new());
        let begin = || {
            let mut request = Request::new(Body::empty());
            let exchange = Exchange::begin(&mut request, "id", Arc::clone(&metrics));
            request.extensions().get::<Routed>().unwrap().0.get_or_init(|| "/subjects");
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
