//! Transactions of the rules as transactions of the database.

use std::sync::Arc;

use levada_registry_core::{StoreError, StoreErrorKind};
use sqlx::{Postgres, Transaction};

use super::doubt::Doubt;
use super::error::{commit_failed, failed, refused};
use super::rows::Row;
use super::sqlite::{Reading, Writing};
use super::statements::Statement;

/// A transaction of the database; dropped without a commit, it is rolled back.
#[derive(Debug)]
pub(crate) struct SqlTransaction {
    connection: Connection,
    /// Whether a statement has failed. `PostgreSQL` would answer a commit with a silent rollback.
    has_failed: bool,
    /// Of one that writes.
    doubt: Option<Arc<Doubt>>,
}

#[derive(Debug)]
pub(super) enum Connection {
    ReadSqlite(Reading),
    WriteSqlite(Writing),
    ReadPostgres(Transaction<'static, Postgres>),
    WritePostgres(Transaction<'static, Postgres>),
}

impl SqlTransaction {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, has_failed: false, doubt: None }
    }

    /// As one that writes, whose outcome is noted.
    pub(super) fn noted_in(self, doubt: &Arc<Doubt>) -> Self {
        Self { doubt: Some(Arc::clone(doubt)), ..self }
    }

    pub(super) async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<Row>, StoreError> {
        if statement.has_nul() {
            self.has_failed = true;
            let message = "a text with the character NUL cannot be stored".to_owned();
            return Err(StoreError { kind: StoreErrorKind::Unstorable, message });
        }
        let in_sqlite = |rows: Vec<_>| rows.into_iter().map(Row::Sqlite).collect();
        let in_postgres = |rows: Vec<_>| rows.into_iter().map(Row::Postgres).collect();
        let answer = match &mut self.connection {
            Connection::ReadSqlite(tx) => tx.rows(&statement).map(in_sqlite),
            Connection::WriteSqlite(tx) => tx.rows(&statement).map(in_sqlite),
            Connection::ReadPostgres(tx) => {
                let rows = statement.query().fetch_all(&mut **tx).await;
                rows.map(in_postgres).map_err(|error| refused(&error, false))
            }
            Connection::WritePostgres(tx) => {
                let rows = statement.query().fetch_all(&mut **tx).await;
                rows.map(in_postgres).map_err(|error| refused(&error, true))
            }
        };
        if let Err(error) = &answer {
            self.has_failed = true;
            if let Some(doubt) = &self.doubt {
                doubt.note(error);
            }
        }
        answer
    }

    pub(super) async fn all<T>(
        &mut self,
        statement: Statement<'_>,
        value: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows(statement).await?.iter().map(value).collect()
    }

    pub(super) async fn one<T>(
        &mut self,
        statement: Statement<'_>,
        value: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.rows(statement).await?.first().map(value).transpose()
    }

    pub(super) async fn run(&mut self, statement: Statement<'_>) -> Result<(), StoreError> {
        self.rows(statement).await.map(drop)
    }

    /// Commits, unless something has failed before.
    pub(super) async fn finish(self) -> Result<(), StoreError> {
        if self.has_failed {
            return Err(StoreError::new("a statement of the transaction has failed"));
        }
        let committed = match self.connection {
            Connection::WriteSqlite(tx) => tx.finish().await,
            Connection::WritePostgres(tx) => {
                tx.commit().await.map_err(|error| commit_failed(&error))
            }
            Connection::ReadSqlite(_) | Connection::ReadPostgres(_) => {
                Err(failed("a transaction that only reads has nothing to commit"))
            }
        };
        if let Some(doubt) = &self.doubt {
            committed.as_ref().map_or_else(|error| doubt.note(error), |()| doubt.end());
        }
        committed
    }
}
