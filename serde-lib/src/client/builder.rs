//! Settings of a [`RegistryClient`] and their defaults.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Proxy, Url};

use super::RegistryClient;
use super::auth::{Auth, TokenProvider, Tokens};
use super::bundle::{Bundled, SchemaBundle};
use super::cache::{CacheLimits, Caches};
use super::http::Http;
use super::oauth::{ClientCredentials, OAuth};
use super::retry::RetryPolicy;
use super::tls::Tls;
use crate::Error;

/// Builds a [`RegistryClient`].
pub struct RegistryClientBuilder {
    urls: Vec<String>,
    shuffles_urls: bool,
    context: Option<String>,
    identity: Identity,
    headers: Vec<(String, String)>,
    proxy: Option<String>,
    retry: RetryPolicy,
    cache: CacheLimits,
    tls: Tls,
    bundle: Option<SchemaBundle>,
}

/// Who the client is to be; what is said last counts.
enum Identity {
    /// Whoever the first URL names.
    OfUrl,
    Known(Auth),
    OAuth(ClientCredentials),
    /// What was to say it says nothing.
    #[cfg(feature = "rdkafka")]
    Unknown(Error),
}

impl fmt::Debug for RegistryClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // URLs may carry passwords and the auth is one.
        f.debug_struct("RegistryClientBuilder").field("retry", &self.retry).finish_non_exhaustive()
    }
}

impl RegistryClientBuilder {
    pub(super) fn new(url: String) -> Self {
        let cache = CacheLimits::default();
        Self {
            urls: vec![url],
            shuffles_urls: false,
            context: None,
            identity: Identity::OfUrl,
            headers: Vec::new(),
            proxy: None,
            retry: RetryPolicy::default(),
            cache,
            tls: Tls::default(),
            bundle: None,
        }
    }

