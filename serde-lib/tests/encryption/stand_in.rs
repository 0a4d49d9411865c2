//! A KMS that listens on this machine and wraps keys with a key of its own.

use std::sync::{Arc, Mutex};

use axum::Router;
use levada_encryption::{LocalKms, Secret};

/// What it wraps with, and the requests it saw.
#[derive(Clone, Debug)]
pub(crate) struct StandIn {
    pub(crate) key: Arc<LocalKms>,
    pub(crate) seen: Arc<Mutex<Vec<Request>>>,
}

/// A request: its path, the headers that matter, and its body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: serde_json::Value,
}

impl StandIn {
    /// Serves `routes` until the test ends; gives its address as well.
    pub(crate) async fn start(routes: impl FnOnce(Self) -> Router) -> (Self, String) {
        let key = Arc::new(LocalKms::new(&Secret::from("of the stand-in")));
        let stand_in = Self { key, seen: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = routes(stand_in.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (stand_in, format!("http://{address}"))
    }

    /// The requests since the last time.
    pub(crate) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}
