//! The client of a schema registry: asks over HTTP, remembers, and asks each thing once.

mod ask;
mod auth;
mod builder;
mod bundle;
mod cache;
mod error;
mod http;
mod latest;
mod oauth;
mod references;
mod retry;
mod single_flight;
mod tls;
mod types;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use levada_registry_api::{AssociationDocument, CompatibilityDocument, ContextId};
use levada_schema_core::{Reference, ResolvedReference};
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub use auth::{Token, TokenError, TokenProvider};
pub use builder::RegistryClientBuilder;
pub use bundle::SchemaBundle;
pub(crate) use cache::Action;
pub use error::{RegistryError, RegistryErrorKind};
pub use http::{Answering, Call};
pub use oauth::ClientCredentials;
pub use retry::RetryPolicy;
pub(crate) use types::Submitted;
pub use types::{
    Compatibility, Contract, Registered, RegisteredSchema, SchemaDefinition, SubjectVersion,
    Version,
};

#[cfg(any(feature = "kms-aws", feature = "kms-vault"))]
pub(crate) use self::{
    builder::http_client,
    http::{innermost_reason, read_body},
    tls::Tls,
};
use crate::Error;
use crate::wire_format::{SchemaRef, Side};
use ask::{body_of, document_of};
use bundle::Bundled;
use cache::{Caches, Submission};
use http::Http;

/// A client of a Confluent-compatible schema registry.
///
/// Copies are cheap and share connections and caches. Every method may be called from many tasks
/// at once; tasks that want the same thing share one request.
#[derive(Clone)]
pub struct RegistryClient {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    caches: Caches,
    /// What need not be asked for; empty unless the program brings something.
    bundle: Bundled,
    /// As the registry calls it: with a dot in front, the default one with nothing behind it.
    context: String,
}

impl fmt::Debug for RegistryClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls: Vec<_> = self.inner.http.urls.iter().map(http::shown).collect();
        f.debug_struct("RegistryClient").field("urls", &urls).finish_non_exhaustive()
    }
}

impl RegistryClient {
    /// A client with default settings for the registry at `url` (such as `http://host:8081`).
    pub fn new(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder(url).build()
    }

    /// Settings for a client of the registry at `url`.
    pub fn builder(url: impl Into<String>) -> RegistryClientBuilder {
        RegistryClientBuilder::new(url.into())
    }

    /// Registers a schema under a subject; registering it again answers the same id.
    pub async fn register(
        &self,
        subject: &str,
        schema: &SchemaDefinition,
        normalize: bool,
    ) -> Result<Registered, Error> {
        Ok(self.submit(Action::Register, subject, schema, normalize).await?.registered)
    }

    /// Asks for the id of a schema that must be registered under the subject already.
    pub async fn lookup(
        &self,
        subject: &str,
        schema: &SchemaDefinition,
        normalize: bool,
    ) -> Result<Registered, Error> {
        Ok(self.submit(Action::Lookup, subject, schema, normalize).await?.registered)
    }

    pub(crate) async fn submit(
        &self,
        action: Action,
        subject: &str,
        schema: &SchemaDefinition,
        normalize: bool,
    ) -> Result<Submitted, Error> {
        check_subject(subject)?;
        if let Some(known) = self.inner.bundle.submitted(subject, schema) {
            return Ok(known);
        }
        let subject = subject.to_owned();
        let submission = Submission { action, subject, schema: schema.clone(), normalize };
        let caches = &self.inner.caches;
        if let Some(known) = caches.submissions.get(&submission) {
            return Ok(known);
        }
        let request = || {
            let (inner, submission) = (Arc::clone(&self.inner), submission.clone());
            async move {
                let submitted = inner.submit(&submission).await?;
                if submission.action == Action::Register {
                    inner.caches.latest.forget(&submission.subject); // it may be a new version
                }
                inner.caches.submissions.insert(submission, submitted.clone());
                Ok(submitted)
            }
        };
        caches.submission_flights.run(submission.clone(), request).await
    }

    /// The schema with this id, its references included.
    pub async fn schema_by_id(&self, id: u32) -> Result<Arc<RegisteredSchema>, Error> {
        self.schema(SchemaRef::Id(id)).await
    }

    /// The schema with this guid, its references included.
    pub async fn schema_by_guid(&self, guid: Uuid) -> Result<Arc<RegisteredSchema>, Error> {
        self.schema(SchemaRef::Guid(guid)).await
    }

    /// The id that a guid has in the context of this client, if it has one there. Never remembered.
    pub(crate) async fn id_of_guid(&self, guid: Uuid) -> Result<Option<u32>, RegistryError> {
        let name = guid.to_string();
        let path = &["schemas", "guids", &name, "ids"];
        let ids: Vec<ContextId> = self.call(Call::get(path)).await?;
        let found = ids.iter().find(|found| found.context == self.inner.context);
        Ok(found.and_then(|found| u32::try_from(found.id).ok()))
    }

    /// What the registry calls the context that the client works in.
    pub fn context(&self) -> &str {
        &self.inner.context
    }

