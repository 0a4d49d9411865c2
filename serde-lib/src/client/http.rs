//! Sends requests to the registry: URLs in turn, attempts, time limits, errors by status.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use levada_registry_api::ErrorBody;
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, RETRY_AFTER};
use reqwest::tls::TlsInfo;
use reqwest::{Method, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::auth::Auth;
use super::error::{RegistryError, RegistryErrorKind};
use super::retry::RetryPolicy;

const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// One request, independent of the URL it goes to.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub(super) method: Method,
    /// Path segments as they are, not yet percent-encoded.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<Vec<u8>>,
}

impl<'a> Call<'a> {
    /// GET of a path, whose segments are given as they are, not yet percent-encoded.
    pub fn get(path: &'a [&'a str]) -> Self {
        Self { method: Method::GET, path, query: &[], body: None }
    }

    /// DELETE of a path.
    pub fn delete(path: &'a [&'a str]) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// POST of a JSON text.
    pub fn post(path: &'a [&'a str], body: Vec<u8>) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path) }
    }

    /// PUT of a JSON text.
    pub fn put(path: &'a [&'a str], body: Vec<u8>) -> Self {
        Self { method: Method::PUT, ..Self::post(path, body) }
    }

    /// With parameters, given as they are.
    #[must_use]
    pub fn query(self, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { query, ..self }
    }
}

/// Method and path for people.
impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.path.join("/"))
    }
}

pub(super) struct Http {
    pub(super) client: reqwest::Client,
    /// Never empty.
    pub(super) urls: Vec<Url>,
    /// The URL that answered last; the next call starts there.
    pub(super) current: AtomicUsize,
    pub(super) auth: Auth,
    pub(super) retry: RetryPolicy,
}

/// What an answer tells besides its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answering {
    /// The registry's time, in the words of HTTP: `Fri, 27 Nov 2026 08:00:00 GMT`.
    pub date: Option<String>,
    /// The registry's certificate in DER; plain HTTP has none.
    pub certificate: Option<Vec<u8>>,
}

/// A failed attempt, with the wait that the server asked for.
struct Failure {
    kind: RegistryErrorKind,
    retry_after: Option<Duration>,
}

impl From<RegistryErrorKind> for Failure {
    fn from(kind: RegistryErrorKind) -> Self {
        Self { kind, retry_after: None }
    }
}

impl Http {
    /// Sends `call` until it succeeds, is refused for good, or runs out of attempts or time.
    ///
    /// Every call may be sent twice without harm: registering the same schema again, for one,
    /// answers the same id.
    pub(super) async fn send<A: DeserializeOwned>(
        &self,
        call: Call<'_>,
    ) -> Result<A, RegistryError> {
        let deadline = after(self.retry.deadline);
        let mut attempts = 0;
        let mut rounds = 0;
        loop {
            let current = self.current.load(Ordering::Relaxed) % self.urls.len();
            let url = &self.urls[current];
            attempts += 1;
            let failure = match self.attempt(url, &call, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let mut wait = None;
            if failure.kind.is_retriable() {
                // Another task may have moved on already; then its choice stands.
                let next = (current + 1) % self.urls.len();
                let (now, then) = (Ordering::Relaxed, Ordering::Relaxed);
                let _ = self.current.compare_exchange(current, next, now, then);
                wait = self.next_wait(attempts, &mut rounds, &failure);
            }
            match wait {
                Some(wait) if after(wait) < deadline => tokio::time::sleep(wait).await,
                _ => {
                    let url = shown(url);
                    return Err(RegistryError { kind: failure.kind, url, attempts });
                }
            }
        }
    }

    /// Sends a call to the first URL once, and tells of the answer what is no part of its body.
    pub(super) async fn answering(&self, call: Call<'_>) -> Result<Answering, RegistryError> {
        let url = &self.urls[0];
        let exchange = async {
            let response = self.exchange(url, &call).await?;
            let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
            let date = date.map(str::to_owned);
            let tls = response.extensions().get::<TlsInfo>();
            let certificate = tls.and_then(TlsInfo::peer_certificate).map(<[u8]>::to_vec);
            read::<serde_json::Value>(response).await?;
            Ok::<_, Failure>(Answering { date, certificate })
        };
        let failed = |kind| RegistryError { kind, url: shown(url), attempts: 1 };
        match tokio::time::timeout(self.retry.attempt_timeout, exchange).await {
            Ok(answered) => answered.map_err(|failure| failed(failure.kind)),
            Err(_) => Err(failed(RegistryErrorKind::TimedOut)),
        }
    }

    /// The wait before the next attempt: none while there are URLs not yet tried in this round.
    fn next_wait(&self, attempts: u32, rounds: &mut u32, failure: &Failure) -> Option<Duration> {
        let urls = u32::try_from(self.urls.len()).unwrap_or(u32::MAX);
        if !attempts.is_multiple_of(urls) {
            return Some(Duration::ZERO);
        }
        *rounds += 1;
        if *rounds >= self.retry.attempts_max {
            return None;
        }
        let random = RandomState::new().hash_one(attempts);
        Some(failure.retry_after.unwrap_or_else(|| self.retry.wait(*rounds, random)))
    }

    async fn attempt<A: DeserializeOwned>(
        &self,
        url: &Url,
        call: &Call<'_>,
        deadline: Instant,
    ) -> Result<A, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        let limit = left.min(self.retry.attempt_timeout);
        let exchange = async { read(self.exchange(url, call).await?).await };
        match tokio::time::timeout(limit, exchange).await {
            Ok(result) => result,
            Err(_) => Err(RegistryErrorKind::TimedOut.into()),
        }
    }

