//! The database stores: equal to the one in memory and to each other, and their own promises.

mod actions;
mod equal;
mod nodes;
mod postgres;
mod promises;
mod sqlite;

use std::sync::LazyLock;

use levada_registry_core::{
    About, AuditEntry, Context, Origin, QualifiedSubject, Registry, SchemaId, SchemaVersion,
    Secret, Store, StoreError,
};
use levada_schema_core::Limits;
use levada_test_postgres::PostgresServer;
use proptest::test_runner::{Config, RngSeed};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::rows::{Row, get};
use super::statements::Statement;
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
    Registry::new(store, Limits::default(), 1).unwrap().on_behalf_of(origin())
}

fn origin() -> Origin {
    Origin { principal: "p".to_owned(), request_id: "r".to_owned(), action: "act" }
}

/// The whole audit without its times.
async fn audit(store: &SqlStore) -> Vec<AuditEntry> {
    let rows = Statement::new("SELECT * FROM audit ORDER BY seq");
    let entry = |row: &Row| {
        let context: Option<String> = get(row, "context")?;
        let subject = context.map(|context| {
            let subject = get::<String>(row, "subject")?;
            Ok::<_, StoreError>(QualifiedSubject { context: Context::new(&context), subject })
        });
        let about = About {
            subject: subject.transpose()?,
            version: get::<Option<i32>>(row, "version")?.map(SchemaVersion),
            id: get::<Option<i32>>(row, "schema_id")?.map(SchemaId),
            name: get(row, "name")?,
        };
        let columns: [String; 3] =
            [get(row, "principal")?, get(row, "request_id")?, get(row, "action")?];
        assert_eq!(columns, ["p", "r", "act"]);
        let refusal = get::<Option<i32>>(row, "error_code")?;
        let refusal = refusal.and_then(|code| u32::try_from(code).ok());
        Ok(AuditEntry { ts_ms: 0, origin: origin(), about, refusal })
    };
    store.read().await.unwrap().all(rows, entry).await.unwrap()
}