    /// The schema that a message names, its references included.
    ///
    /// [`Error::SchemaNotFound`] when the registry does not know it; that answer, too, is
    /// remembered for a while.
    pub async fn schema(&self, schema: SchemaRef) -> Result<Arc<RegisteredSchema>, Error> {
        if let Some(known) = self.inner.bundle.schema(schema) {
            return Ok(known);
        }
        let caches = &self.inner.caches;
        if let Some(known) = caches.schemas.get(&schema) {
            return Ok(known);
        }
        if caches.is_known_missing(schema) {
            return Err(Error::SchemaNotFound { schema });
        }
        let request = || {
            let inner = Arc::clone(&self.inner);
            async move {
                let result = inner.fetch_schema(schema).await.map(Arc::new);
                match &result {
                    Ok(fetched) => inner.caches.schemas.insert(schema, Arc::clone(fetched)),
                    Err(Error::SchemaNotFound { .. }) => inner.caches.remember_missing(schema),
                    Err(_) => {}
                }
                result
            }
        };
        caches.schema_flights.run(schema, request).await
    }

    /// A version of a subject. The latest is remembered: the first look-up waits for the registry,
    /// later ones are answered at once, and what is older than
    /// [`RegistryClientBuilder::latest_ttl`] is meanwhile asked for again. Numbered versions are
    /// asked for each time.
    pub async fn version(
        &self,
        subject: &str,
        version: Version,
    ) -> Result<Arc<SubjectVersion>, Error> {
        check_subject(subject)?;
        match version {
            Version::Latest => self.latest(subject).await,
            Version::Number(_) => self.inner.fetch_version(subject, version).await.map(Arc::new),
        }
    }

    /// A numbered version of a subject, also if it was deleted softly.
    pub(crate) async fn version_even_deleted(
        &self,
        subject: &str,
        number: i32,
    ) -> Result<SubjectVersion, Error> {
        check_subject(subject)?;
        let number = number.to_string();
        let path = &["subjects", subject, "versions", &number];
        let call = Call::get(path).query(&[("deleted", "true")]);
        let answer = self.inner.http.send(call).await?;
        self.inner.version_of(subject, answer).await
    }

    /// The newest version of a subject whose metadata has all these properties. Never remembered.
    pub async fn latest_with_metadata(
        &self,
        subject: &str,
        properties: &BTreeMap<String, String>,
    ) -> Result<SubjectVersion, Error> {
        check_subject(subject)?;
        let pairs = properties.iter();
        let query = pairs.flat_map(|(key, value)| [("key", key.as_str()), ("value", value)]);
        let query: Vec<_> = query.collect();
        let path = &["subjects", subject, "metadata"];
        let answer = self.inner.http.send(Call::get(path).query(&query)).await?;
        self.inner.version_of(subject, answer).await
    }

    /// The subject that the registry associates with this side of a topic, if it does. Several are
    /// an error, because a serializer could only guess. Never remembered.
    ///
    /// `cluster` is what associations call the Kafka cluster; without it that of any counts.
    pub async fn associated_subject(
        &self,
        cluster: Option<&str>,
        topic: &str,
        side: Side,
    ) -> Result<Option<String>, Error> {
        let kind = match side {
            Side::Key => "key",
            Side::Value => "value",
        };
        let path = &["associations", "resources", cluster.unwrap_or("-"), topic];
        let query = &[("resourceType", "topic"), ("associationType", kind)];
        let answer = self.inner.http.send::<Vec<AssociationDocument>>(Call::get(path).query(query));
        let mut found = match answer.await {
            Ok(found) => found,
            // A registry that knows no associations has none.
            Err(error) if error.status() == Some(404) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let first = found.pop().map(|association| association.subject);
        if found.is_empty() {
            return Ok(first);
        }
        Err(Error::Config(format!(
            "the registry associates {} subjects with the {kind} of topic '{topic}'; name the \
             Kafka cluster, or the subject itself",
            found.len() + 1
        )))
    }

    /// Asks whether a schema could become the next version, judged against `version` under the
    /// subject's compatibility level. Never remembered.
    pub async fn check_compatibility(
        &self,
        subject: &str,
        version: Version,
        schema: &SchemaDefinition,
    ) -> Result<Compatibility, Error> {
        check_subject(subject)?;
        let version = version.to_string();
        let path = &["compatibility", "subjects", subject, "versions", &version];
        let call = Call::post(path, body_of(schema)?).query(&[("verbose", "true")]);
        let answer: CompatibilityDocument = self.inner.http.send(call).await?;
        let messages = answer.messages.unwrap_or_default();
        Ok(Compatibility { is_compatible: answer.is_compatible, messages })
    }

    /// Sends any request of the REST API, with the client's attempts and past its caches. An
    /// answer without a body is read as null.
    ///
    /// A request that fails in passing is sent again, so it must be one that may be sent twice.
    pub async fn call<A: DeserializeOwned>(&self, call: Call<'_>) -> Result<A, RegistryError> {
        self.inner.http.send(call).await
    }

    /// Makes sure that a registry answers at the first URL, with a single attempt.
    pub async fn answering(&self) -> Result<Answering, RegistryError> {
        self.inner.http.answering(Call::get(&["schemas", "types"])).await
    }

    /// The URL of the registry, fit for messages: without user, password and query.
    pub fn url(&self) -> String {
        self.inner.http.urls.first().map(http::shown).unwrap_or_default()
    }

    /// Whether both are copies of one client.
    #[cfg(feature = "encryption")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// The closure of a schema's own references, in dependency order.
    pub(crate) async fn resolve_references(
        &self,
        references: &[Reference],
    ) -> Result<Vec<ResolvedReference>, Error> {
        let direct = references.iter().map(document_of).collect();
        references::fetch(&self.inner, &self.inner.context, direct).await
    }
}

/// A URL path cannot carry `.` and `..` as names, encoded or not.
fn check_subject(subject: &str) -> Result<(), Error> {
    if subject.is_empty() || subject == "." || subject == ".." {
        return Err(Error::Config(format!("`{subject}` cannot be used as a subject")));
    }
    Ok(())
}
