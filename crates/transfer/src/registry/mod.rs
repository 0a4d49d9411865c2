//! One registry, read and written through its REST API.

mod keys;
mod schemas;
mod settings;

pub(crate) use keys::KMS_FAILED;
pub(crate) use settings::IMPORT;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use levada_registry_api::ClusterIdDocument;
use levada_serde::RegistryClient;
use levada_serde::client::{Call, RegistryError, RegistryErrorKind, RetryPolicy};
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::TransferError;
use crate::record::{Key, Record};

/// Requests at once. More would only queue up at the one writer that every registry has.
pub(crate) const REQUESTS_MAX: usize = 8;
/// Names of a page of subjects: at most 1,024 bytes each stay well below the longest answer.
const NAMES_PAGE: usize = 10_000;

/// Parameter of everything that shall be found although it is soft-deleted.
const DELETED: (&str, &str) = ("deleted", "true");

/// A registry that speaks the Confluent REST API. Copies are cheap and share connections.
#[derive(Clone)]
pub struct Registry {
    client: RegistryClient,
    aliases: Arc<Mutex<HashMap<String, Aliases>>>,
}

/// Whether the config of a subject leads requests for it elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Aliases {
    /// Of its schemas.
    schemas: bool,
    /// Of its DEKs.
    deks: bool,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registry").field(&self.url()).finish()
    }
}

impl Registry {
    /// The registry that the client asks, with the client's patience; [`Self::patience`] is the one
    /// for long walks. The client must work in no context. Nothing is sent yet.
    pub fn new(client: RegistryClient) -> Self {
        Self { client, aliases: Arc::default() }
    }

    /// What fails in passing is tried again for some minutes.
    pub fn patience() -> RetryPolicy {
        RetryPolicy {
            attempts_max: 8,
            attempt_timeout: Duration::from_secs(70), // a server gives up after 60
            deadline: Duration::from_mins(5),
            ..RetryPolicy::default()
        }
    }

    /// The URL without user, password and query.
    pub fn url(&self) -> String {
        self.client.url()
    }

    /// Makes sure that there is a registry: an empty one is told from a wrong address.
    pub async fn reach(&self) -> Result<(), TransferError> {
        self.ask::<Vec<String>>(Call::get(&["schemas", "types"])).await.map(drop)
    }

    /// The name that the registry gives itself, where it does.
    pub(crate) async fn cluster_id(&self) -> Result<Option<String>, TransferError> {
        let call = Call::get(&["v1", "metadata", "id"]);
        let shown: Option<ClusterIdDocument> = self.find(call).await?;
        Ok(shown.and_then(|mut shown| shown.scope.clusters.remove("schema-registry-cluster")))
    }

    /// What the registry holds under `key`, soft-deleted or not.
    pub(crate) async fn record(&self, key: &Key) -> Result<Option<Record>, TransferError> {
        Ok(match key {
            Key::Kek(name) => self.kek(name).await?.map(|found| Record::Kek(found.into())),
            Key::Dek { kek, subject, algorithm, version } => {
                self.dek(kek, subject, algorithm, *version).await?.map(Record::Dek)
            }
            Key::Version { subject, version } => {
                self.version(subject, *version).await?.map(|found| Record::Version(found.into()))
            }
            Key::Config(scope) => self.config(scope).await?.map(Record::Config),
            Key::Mode(scope) => self.mode(scope).await?.map(Record::Mode),
        })
    }

    /// The answer to a call.
    async fn ask<A: DeserializeOwned>(&self, call: Call<'_>) -> Result<A, TransferError> {
        let request = call.to_string();
        let answer = self.client.call(call).await;
        answer.map_err(|source| TransferError::Registry { request, source })
    }

    /// The answer to a question; none when there is no such thing, or the registry does not know
    /// the question. Some registries answer it with no content then.
    async fn find<A: DeserializeOwned>(&self, call: Call<'_>) -> Result<Option<A>, TransferError> {
        match self.ask::<Option<A>>(call).await {
            Err(TransferError::Registry { source, .. }) if is_unknown(&source) => Ok(None),
            answer => answer,
        }
    }

