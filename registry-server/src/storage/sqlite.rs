//! `SQLite`: one process, one writer, and the settings that durability rests on.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use levada_registry_core::StoreError;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Executor, Row, Sqlite, SqlitePool};

use super::error::{OpenError, refused};
use super::migrations;
use super::store::SqlStore;
use super::transaction::SqlTransaction;

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens or creates the database at `path`.
pub(super) async fn open(path: &Path) -> Result<SqlStore, OpenError> {
    let lock = lock(path)?;
    let failed = |error: sqlx::Error| OpenError::Database {
        database: path.display().to_string(),
        message: error.to_string(),
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("trusted_schema", "OFF")
        .busy_timeout(BUSY_TIMEOUT)
        .thread_name(|index| format!("sqlite-{index}"));
    let pool = |max| {
        PoolOptions::<Sqlite>::new()
            .min_connections(1)
            .max_connections(max)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let writer = pool(1).connect_with(options.clone()).await.map_err(failed)?;
    check_settings(&writer, path).await?;
    let mut connection = writer.acquire().await.map_err(failed)?;
    let name = path.display().to_string();
    migrations::run(migrations::SQLITE, &mut *connection, &name).await?;
    drop(connection);
    let readers =
        pool(READERS).connect_with(options.pragma("query_only", "ON")).await.map_err(failed)?;
    Ok(SqlStore::Sqlite { writer, readers, revision: Arc::default(), _lock: lock })
}

/// Takes the lock that keeps a second process away; it goes with the returned file.
fn lock(path: &Path) -> Result<File, OpenError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let unusable = |source| OpenError::Directory { path: directory.to_owned(), source };
    fs::create_dir_all(directory).map_err(unusable)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(PathBuf::from(name))
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// Reads back what durability rests on: the database keeps silent about a setting it cannot apply.
async fn check_settings(pool: &SqlitePool, path: &Path) -> Result<(), OpenError> {
    let wanted = [
        ("journal_mode", "PRAGMA journal_mode", "wal"),
        ("synchronous", "PRAGMA synchronous", "2"),
        ("foreign_keys", "PRAGMA foreign_keys", "1"),
    ];
    for (setting, statement, wanted) in wanted {
        let failed = |error: sqlx::Error| OpenError::Database {
            database: path.display().to_string(),
            message: error.to_string(),
        };
        let row = pool.fetch_one(statement).await.map_err(failed)?;
        let found = match row.try_get::<String, _>(0) {
            Ok(text) => text,
            Err(_) => row.try_get::<i64, _>(0).map_err(failed)?.to_string(),
        };
        if found != wanted {
            return Err(OpenError::UnsafeFile { path: path.to_owned(), setting, wanted, found });
        }
    }
    Ok(())
}

/// Moves the write-ahead log into the database file and closes every connection.
pub(super) async fn close(writer: &SqlitePool, readers: &SqlitePool) -> Result<(), sqlx::Error> {
    readers.close().await;
    let moved = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
    writer.close().await;
    moved.map(drop)
}

pub(super) async fn read(readers: &SqlitePool) -> Result<SqlTransaction, StoreError> {
    let begun = readers.begin().await;
    let tx = begun.map_err(|error| refused(&error, false))?;
    Ok(SqlTransaction::new(tx, false))
}

pub(super) async fn write(writer: &SqlitePool) -> Result<SqlTransaction, StoreError> {
    // IMMEDIATE takes the write lock now, so that what is read stays true until the commit.
    let begun = writer.begin_with("BEGIN IMMEDIATE").await;
    let tx = begun.map_err(|error| refused(&error, true))?;
    Ok(SqlTransaction::new(tx, true))
}
