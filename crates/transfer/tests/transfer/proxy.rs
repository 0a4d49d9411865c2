//! A way to a registry that closes after some requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

#[derive(Clone)]
struct Way {
    to: String,
    left: Arc<AtomicUsize>,
    client: reqwest::Client,
}

/// The URL of a proxy in front of `to` that hands on so many requests and refuses all others.
pub(crate) async fn proxy(to: &str, requests: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let left = Arc::new(AtomicUsize::new(requests));
    let way = Way { to: to.to_owned(), left, client: crate::server::http_client() };
    let app = Router::new().fallback(hand_on).with_state(way);
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn hand_on(State(way): State<Way>, request: Request) -> Response {
    let one_less = |left: usize| left.checked_sub(1);
    if way.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let url = format!("{}{}", way.to, request.uri());
    let method = request.method().clone();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let kind = "application/vnd.schemaregistry.v1+json";
    let mut onward = way.client.request(method, url).header(header::CONTENT_TYPE, kind);
    if !body.is_empty() {
        onward = onward.body(body);
    }
    let answer = onward.send().await.unwrap();
    let status = answer.status();
    let body: Bytes = answer.bytes().await.unwrap();
    (status, body).into_response()
}
