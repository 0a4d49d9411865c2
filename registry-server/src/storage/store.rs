//! The store in a database, whichever it is.

use std::sync::Arc;

use levada_registry_core::{Store, StoreError};
use levada_schema_core::SchemaType;
use sqlx::PgPool;

use super::database::Database;
use super::doubt::Doubt;
use super::error::{OpenError, failed};
use super::postgres;
use super::revision::Revision;
use super::rows::get;
use super::sqlite::{self, Lock, Readers, Writer};
use super::statements::Statement;
use super::transaction::{Connection, SqlTransaction};
use crate::metrics::PoolSize;

/// A database, and what is known of its health.
#[derive(Debug)]
pub(crate) struct SqlStore {
    connections: Connections,
    doubt: Arc<Doubt>,
}

/// Connections that write and others that read, so that reads never wait for a writer's.
#[derive(Debug)]
pub(super) enum Connections {
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
        let connections = match database {
            Database::Sqlite(path) => sqlite::open(path).await?,
            // Boxed, for it is by far the larger of the two.
            Database::Postgres(address) => Box::pin(postgres::open(address)).await?,
        };
        Ok(Self { connections, doubt: Arc::default() })
    }

    /// Makes sure that the database takes changes, unless the last one that was tried was stored.
    pub(crate) async fn check_writable(&self) -> Result<(), StoreError> {
        if !self.doubt.is_raised() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        // Nothing less than a change makes the database write.
        tx.touch_settings().await?;
        tx.finish().await
    }

    /// The number of the state, where no other process can change it. Reads that begin later see
    /// this state or a later one.
    pub(crate) fn revision(&self) -> Option<u64> {
        match &self.connections {
            Connections::Sqlite { revision, .. } => revision.now(),
            Connections::Postgres { .. } => None,
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
        let [(writers, idle_writers), (readers, idle_readers)] = match &self.connections {
            Connections::Sqlite { writer, readers, .. } => {
                [(1, usize::from(writer.is_idle())), readers.size()]
            }
            Connections::Postgres { writers, readers } => [writers, readers].map(|connections| {
                let all = usize::try_from(connections.size()).unwrap_or(usize::MAX);
                (all, connections.num_idle())
            }),
        };
        [size("writers", writers, idle_writers), size("readers", readers, idle_readers)]
    }

    /// Closes every connection; what the database defers to its end is done before.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        match &self.connections {
            Connections::Sqlite { writer, readers, .. } => {
                sqlite::close(writer, readers).await.map_err(failed)
            }
            Connections::Postgres { writers, readers } => {
                readers.close().await;
                writers.close().await;
                Ok(())
            }
        }
    }
}

impl Connections {
    async fn write(&self, in_group: bool) -> Result<SqlTransaction, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                let writing = if in_group { writer.join().await? } else { writer.begin().await? };
                Ok(SqlTransaction::new(Connection::WriteSqlite(writing)))
            }
            Self::Postgres { writers, .. } => postgres::write(writers).await,
        }
    }
}

impl SqlStore {
    async fn begin(&self, in_group: bool) -> Result<SqlTransaction, StoreError> {
        let begun = self.connections.write(in_group).await;
        let begun = begun.inspect_err(|error| self.doubt.note(error))?;
        Ok(begun.noted_in(&self.doubt))
    }
}

impl Store for SqlStore {
    type Read = SqlTransaction;
    type Write = SqlTransaction;

    async fn read(&self) -> Result<SqlTransaction, StoreError> {
        match &self.connections {
            Connections::Sqlite { readers, .. } => {
                Ok(SqlTransaction::new(Connection::ReadSqlite(readers.begin().await?)))
            }
            Connections::Postgres { readers, .. } => postgres::read(readers).await,
        }
    }

    async fn write(&self) -> Result<SqlTransaction, StoreError> {
        self.begin(false).await
    }

    async fn write_in_group(&self) -> Result<SqlTransaction, StoreError> {
        self.begin(true).await
    }
}
