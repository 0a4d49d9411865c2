//! Opening the database: one process, the settings that durability rests on, the newest schema.

use std::borrow::Cow;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Executor, Row, SqlSafeStr, Sqlite, SqlitePool};

use super::sqlite::SqliteStore;

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// Every step of the database's schema, in order. A step that has shipped is never changed.
const MIGRATIONS: [(i64, &str, &str); 5] = [
    (1, "create registry", include_str!("../../../migrations/sqlite/0001_create_registry.sql")),
    (2, "unlist contexts", include_str!("../../../migrations/sqlite/0002_unlist_contexts.sql")),
    (3, "add rule sets", include_str!("../../../migrations/sqlite/0003_add_rule_sets.sql")),
    (
        4,
        "create associations",
        include_str!("../../../migrations/sqlite/0004_create_associations.sql"),
    ),
    (
        5,
        "create encryption keys",
        include_str!("../../../migrations/sqlite/0005_create_encryption_keys.sql"),
    ),
];

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("cannot use the directory {}: {source}; check that it exists and is writable", path.display())]
    Directory { path: PathBuf, source: std::io::Error },
    #[error("the database {} is in use by another process; stop that one first", path.display())]
    Locked { path: PathBuf },
    #[error("the database {} was written by a newer version of this program; upgrade, or restore a backup", path.display())]
    Newer { path: PathBuf },
    #[error("the database {} does not keep {setting}={wanted} but {found}; its file system cannot hold a registry", path.display())]
    Unsafe { path: PathBuf, setting: &'static str, wanted: &'static str, found: String },
    #[error("cannot open the database {}: {message}", path.display())]
    Database { path: PathBuf, message: String },
}

/// Opens or creates the database at `path`.
pub(super) async fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    let lock = lock(path)?;
    let failed = |error: sqlx::Error| OpenError::Database {
        path: path.to_owned(),
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
    migrate(&writer, path).await?;
    let readers =
        pool(READERS).connect_with(options.pragma("query_only", "ON")).await.map_err(failed)?;
    Ok(SqliteStore::new(writer, readers, lock))
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
            path: path.to_owned(),
            message: error.to_string(),
        };
        let row = pool.fetch_one(statement).await.map_err(failed)?;
        let found = match row.try_get::<String, _>(0) {
            Ok(text) => text,
            Err(_) => row.try_get::<i64, _>(0).map_err(failed)?.to_string(),
        };
        if found != wanted {
            return Err(OpenError::Unsafe { path: path.to_owned(), setting, wanted, found });
        }
    }
    Ok(())
}

async fn migrate(pool: &SqlitePool, path: &Path) -> Result<(), OpenError> {
    let steps = MIGRATIONS.map(|(version, description, sql)| {
        let description = Cow::Borrowed(description);
        Migration::new(version, description, MigrationType::Simple, sql.into_sql_str(), false)
    });
    let migrator = Migrator { migrations: Cow::Owned(steps.to_vec()), ..Migrator::DEFAULT };
    migrator.run(pool).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::VersionMissing(_) => {
            OpenError::Newer { path: path.to_owned() }
        }
        other => OpenError::Database { path: path.to_owned(), message: other.to_string() },
    })
}