    /// Adds another URL of the same registry, asked when the one in use does not answer.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.urls.push(url.into());
        self
    }

    /// Begins with any of the URLs, and not with the first, so that many clients share out their
    /// requests. Each client then stays with the one that answers.
    #[must_use]
    pub fn shuffle_urls(mut self) -> Self {
        self.shuffles_urls = true;
        self
    }

    /// Works inside a schema context, such as `.billing`: its subjects are called by their bare
    /// names, and ids are those of the context.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// Sends user and password with every request. User and password inside the first URL do the
    /// same.
    #[must_use]
    pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        let (user, password) = (user.into(), password.into());
        self.identity = Identity::Known(Auth::Basic { user, password });
        self
    }

    /// Sends user and password with every request that the Kafka client shows to its brokers:
    /// `sasl.username` and `sasl.password` of its configuration, which must have both. Other clients
    /// call this `SASL_INHERIT`.
    ///
    /// ```no_run
    /// use levada_serde::rdkafka::ClientConfig;
    /// use levada_serde::{PlainText, RegistryClient, SerializingProducer};
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut kafka = ClientConfig::new();
    /// kafka.set("bootstrap.servers", "kafka.example:9093");
    /// kafka.set("security.protocol", "SASL_SSL").set("sasl.mechanism", "PLAIN");
    /// kafka.set("sasl.username", "shop").set("sasl.password", std::env::var("SHOP_PASSWORD")?);
    ///
    /// let registry = RegistryClient::builder("https://registry.example");
    /// let registry = registry.sasl_inherit(&kafka).build()?;
    /// let producer = SerializingProducer::with_config(kafka).key(PlainText).value(PlainText);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "rdkafka")]
    #[must_use]
    pub fn sasl_inherit(mut self, kafka: &rdkafka::ClientConfig) -> Self {
        self.identity = match Auth::of_kafka(kafka) {
            Ok(auth) => Identity::Known(auth),
            Err(error) => Identity::Unknown(error),
        };
        self
    }

    /// Sends a bearer token with every request.
    #[must_use]
    pub fn bearer_auth(mut self, token: impl Into<String>) -> Self {
        self.identity = Identity::Known(Auth::Bearer { token: token.into() });
        self
    }

    /// Sends a bearer token that an authorization server gives for these credentials (OAuth 2.0), and
    /// fetches the next one before it expires.
    #[must_use]
    pub fn oauth(mut self, credentials: ClientCredentials) -> Self {
        self.identity = Identity::OAuth(credentials);
        self
    }

    /// Sends bearer tokens that the program provides, and asks for the next one before one expires.
    #[must_use]
    pub fn token_provider(mut self, provider: impl TokenProvider + 'static) -> Self {
        self.identity = Identity::Known(Auth::Tokens(Tokens::new(Box::new(provider))));
        self
    }

    /// Sends a header with every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The logical cluster that a token is for, such as `lsrc-1a2b3`, where one address serves
    /// several.
    #[must_use]
    pub fn logical_cluster(self, id: impl Into<String>) -> Self {
        self.header("target-sr-cluster", id)
    }

    /// The identity pool that a token belongs to, such as `pool-1a2b`.
    #[must_use]
    pub fn identity_pool(self, id: impl Into<String>) -> Self {
        self.header("Confluent-Identity-Pool-Id", id)
    }

    /// Sends all requests through this proxy, such as `http://proxy:3128`. The variables that other
    /// programs take a proxy from are not looked at.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Trusts the certificates of this PEM text instead of the operating system's, for registries
    /// whose certificate an authority of their own has signed.
    #[must_use]
    pub fn trusted_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.roots = Some(pem.into());
        self
    }

    /// Shows a certificate to the registry (mutual TLS): a PEM chain, the own certificate first,
    /// and its PEM key.
    #[must_use]
    pub fn client_certificate(
        mut self,
        chain: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.tls.identity = Some((chain.into(), key.into()));
        self
    }

    /// How failed requests are repeated.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Most schemas kept by id or guid; the default is 1,000.
    #[must_use]
    pub fn cached_schemas_max(mut self, count: usize) -> Self {
        self.cache.schemas_max = count;
        self
    }

    /// How long a latest version is taken as the latest; the default is 60 s. What is older is asked
    /// for again in the background, while look-ups are still answered with it: until the new one is
    /// there, or the registry refuses. While no registry answers it counts on
    /// ([`RegistryClient::refresh_failure`]). With a time of zero each look-up asks and waits.
    #[must_use]
    pub fn latest_ttl(mut self, ttl: Duration) -> Self {
        self.cache.latest_ttl = ttl;
        self
    }

    /// How long an id that the registry does not know is not asked for again; the default is
    /// 10 s. Keeps a stream of messages with an unknown id from becoming a stream of requests.
    #[must_use]
    pub fn missing_ttl(mut self, ttl: Duration) -> Self {
        self.cache.missing_ttl = ttl;
        self
    }

    /// Schemas that the program carries with it. Those are known by id and guid, and registered
    /// under their subjects, without a question to the registry, so that serializers of them are
    /// built while it is down. The latest version is still asked for; that of the bundle counts
    /// while no registry answers.
    #[must_use]
    pub fn bundle(mut self, bundle: SchemaBundle) -> Self {
        self.bundle = Some(bundle);
        self
    }

    /// Checks the settings and makes the client. Nothing is sent yet.
    pub fn build(self) -> Result<RegistryClient, Error> {
        let context = self.context.as_deref().map(context_name).transpose()?;
        let mut of_url = Auth::None;
        let mut urls = Vec::with_capacity(self.urls.len());
        for text in &self.urls {
            let mut url = parse_url(text)?;
            if matches!(of_url, Auth::None) {
                of_url = auth_of(&url);
            }
            if url.set_username("").is_err() || url.set_password(None).is_err() {
                return Err(not_a_url());
            }
            if let Some(context) = &context {
                enter(&mut url, context)?;
            }
            urls.push(url);
        }
        if self.shuffles_urls {
            let random = RandomState::new();
            urls.sort_by_cached_key(|url| random.hash_one(url));
        }
        // The system's certificates are looked up only where they are needed.
        let is_encrypted = urls.iter().any(|url| url.scheme() == "https");
        let proxy = self.proxy.as_deref();
        let client = http_client(&self.tls, is_encrypted, proxy, headers_of(&self.headers)?)?;
        let auth = match self.identity {
            Identity::OfUrl => of_url,
            Identity::Known(auth) => auth,
            #[cfg(feature = "rdkafka")]
            Identity::Unknown(error) => return Err(error),
            Identity::OAuth(credentials) => {
                let url = parse_url(&credentials.token_url)?;
                let is_encrypted = url.scheme() == "https";
                let client = http_client(&self.tls, is_encrypted, proxy, HeaderMap::new())?;
                let timeout = self.retry.attempt_timeout;
                let server = OAuth { client, url, credentials, timeout };
                Auth::Tokens(Tokens::new(Box::new(server)))
            }
        };
        let http = Http { client, urls, current: AtomicUsize::new(0), auth, retry: self.retry };
        let context = context.unwrap_or_else(|| DEFAULT_CONTEXT.to_owned());
        let bundle = match &self.bundle {
            Some(bundle) => bundle.in_context(&context)?,
            None => Bundled::default(),
        };
        let inner = super::Inner { http, caches: Caches::new(self.cache), bundle, context };
        Ok(RegistryClient { inner: Arc::new(inner) })
    }
}

