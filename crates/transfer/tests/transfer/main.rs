//! A registry with one of everything is moved, from server to server and through an archive.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod archive;
mod conflicts;
mod differences;
mod fill;
mod foreign;
mod interrupted;
mod proxy;
mod round_trip;
mod server;

use std::sync::Arc;
use std::time::Duration;

use levada_serde::RegistryClient;
use levada_serde::client::RetryPolicy;
use levada_transfer::{
    ImportOptions, Observer, Registry, Source, Stopped, Tally, Verified, import, verify,
};
use parking_lot::Mutex;
use server::Server;

/// Remembers what it is told.
#[derive(Default)]
struct Notes {
    problems: Mutex<Vec<String>>,
    notices: Mutex<Vec<String>>,
    differences: Mutex<Vec<String>>,
}

impl Observer for Notes {
    fn begin(&self, _: u64) {}

    fn advance(&self) {}

    fn problem(&self, what: &str) {
        self.problems.lock().push(what.to_owned());
    }

    fn notice(&self, what: &str) {
        self.notices.lock().push(what.to_owned());
    }

    fn difference(&self, what: &str) {
        self.differences.lock().push(what.to_owned());
    }
}

/// A registry that is asked once, so that no test waits.
fn registry(url: &str) -> Registry {
    let retry = RetryPolicy {
        attempts_max: 1,
        attempt_timeout: Duration::from_mins(1),
        ..RetryPolicy::default()
    };
    Registry::new(RegistryClient::builder(url).retry(retry).build().unwrap())
}

fn source(server: &Server) -> Source {
    Source::Registry(registry(&server.url()))
}

/// What an import did, and the problems that it told.
async fn brought(
    from: &Source,
    to: &str,
    options: ImportOptions,
) -> (Result<Tally, Stopped>, Vec<String>) {
    let notes = Arc::new(Notes::default());
    let observer: Arc<dyn Observer> = notes.clone();
    let imported = import(from, &registry(to), options, &observer).await;
    let problems = notes.problems.lock().clone();
    (imported, problems)
}

/// An import that must bring everything.
async fn bring(from: &Source, to: &Server) -> Tally {
    noticed(from, to).await.0
}

/// The same, with the notices that it gave.
async fn noticed(from: &Source, to: &Server) -> (Tally, Vec<String>) {
    let notes = Arc::new(Notes::default());
    let observer: Arc<dyn Observer> = notes.clone();
    let imported = import(from, &registry(&to.url()), ImportOptions::default(), &observer).await;
    assert_eq!(*notes.problems.lock(), Vec::<String>::new());
    let notices = notes.notices.lock().clone();
    (imported.unwrap(), notices)
}

/// What a comparison found, and the differences that it told.
async fn compared(from: &Source, with: &Server) -> (Verified, Vec<String>) {
    let notes = Arc::new(Notes::default());
    let observer: Arc<dyn Observer> = notes.clone();
    let verified = verify(from, &registry(&with.url()), &observer).await.unwrap();
    let differences = notes.differences.lock().clone();
    assert_eq!(verified.differences, differences.len() as u64);
    (verified, differences)
}

/// Asserts that both hold the same: as the comparison sees it, and as they show it.
async fn assert_same(from: &Server, to: &Server) {
    assert_eq!(compared(&source(from), to).await.1, Vec::<String>::new());
    let (expected, found) = (from.everything().await, to.everything().await);
    assert_eq!(found, expected);
}
