//! A registry alone whose answers can be made to fail, for what a program does then.

use std::collections::VecDeque;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use futures_util::stream;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::{Levada, StartError};

/// More than any request of a test.
const BODY_BYTES_MAX: usize = 64 << 20;

/// What happens to a request instead of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It is answered with this status, and the registry never sees it.
    Status(StatusCode),
    /// It reaches the registry after this time.
    Delay(Duration),
    /// The connection ends in the middle of the answer: the registry has done what was asked.
    Cut,
}

/// The registry of [`Levada`] behind a door that can be jammed: ids, versions, compatibility checks
/// and error codes are the real ones, until a fault is ordered.
///
/// ```no_run
/// # async fn test() -> Result<(), levada_testing::StartError> {
/// let registry = levada_testing::MockRegistry::start().await?;
/// registry.fail_next(503); // the next request alone
/// // … the program asks `registry.url()`, is told 503, and asks again …
/// # Ok(())
/// # }
/// ```
///
/// It is served by the runtime that started it, and ends when it is dropped.
#[derive(Debug)]
pub struct MockRegistry {
    url: String,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    door: JoinHandle<std::io::Result<()>>,
    /// Stopped when dropped.
    _levada: Levada,
}

#[derive(Clone)]
struct Door {
    /// `HOST:PORT` of the registry behind it.
    registry: Arc<str>,
    faults: Arc<Mutex<VecDeque<Fault>>>,
}

impl MockRegistry {
    /// Starts one on a free port of 127.0.0.1, with nothing in it.
    pub async fn start() -> Result<Self, StartError> {
        let levada = Levada::start().await?;
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let listener = listener.map_err(StartError::Door)?;
        let address = listener.local_addr().map_err(StartError::Door)?;
        let faults = Arc::default();
        let registry = levada.registry_url().trim_start_matches("http://").into();
        let door = Door { registry, faults: Arc::clone(&faults) };
        let app = Router::new().fallback(pass).with_state(door);
        let door = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url: format!("http://{address}"), faults, door, _levada: levada })
    }

    /// `http://HOST:PORT`, what serializers call `schema.registry.url`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers the next request for which nothing else is ordered with this status, such as 503.
    /// One that is no status is 500.
    pub fn fail_next(&self, status: u16) {
        let status = StatusCode::from_u16(status);
        self.order(Fault::Status(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)));
    }

    /// Lets the next request for which nothing else is ordered wait.
    pub fn delay_next(&self, delay: Duration) {
        self.order(Fault::Delay(delay));
    }

    /// Lets the registry do what the next request for which nothing else is ordered asks, and ends
    /// the connection before all of the answer was sent.
    pub fn cut_next(&self) {
        self.order(Fault::Cut);
    }

    fn order(&self, fault: Fault) {
        self.faults.lock().push_back(fault);
    }
}

impl Drop for MockRegistry {
    fn drop(&mut self) {
        self.door.abort();
    }
}

async fn pass(State(door): State<Door>, request: Request) -> Response<Body> {
    let fault = door.faults.lock().pop_front();
    match fault {
        Some(Fault::Status(status)) => {
            let code = u32::from(status.as_u16()) * 100 + 1;
            let text = format!(r#"{{"error_code":{code},"message":"as was ordered"}}"#);
            return answer(status, Body::from(text));
        }
        Some(Fault::Delay(delay)) => tokio::time::sleep(delay).await,
        Some(Fault::Cut) | None => {}
    }
    match forward(&door.registry, request).await {
        Ok((status, body)) if fault == Some(Fault::Cut) => {
            let part = body.slice(..body.len() / 2);
            let broken = Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
            answer(status, Body::from_stream(stream::iter([Ok(part), broken])))
        }
        Ok((status, body)) => answer(status, Body::from(body)),
        // The registry behind the door is gone, and so will be this one.
        Err(reason) => answer(StatusCode::BAD_GATEWAY, Body::from(reason.to_string())),
    }
}

fn answer(status: StatusCode, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let content_type = header::HeaderValue::from_static("application/vnd.schemaregistry.v1+json");
    answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
    answer
}

async fn forward(
    address: &str,
    request: Request,
) -> Result<(StatusCode, Bytes), Box<dyn Error + Send + Sync>> {
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    // It ends with the sender, and an error of it is one of the exchange.
    tokio::spawn(connection);
    let answered = sender.send_request(request).await?;
    let status = answered.status();
    let body = axum::body::to_bytes(Body::new(answered.into_body()), BODY_BYTES_MAX).await?;
    Ok((status, body))
}
