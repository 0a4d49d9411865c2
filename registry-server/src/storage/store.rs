//! The store in a database, whichever it is.

use std::fs::File;

use levada_registry_core::{Store, StoreError};
use sqlx::{PgPool, SqlitePool};

use super::database::Database;
use super::error::{OpenError, failed};
use super::transaction::SqlTransaction;
use super::{postgres, sqlite};

/// Connections that write and others that read, so that reads never wait for a writer's.
#[derive(Debug)]
pub(crate) enum SqlStore {
    /// With the lock that keeps other processes away.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        _lock: File,
    },
    Postgres {
        writers: PgPool,
        readers: PgPool,
    },
}

impl SqlStore {
    /// Opens or creates the database.
    pub(crate) async fn open(database: &Database) -> Result<Self, OpenError> {
        match database {
            Database::Sqlite(path) => sqlite::open(path).await,
            // Boxed, for it is by far the larger of the two.
            Database::Postgres(address) => Box::pin(postgres::open(address)).await,
        }
    }

    /// Closes every connection; what the database defers to its end is done before.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { writer, readers, .. } => {
                sqlite::close(writer, readers).await.map_err(failed)
            }
            Self::Postgres { writers, readers } => {
                readers.close().await;
                writers.close().await;
                Ok(())
            }
        }
    }
}

impl Store for SqlStore {
    type Read = SqlTransaction;
    type Write = SqlTransaction;

    async fn read(&self) -> Result<SqlTransaction, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => sqlite::read(readers).await,
            Self::Postgres { readers, .. } => postgres::read(readers).await,
        }
    }

    async fn write(&self) -> Result<SqlTransaction, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => sqlite::write(writer).await,
            Self::Postgres { writers, .. } => postgres::write(writers).await,
        }
    }
}