/// A client that goes straight to whom it asks, or through the proxy alone; only an encrypted one
/// looks for certificates.
pub(crate) fn http_client(
    tls: &Tls,
    is_encrypted: bool,
    proxy: Option<&str>,
    headers: HeaderMap,
) -> Result<reqwest::Client, Error> {
    let tls = if is_encrypted { tls.config()? } else { Tls::unused()? };
    let client = reqwest::Client::builder().no_proxy().tls_info(true).default_headers(headers);
    let client = match proxy {
        None => client,
        Some(url) => {
            let proxy = Proxy::all(url);
            client.proxy(proxy.map_err(|_| {
                let hint = "a proxy looks like http://proxy:3128";
                Error::Config(format!("`{url}` cannot be used as a proxy: {hint}"))
            })?)
        }
    };
    let client = client.tls_backend_preconfigured(tls).build();
    client.map_err(|error| Error::Config(format!("HTTP client: {error}")))
}

fn headers_of(pairs: &[(String, String)]) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let refused = |part| Error::Config(format!("`{name}` cannot be a header: its {part}"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("name"))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| refused("value"))?;
        // It may be a secret, and is not shown.
        value.set_sensitive(true);
        headers.append(key, value);
    }
    Ok(headers)
}

fn parse_url(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).ok().filter(Url::has_host).ok_or_else(not_a_url)?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(Error::Config(format!(
            "a URL with scheme `{scheme}` cannot be used; it must be http or https (for tests, \
             `levada_testing::registry_url` makes one of `mock://name`)"
        ))),
    }
}

/// What the registry calls the context in which requests without one are.
pub(super) const DEFAULT_CONTEXT: &str = ".";

/// A context as the registry calls it, with a dot in front.
fn context_name(context: &str) -> Result<String, Error> {
    let name = context.strip_prefix('.').unwrap_or(context);
    if name.is_empty() || name.contains([':', '/']) {
        let hint = "a context looks like `.billing`; the default one needs no setting";
        return Err(Error::Config(format!("`{context}` cannot be used as a context: {hint}")));
    }
    Ok(format!(".{name}"))
}

/// Lets every request of the URL begin in the context.
fn enter(url: &mut Url, context: &str) -> Result<(), Error> {
    let mut segments = url.path_segments_mut().map_err(|()| not_a_url())?;
    segments.pop_if_empty().extend(["contexts", context]);
    Ok(())
}

fn not_a_url() -> Error {
    Error::Config(
        "the URL of a registry or an authorization server must look like http://host:8081"
            .to_owned(),
    )
}

/// User and password of the URL itself.
fn auth_of(url: &Url) -> Auth {
    let decoded =
        |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    match (url.username(), url.password()) {
        ("", None) => Auth::None,
        (user, password) => {
            Auth::Basic { user: decoded(user), password: decoded(password.unwrap_or_default()) }
        }
    }
}
