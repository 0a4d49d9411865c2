//! Everything arrives, once.

use std::sync::Arc;

use levada_transfer::{Counts, ImportOptions, Source, Tally, export};

use crate::fill::{CONFIGS, DEKS, KEKS, MODES, VERSIONS, fill};
use crate::server::Server;
use crate::{Notes, assert_same, bring, brought, registry, source};

/// What [`fill`] makes.
fn all() -> Counts {
    Counts { keks: KEKS, deks: DEKS, versions: VERSIONS, configs: CONFIGS, modes: MODES }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_from_one_registry_straight_into_another() {
    let (from, to) = (Server::start().await, Server::start().await);
    fill(&from).await;
    let before = from.everything().await;
    let tally = bring(&source(&from), &to).await;
    assert_eq!(tally, Tally { brought: all(), ..Tally::default() });
    assert_same(&from, &to).await;
    assert_eq!(from.everything().await, before, "the source is only read");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_an_archive() {
    let (from, to) = (Server::start().await, Server::start().await);
    fill(&from).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.jsonl");
    let file = std::fs::File::create(&path).unwrap();
    let observer = Arc::new(Notes::default());
    let counts = export(&registry(&from.url()), file, observer).await.unwrap();
    assert_eq!(counts, all());
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count() as u64, counts.total() + 2, "a header and a trailer");
    assert!(!text.contains("keyMaterial\""), "no key is in the archive in clear");

    let archive = Source::archive(&path).unwrap();
    assert_eq!(bring(&archive, &to).await.brought, all());
    assert_same(&from, &to).await;
    assert_eq!(crate::compared(&archive, &to).await.0.compared, all());
}

#[tokio::test(flavor = "multi_thread")]
async fn second_import_finds_everything_there_and_writes_nothing() {
    let (from, to) = (Server::start().await, Server::start().await);
    fill(&from).await;
    bring(&source(&from), &to).await;
    // Modes are settled again, so registrations are open to everybody: a switch would be refused.
    let again = bring(&source(&from), &to).await;
    assert_eq!(again, Tally { unchanged: all(), ..Tally::default() });
    assert_same(&from, &to).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dry_run_says_what_an_import_would_do_and_changes_nothing() {
    let (from, to) = (Server::start().await, Server::start().await);
    fill(&from).await;
    let before = to.everything().await;
    let options = ImportOptions { dry_run: true, ..ImportOptions::default() };
    let (dry, problems) = brought(&source(&from), &to.url(), options).await;
    assert_eq!((dry.unwrap(), problems), (Tally { brought: all(), ..Tally::default() }, vec![]));
    assert_eq!(to.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_go_on_behind_the_highest_that_came() {
    let (from, to) = (Server::start().await, Server::start().await);
    from.make("PUT /mode/s", serde_json::json!({"mode": "IMPORT"})).await;
    let mut body = crate::fill::record("Far", "a");
    body["id"] = 50_000.into();
    from.register("s", body).await;
    from.make("DELETE /mode/s", serde_json::Value::Null).await;
    bring(&source(&from), &to).await;
    assert_same(&from, &to).await;
    assert_eq!(to.register("s", crate::fill::record("Far", "b")).await, 50_001);
}

#[tokio::test(flavor = "multi_thread")]
async fn archive_of_an_empty_registry_brings_nothing() {
    let (from, to) = (Server::start().await, Server::start().await);
    assert_eq!(bring(&source(&from), &to).await, Tally::default());
}
