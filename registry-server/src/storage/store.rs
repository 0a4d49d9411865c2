//! The store in a database, whichever it is.

use std::sync::Arc;

use levada_registry_core::{Store, StoreError};
use levada_schema_core::SchemaType;
use sqlx::PgPool;

use super::database::Database;
use super::error::{OpenError, failed};
use super::postgres;
use super::revision::Revision;
use super::rows::get;
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

    /// How many schemas of each type there are.
    pub(crate) async fn schema_counts(&self) -> Result<[(SchemaType, i64); 3], StoreError> {
        // Each part is counted in an index that holds the type.
        let query = Statement::new(
            "SELECT COUNT(CASE schema_type WHEN 'AVRO' THEN 1 END) AS avro,
                    COUNT(CASE schema_type WHEN 'JSON' THEN 1 END) AS json,
                    COUNT(CASE schema_type WHEN 'PROTOBUF' THEN 1 END) AS protobuf
             FROM schemas WHERE NOT imported
             UNION ALL SELECT COUNT(CASE schema_type WHEN 'AVRO' THEN 1 END),
                              COUNT(CASE schema_type WHEN 'JSON' THEN 1 END),
                              COUNT(CASE schema_type WHEN 'PROTOBUF' THEN 1 END)
             FROM schemas WHERE imported",
        );
        let mut read = self.read().await?;
        let parts = read.all(query.long(), |row| {
            Ok([get::<i64>(row, "avro")?, get(row, "json")?, get(row, "protobuf")?])
        });
        let [avro, json, protobuf] = parts
            .await?
            .into_iter()
            .fold([0; 3], |sum, part| std::array::from_fn(|at| sum[at] + part[at]));
        Ok([(SchemaType::Avro, avro), (SchemaType::Json, json), (SchemaType::Protobuf, protobuf)])
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
