//! The store in a database, whichever it is.

use std::str::FromStr;
use std::sync::Arc;

use levada_registry_core::{Store, StoreError};
use levada_schema_core::SchemaType;
use sqlx::PgPool;

use super::database::Database;
use super::error::{OpenError, failed};
use super::postgres;
use super::revision::Revision;
use super::rows::{Row, get};
use super::sqlite::{self, Lock, Readers, Writer};
use super::statements::Statement;
use super::transaction::{Connection, SqlTransaction};
use crate::metrics::PoolSize;

/// Connections that write and others that read, so that reads never wait for a writer's.
#[derive(Debug)]
pub(crate) enum SqlStore {
    /// With the lock that keeps other processes away.
    Sqlite {
        writer: Writer,
        readers: Readers,
        revision: Arc<Revision>,
        _lock: Lock,
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

    /// The number of the state, where no other process can change it. Reads that begin later see
    /// this state or a later one.
    pub(crate) fn revision(&self) -> Option<u64> {
        match self {
            Self::Sqlite { revision, .. } => revision.now(),
            Self::Postgres { .. } => None,
        }
    }

    /// How many schemas of each type there are; none of a type that is left out.
    pub(crate) async fn schema_counts(&self) -> Result<Vec<(SchemaType, i64)>, StoreError> {
        let query = "SELECT schema_type, COUNT(*) AS count FROM schemas GROUP BY schema_type";
        let count = |row: &Row| {
            let schema_type =
                SchemaType::from_str(&get::<String>(row, "schema_type")?).map_err(failed)?;
            Ok((schema_type, get(row, "count")?))
        };
        self.read().await?.all(Statement::new(query).long(), count).await
    }

    /// The pools of connections as they are now.
    pub(crate) fn pools(&self) -> [PoolSize; 2] {
        let size = |pool, all: usize, idle| PoolSize { pool, idle, busy: all.saturating_sub(idle) };
        let [(writers, idle_writers), (readers, idle_readers)] = match self {
            Self::Sqlite { writer, readers, .. } => {
                [(1, usize::from(writer.is_idle())), readers.size()]
            }
            Self::Postgres { writers, readers } => [writers, readers].map(|connections| {
                let all = usize::try_from(connections.size()).unwrap_or(usize::MAX);
                (all, connections.num_idle())
            }),
        };
        [size("writers", writers, idle_writers), size("readers", readers, idle_readers)]
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
            Self::Sqlite { readers, .. } => {
                Ok(SqlTransaction::new(Connection::ReadSqlite(readers.begin().await?)))
            }
            Self::Postgres { readers, .. } => postgres::read(readers).await,
        }
    }

    async fn write(&self) -> Result<SqlTransaction, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                Ok(SqlTransaction::new(Connection::WriteSqlite(writer.begin().await?)))
            }
            Self::Postgres { writers, .. } => postgres::write(writers).await,
        }
    }

    async fn write_in_group(&self) -> Result<SqlTransaction, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                Ok(SqlTransaction::new(Connection::WriteSqlite(writer.join().await?)))
            }
            Self::Postgres { .. } => self.write().await,
        }
    }
}
