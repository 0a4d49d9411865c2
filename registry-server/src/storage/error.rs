//! What databases refuse, and what that means to whoever asked.

use std::fmt::Display;
use std::path::PathBuf;

use levada_registry_core::{StoreError, StoreErrorKind};
use rusqlite::ErrorCode;

use super::database::InvalidDatabase;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("cannot use the directory {}: {source}; check that it exists and is writable", path.display())]
    Directory { path: PathBuf, source: std::io::Error },
    #[error("the database {} is in use by another process; stop that one first", path.display())]
    Locked { path: PathBuf },
    #[error(
        "the database {database} was written by a newer version of this program; upgrade, or restore a backup"
    )]
    Newer { database: String },
    #[error("the database {} does not keep {setting}={wanted} but {found}; its file system cannot hold a registry", path.display())]
    UnsafeFile { path: PathBuf, setting: &'static str, wanted: &'static str, found: String },
    #[error(
        "the database {database} runs with {setting}=off and would lose what was answered; switch it on"
    )]
    UnsafeServer { database: String, setting: &'static str },
    #[error("the database {database} is a standby and takes no changes; name the primary")]
    Standby { database: String },
    #[error("the database {database} keeps texts as {found}; a registry needs UTF8")]
    Encoding { database: String, found: String },
    #[error(transparent)]
    Address(#[from] InvalidDatabase),
    #[error("cannot connect to the database {database}: {message}")]
    Connect { database: String, message: String },
    #[error("cannot open the database {database}: {message}")]
    Database { database: String, message: String },
}

/// A failure that says no more than what it shows.
pub(super) fn failed(error: impl Display) -> StoreError {
    StoreError::new(error.to_string())
}

/// A failure of the database before the commit: nothing was changed. A reader undoes nothing that
/// could be made again, so it never meets a conflict.
pub(super) fn refused(error: &sqlx::Error, is_write: bool) -> StoreError {
    let message = match error {
        sqlx::Error::PoolTimedOut => "no connection was free in time, or none can be made".into(),
        other => other.to_string(),
    };
    let kind = match kind(error) {
        StoreErrorKind::Conflict if !is_write => StoreErrorKind::TimedOut,
        other => other,
    };
    StoreError { kind, message }
}

/// A commit that failed. Only what the database has undone itself is known not to be stored.
pub(super) fn commit_failed(error: &sqlx::Error) -> StoreError {
    let kind = match kind(error) {
        StoreErrorKind::Conflict => StoreErrorKind::Conflict,
        _ => StoreErrorKind::OutcomeUnknown,
    };
    StoreError { kind, message: error.to_string() }
}

/// As [`refused`]; of a database with one process there is no conflict. Another program that has
/// the file open may hold its lock, for a backup.
pub(super) fn refused_by_sqlite(error: &rusqlite::Error) -> StoreError {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::TimedOut,
        Some(ErrorCode::ReadOnly) => StoreErrorKind::ReadOnly,
        _ => StoreErrorKind::Failed,
    };
    StoreError { kind, message: error.to_string() }
}

/// As [`commit_failed`].
pub(super) fn commit_failed_in_sqlite(error: &rusqlite::Error) -> StoreError {
    StoreError { kind: StoreErrorKind::OutcomeUnknown, message: error.to_string() }
}

fn kind(error: &sqlx::Error) -> StoreErrorKind {
    let sqlx::Error::Database(refusal) = error else {
        return match error {
            sqlx::Error::PoolTimedOut => StoreErrorKind::TimedOut,
            _ => StoreErrorKind::Failed,
        };
    };
    match refusal.code().as_deref() {
        // PostgreSQL's read_only_sql_transaction.
        Some("25006") => StoreErrorKind::ReadOnly,
        // serialization_failure, deadlock_detected
        Some("40001" | "40P01") => StoreErrorKind::Conflict,
        // query_canceled, lock_not_available, idle_in_transaction_session_timeout
        Some("57014" | "55P03" | "25P03") => StoreErrorKind::TimedOut,
        _ => StoreErrorKind::Failed,
    }
}
