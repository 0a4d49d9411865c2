//! The database stores: equal to the one in memory and to each other, and their own promises.

mod actions;
mod equal;
mod nodes;
mod postgres;
mod promises;
mod sqlite;

use std::sync::LazyLock;

use levada_registry_core::{Registry, Secret, Store};
use levada_schema_core::Limits;
use levada_test_postgres::PostgresServer;
use proptest::test_runner::{Config, RngSeed};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{Database, SqlStore};

/// How many random sequences a test tries, unless the variable `LEVADA_TEST_SEQUENCES` says more.
const SEQUENCES: u32 = 24;

/// The same sequences in every run; `PROPTEST_RNG_SEED` gives others.
fn sequences() -> Config {
    let given = std::env::var("LEVADA_TEST_SEQUENCES");
    let cases = given.map_or(SEQUENCES, |number| number.parse().unwrap());
    let config = Config { cases, ..Config::default() };
    let rng_seed = match config.rng_seed {
        RngSeed::Random => RngSeed::Fixed(18),
        given @ RngSeed::Fixed(_) => given,
    };
    Config { rng_seed, ..config }
}

fn sqlite(directory: &TempDir) -> Database {
    directory.path().join("registry.db").into()
}

/// An address as a setting.
fn postgres(url: &str) -> Database {
    Database::try_from(Secret::from(url)).unwrap()
}

/// A database of its own that has the newest schema and nothing else.
async fn new_postgres() -> (String, Database) {
    static SERVER: LazyLock<&PostgresServer> = LazyLock::new(PostgresServer::shared);
    static TEMPLATE: OnceCell<()> = OnceCell::const_new();
    let template = async {
        SERVER.sql(&SERVER.url("postgres"), "CREATE DATABASE template");
        let store = SqlStore::open(&postgres(&SERVER.url("template"))).await.unwrap();
        store.close().await.unwrap();
    };
    TEMPLATE.get_or_init(|| template).await;
    let url = SERVER.copy_database("template");
    let database = postgres(&url);
    (url, database)
}

async fn open(database: &Database) -> Registry<SqlStore> {
    over(SqlStore::open(database).await.unwrap())
}

fn over<S: Store>(store: S) -> Registry<S> {
    Registry::new(store, Limits::default(), 1).unwrap()
}
