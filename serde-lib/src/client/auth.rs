//! Who the client says it is: user and password, or a bearer token that was given, fetched by
//! OAuth 2.0, or comes from the program.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::RegistryErrorKind;
use super::http::after;
#[cfg(feature = "rdkafka")]
use crate::Error;

/// A token is renewed this long before it expires, or after half of its life if that is shorter.
const RENEWED_BEFORE: Duration = Duration::from_mins(5);
/// How soon a renewal is tried again that has failed.
const RENEWAL_REPEATED: Duration = Duration::from_secs(10);

pub(super) enum Auth {
    None,
    Basic {
        user: String,
        password: String,
    },
    Bearer {
        token: String,
    },
    /// One that expires.
    Tokens(Tokens),
}

impl Auth {
    /// User and password that a Kafka client shows to its brokers.
    #[cfg(feature = "rdkafka")]
    pub(super) fn of_kafka(config: &rdkafka::ClientConfig) -> Result<Self, Error> {
        let property = |name| {
            let missing = || {
                Error::Config(format!(
                    "the registry's user and password are to be those of the Kafka client, but its \
                     configuration has no `{name}`"
                ))
            };
            config.get(name).map(str::to_owned).ok_or_else(missing)
        };
        Ok(Self::Basic { user: property("sasl.username")?, password: property("sasl.password")? })
    }
}

/// Gives bearer tokens, such as those of a cloud's managed identity.
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// A new token. Asked for before the first request and again when the last one expires, never
    /// twice at a time. An error fails the request that needs the token.
    fn token(&self) -> BoxFuture<'_, Result<Token, TokenError>>;
}

/// A bearer token. Its `Debug` form does not show it.
#[derive(Clone)]
pub struct Token {
    /// As it goes into the header.
    pub text: String,
    /// How long it can be used; without that, for ever.
    pub lifetime: Option<Duration>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TokenError {
    /// For people.
    pub message: String,
    /// Whether another attempt may succeed.
    pub is_retriable: bool,
}

/// The token in use, and where the next one comes from.
pub(super) struct Tokens {
    provider: Box<dyn TokenProvider>,
    held: Mutex<Option<Held>>,
}

struct Held {
    text: String,
    /// From when on it is to be renewed.
    renewal: Option<Instant>,
    /// Until when it can be used.
    end: Option<Instant>,
}

impl Tokens {
    pub(super) fn new(provider: Box<dyn TokenProvider>) -> Self {
        Self { provider, held: Mutex::new(None) }
    }

    /// The token in use. Whoever comes while one is fetched waits for that one. Where there is no new
    /// one, the old one is used to its end.
    pub(super) async fn current(&self) -> Result<String, RegistryErrorKind> {
        let mut held = self.held.lock().await;
        let now = Instant::now();
        if let Some(token) = &*held
            && token.renewal.is_none_or(|renewal| now < renewal)
        {
            return Ok(token.text.clone());
        }
        match self.fetch().await {
            Ok(token) => Ok(held.insert(token).text.clone()),
            Err(error) => match &mut *held {
                Some(token) if token.end.is_none_or(|end| Instant::now() < end) => {
                    token.renewal = Some(after(RENEWAL_REPEATED));
                    Ok(token.text.clone())
                }
                _ => Err(error),
            },
        }
    }

    /// Another token instead of one that a registry has refused: servers take tokens back, and some do
    /// not say when they end. None if there is no other.
    pub(super) async fn instead_of(
        &self,
        refused: &str,
    ) -> Result<Option<String>, RegistryErrorKind> {
        let mut held = self.held.lock().await;
        if let Some(token) = held.as_ref().filter(|token| token.text != refused) {
            return Ok(Some(token.text.clone()));
        }
        *held = None;
        let token = self.fetch().await?;
        let text = held.insert(token).text.clone();
        Ok((text != refused).then_some(text))
    }

    async fn fetch(&self) -> Result<Held, RegistryErrorKind> {
        let asked = Instant::now();
        let Token { text, lifetime } =
            self.provider.token().await.map_err(RegistryErrorKind::NoToken)?;
        // Counted from before it was made. One that lasts longer than any program has no end.
        let at = |life: Duration| asked.checked_add(life);
        let early = |life: Duration| life.saturating_sub(RENEWED_BEFORE.min(life / 2));
        Ok(Held {
            text,
            renewal: lifetime.and_then(|life| at(early(life))),
            end: lifetime.and_then(at),
        })
    }
}