    /// A change, whose answer does not matter. `done` is the error code that says that it was made
    /// before, by an attempt whose answer was lost.
    async fn change(&self, call: Call<'_>, done: Option<u32>) -> Result<(), TransferError> {
        match self.ask::<Value>(call).await {
            Err(error) if done.is_some() && error.error_code() == done => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// All pages of a list of names. Pages may be shorter than what was asked for, so the last one
    /// is empty; a registry that does not know pages gives all at once, and the same again.
    async fn names(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<String>, TransferError> {
        let mut names: Vec<String> = Vec::new();
        let limit = NAMES_PAGE.to_string();
        loop {
            let offset = names.len().to_string();
            let paging = [("offset", offset.as_str()), ("limit", limit.as_str())];
            let query = [query, &paging].concat();
            let page: Option<Vec<String>> = self.find(Call::get(path).query(&query)).await?;
            let page = page.unwrap_or_default();
            if page.is_empty() || page.first() == names.first() {
                return Ok(names);
            }
            names.extend(page);
        }
    }
}

/// Whether the answer means that there is no such thing, or no such question.
fn is_unknown(error: &RegistryError) -> bool {
    matches!(error.status(), Some(404 | 405 | 501))
}

fn is_too_long(error: &TransferError) -> bool {
    let TransferError::Registry { source, .. } = error else { return false };
    matches!(source.kind, RegistryErrorKind::InvalidAnswer(_))
}

fn json(body: &impl Serialize) -> Vec<u8> {
    // Texts, numbers and maps of them always are JSON.
    serde_json::to_vec(body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::{Query, State};
    use axum::http::Uri;
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;

    /// A list of so many names.
    #[derive(Clone, Copy)]
    struct List {
        count: usize,
        pages: Pages,
    }

    #[derive(Clone, Copy, Debug)]
    enum Pages {
        /// As long as asked for.
        Any,
        /// At most so long, whatever was asked for.
        UpTo(usize),
        /// Always the whole list.
        Ignored,
    }

    impl List {
        fn names(self) -> Vec<String> {
            (0..self.count).map(|number| format!("s{number}")).collect()
        }
    }

    async fn answer(
        uri: Uri,
        State(list): State<List>,
        Query(query): Query<HashMap<String, String>>,
    ) -> String {
        let number = |name: &str| query[name].parse::<usize>().unwrap();
        let (offset, limit) = match list.pages {
            Pages::Any => (number("offset"), number("limit")),
            Pages::UpTo(most) => (number("offset"), number("limit").min(most)),
            Pages::Ignored => (0, list.count),
        };
        let page = list.names().into_iter().skip(offset).take(limit);
        let page: Vec<Value> = match uri.path() {
            "/schemas" => page.map(|name| json!({"subject": name, "version": 1})).collect(),
            _ => page.map(Value::from).collect(),
        };
        serde_json::to_string(&page).unwrap()
    }

    #[tokio::test]
    async fn list_is_read_to_its_end_however_long_the_pages_are() {
        for count in [0, 1, NAMES_PAGE, NAMES_PAGE + 1, 2 * NAMES_PAGE] {
            for pages in [Pages::Any, Pages::UpTo(700), Pages::Ignored] {
                let list = List { count, pages };
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let url = format!("http://{}", listener.local_addr().unwrap());
                let app = Router::new().fallback(answer).with_state(list);
                let serving = tokio::spawn(async move { axum::serve(listener, app).await });
                let registry = Registry::new(RegistryClient::new(&url).unwrap());
                let read = registry.subjects().await.unwrap();
                assert!(read == list.names(), "{count}, {pages:?}: {} names", read.len());
                let mut read = Vec::new();
                let subject = |shown: Value| shown["subject"].as_str().unwrap().to_owned();
                registry.each_schema(&[], |shown| read.push(subject(shown))).await.unwrap();
                assert!(read == list.names(), "{count}, {pages:?}: {} schemas", read.len());
                serving.abort();
            }
        }
    }
}
