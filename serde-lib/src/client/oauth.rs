//! Tokens by OAuth 2.0 client credentials (RFC 6749, section 4.4).

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, Url};
use serde::Deserialize;

use super::auth::{Token, TokenError, TokenProvider};
use super::http::{innermost_reason, read_body, shown};

/// Longest part of a refusal that an error shows.
const SHOWN_CHARS_MAX: usize = 200;

/// What a program is known by to an authorization server. Its `Debug` form does not show the secret.
#[derive(Clone)]
pub struct ClientCredentials {
    /// Where tokens are given, such as `https://login.example/oauth2/token`.
    pub token_url: String,
    /// The program's name.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// What the token is for, in the server's words.
    pub scope: Option<String>,
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token_url, client_id, client_secret: _, scope } = self;
        let mut shown = f.debug_struct("ClientCredentials");
        shown.field("token_url", token_url).field("client_id", client_id).field("scope", scope);
        shown.finish_non_exhaustive()
    }
}

/// Asks the authorization server.
pub(super) struct OAuth {
    pub(super) client: reqwest::Client,
    pub(super) url: Url,
    pub(super) credentials: ClientCredentials,
    pub(super) timeout: Duration,
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.credentials.fmt(f)
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    /// Seconds.
    expires_in: Option<u64>,
}

/// Section 5.2.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

impl TokenProvider for OAuth {
    fn token(&self) -> BoxFuture<'_, Result<Token, TokenError>> {
        Box::pin(async {
            let asked = tokio::time::timeout(self.timeout, self.ask()).await;
            asked.unwrap_or_else(|_| Err(self.error("no answer in time", true)))
        })
    }
}

impl OAuth {
    async fn ask(&self) -> Result<Token, TokenError> {
        let ClientCredentials { client_id, client_secret, scope, .. } = &self.credentials;
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut form = "grant_type=client_credentials".to_owned();
        if let Some(scope) = scope {
            form.push_str("&scope=");
            form.push_str(&encoded(scope));
        }
        // Section 2.3.1: both are encoded before they are joined.
        let request = self.client.post(self.url.clone());
        let request = request.basic_auth(encoded(client_id), Some(encoded(client_secret)));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        let unreachable =
            |error: reqwest::Error| self.error(&innermost_reason(&error).to_string(), true);
        let response = request.send().await.map_err(unreachable)?;
        self.read(response).await
    }

    async fn read(&self, response: Response) -> Result<Token, TokenError> {
        let status = response.status();
        let body = read_body(response).await;
        let body = body.map_err(|kind| self.error(&kind.to_string(), kind.is_retriable()))?;
        if !status.is_success() {
            let message = match serde_json::from_slice(&body) {
                Ok(Refusal { error, error_description: Some(why) }) => format!("{error}: {why}"),
                Ok(Refusal { error, error_description: None }) => error,
                Err(_) => String::from_utf8_lossy(&body).chars().take(SHOWN_CHARS_MAX).collect(),
            };
            let is_retriable = status.is_server_error() || status.as_u16() == 429;
            return Err(self.error(&format!("{status}: {message}"), is_retriable));
        }
        // What serde says of a text may show parts of it, and this one holds a token.
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| self.error("its answer is not the JSON of a token", false))?;
        let lifetime = answer.expires_in.map(Duration::from_secs);
        Ok(Token { text: answer.access_token, lifetime })
    }

    fn error(&self, reason: &str, is_retriable: bool) -> TokenError {
        let message = format!("authorization server at {}: {reason}", shown(&self.url));
        TokenError { message, is_retriable }
    }
}
