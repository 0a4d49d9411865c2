//! `SQLite`: one process, one writer, and the settings that durability rests on.

mod connection;
mod examine;
mod lock;
mod readers;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use levada_registry_core::{StoreError, StoreErrorKind};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, OpenFlags};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

pub(super) use connection::SqliteRow;
pub(super) use examine::examine;
pub(super) use lock::Lock;
pub(super) use readers::{Readers, Reading};
pub(super) use writer::{Writer, Writing};

use super::error::OpenError;
use super::migrations;
use super::store::Connections;

const READERS: usize = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Of each connection, filled as it reads. Fingerprints are spread over the whole of their index,
/// which the writer reads and changes; readers come from anywhere, and should find at least the
/// inner pages of every index of a million rows.
const CACHE_KIB: i64 = 8 << 10;
/// Pages of the write-ahead log that are moved into the file at a time, each once, however often it
/// was written: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4_096;
/// More statements than there are.
const STATEMENTS_KEPT: usize = 128;

/// Opens or creates the database at `path`.
pub(super) async fn open(path: &Path) -> Result<Connections, OpenError> {
    let lock = Lock::take(path)?;
    let failed = |error: Error| OpenError::Database {
        database: path.display().to_string(),
        message: error.to_string(),
    };
    let writer = connect(path).map_err(failed)?;
    writer.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(failed)?;
    check_settings(&writer, path)?;
    migrate(path).await?;
    let readers = (0..READERS).map(|_| {
        let reader = connect(path)?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(reader)
    });
    let readers = Readers::new(readers.collect::<Result<_, _>>().map_err(failed)?);
    let revision = Arc::default();
    let writer = Writer::new(writer, Arc::clone(&revision));
    Ok(Connections::Sqlite { writer, readers, revision, _lock: lock })
}

fn connect(path: &Path) -> Result<Connection, Error> {
    // A connection is used by one thread at a time, so it needs no lock of its own.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // What a savepoint may take back is kept out of files.
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // Otherwise a statement is compiled again for each value that its plan could depend on.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

/// Takes the steps to the newest schema, with a connection of its own.
async fn migrate(path: &Path) -> Result<(), OpenError> {
    let name = path.display().to_string();
    let failed = |error: sqlx::Error| OpenError::Database {
        database: path.display().to_string(),
        message: error.to_string(),
    };
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed)?;
    migrations::run(migrations::SQLITE, &mut connection, &name).await?;
    connection.close().await.map_err(failed)
}

/// Reads back what durability rests on: the database keeps silent about a setting it cannot apply.
fn check_settings(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    for (setting, wanted) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")]
    {
        let found = connection.pragma_query_value(None, setting, |row| {
            row.get::<_, String>(0)
                .or_else(|_| row.get::<_, i64>(0).map(|number| number.to_string()))
        });
        let found = found.map_err(|error| OpenError::Database {
            database: path.display().to_string(),
            message: error.to_string(),
        })?;
        if found != wanted {
            return Err(OpenError::UnsafeFile { path: path.to_owned(), setting, wanted, found });
        }
    }
    Ok(())
}

/// Moves the write-ahead log into the database file and closes every connection.
pub(super) async fn close(writer: &Writer, readers: &Readers) -> Result<(), Error> {
    readers.close();
    let Some(connection) = writer.close().await else { return Ok(()) };
    // Given are whether it was kept from it, and two numbers of pages.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)
}

/// Waits for a connection, but not for ever.
async fn in_time<T>(connection: impl Future<Output = T>) -> Result<T, StoreError> {
    let message = "no connection to the database was free in time";
    tokio::time::timeout(ACQUIRE_TIMEOUT, connection)
        .await
        .map_err(|_| StoreError { kind: StoreErrorKind::TimedOut, message: message.to_owned() })
}

fn closed() -> StoreError {
    StoreError::new("the database is closed")
}