    /// Sends a call once, and once more if another token may be taken where one was refused.
    async fn exchange(&self, url: &Url, call: &Call<'_>) -> Result<Response, RegistryErrorKind> {
        let sent = async |request: reqwest::RequestBuilder| {
            request.send().await.map_err(|error| unreachable_kind(&error))
        };
        let request = self.request(url, call);
        let tokens = match &self.auth {
            Auth::None => return sent(request).await,
            Auth::Basic { user, password } => {
                return sent(request.basic_auth(user, Some(password))).await;
            }
            Auth::Bearer { token } => return sent(request.bearer_auth(token)).await,
            Auth::Tokens(tokens) => tokens,
        };
        let token = tokens.current().await?;
        let response = sent(request.bearer_auth(&token)).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        match tokens.instead_of(&token).await? {
            Some(other) => sent(self.request(url, call).bearer_auth(other)).await,
            None => Ok(response),
        }
    }

    fn request(&self, url: &Url, call: &Call<'_>) -> reqwest::RequestBuilder {
        let mut url = url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(call.path);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        let request = self.client.request(call.method.clone(), url).header(ACCEPT, MEDIA_TYPE);
        match &call.body {
            Some(body) => request.header(CONTENT_TYPE, MEDIA_TYPE).body(body.clone()),
            None => request,
        }
    }
}

/// Farther away than any deadline; a year or ten more or less is the same to all of them.
const NEVER: Duration = Duration::from_hours(100 * 365 * 24);

/// The time after a wait that servers or settings may have chosen beyond all measure.
pub(super) fn after(wait: Duration) -> Instant {
    Instant::now() + wait.min(NEVER)
}

/// At most [`ANSWER_BYTES_MAX`].
pub(crate) async fn read_body(mut response: Response) -> Result<Vec<u8>, RegistryErrorKind> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable_kind(&error))? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            let reason = format!("it is longer than {ANSWER_BYTES_MAX} bytes");
            return Err(RegistryErrorKind::InvalidAnswer(reason));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn read<A: DeserializeOwned>(response: Response) -> Result<A, Failure> {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let body = read_body(response).await?;
    if status.is_success() {
        // No content is the answer to a deletion.
        let text = if body.is_empty() { b"null" } else { body.as_slice() };
        return serde_json::from_slice(text).map_err(|error| {
            RegistryErrorKind::InvalidAnswer(format!("{status} with {error}")).into()
        });
    }
    let refused = serde_json::from_slice(&body).unwrap_or_else(|_| ErrorBody {
        error_code: 0, // a proxy in between, not the registry
        message: String::from_utf8_lossy(&body).chars().take(200).collect(),
    });
    let ErrorBody { error_code, message } = refused;
    let kind = RegistryErrorKind::Refused { status: status.as_u16(), error_code, message };
    Err(Failure { kind, retry_after: retry_after.map(Duration::from_secs) })
}

fn unreachable_kind(error: &reqwest::Error) -> RegistryErrorKind {
    let reason = innermost_reason(error);
    if let Some(rustls::Error::InvalidCertificate(why)) = reason.downcast_ref() {
        return RegistryErrorKind::NotTrusted(why.to_string());
    }
    RegistryErrorKind::Unreachable(reason.to_string())
}

/// The innermost reason says the most: "Connection refused" rather than "error sending request".
pub(crate) fn innermost_reason(error: &reqwest::Error) -> &(dyn std::error::Error + 'static) {
    let mut reason: &(dyn std::error::Error + 'static) = error;
    while let Some(inner) = inner(reason) {
        reason = inner;
    }
    reason
}

/// An I/O error shows the error inside as its own, and not as its source.
fn inner<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a (dyn std::error::Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inside) => Some(inside),
        None => error.source(),
    }
}

/// A URL fit for messages and logs.
pub(super) fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}
