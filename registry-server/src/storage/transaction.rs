//! Transactions of the rules as transactions of the database.

use std::sync::Arc;

use levada_registry_core::{StoreError, StoreErrorKind};
use sqlx::{Postgres, Sqlite, Transaction};

use super::error::{commit_failed, refused};
use super::revision::Revision;
use super::rows::Row;
use super::statements::Statement;

/// A transaction of the database; dropped without a commit, it is rolled back.
#[derive(Debug)]
pub(crate) struct SqlTransaction {
    connection: Connection,
    is_write: bool,
    /// Whether a statement has failed. `PostgreSQL` would answer a commit with a silent rollback.
    has_failed: bool,
    /// Where a commit is counted.
    revision: Option<Arc<Revision>>,
}

#[derive(Debug)]
pub(super) enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl From<Transaction<'static, Sqlite>> for Connection {
    fn from(tx: Transaction<'static, Sqlite>) -> Self {
        Self::Sqlite(tx)
    }
}

impl From<Transaction<'static, Postgres>> for Connection {
    fn from(tx: Transaction<'static, Postgres>) -> Self {
        Self::Postgres(tx)
    }
}

impl SqlTransaction {
    pub(super) fn new(tx: impl Into<Connection>, is_write: bool) -> Self {
        Self { connection: tx.into(), is_write, has_failed: false, revision: None }
    }

    /// Counts the commit.
    pub(super) fn counted(mut self, revision: &Arc<Revision>) -> Self {
        self.revision = Some(Arc::clone(revision));
        self
    }

    pub(super) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        if statement.has_nul() {
            self.has_failed = true;
            let message = "a text with the character NUL cannot be stored".to_owned();
            return Err(StoreError { kind: StoreErrorKind::Unstorable, message });
        }
        let answer = match &mut self.connection {
            Connection::Sqlite(tx) => {
                let rows = statement.query::<Sqlite>().fetch_all(&mut **tx).await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            Connection::Postgres(tx) => {
                let rows = statement.query::<Postgres>().fetch_all(&mut **tx).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        };
        answer.map_err(|error| {
            self.has_failed = true;
            refused(&error, self.is_write)
        })
    }

    pub(super) async fn all<T>(
        &mut self,
        statement: Statement,
        value: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows(statement).await?.iter().map(value).collect()
    }

    pub(super) async fn one<T>(
        &mut self,
        statement: Statement,
        value: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.rows(statement).await?.first().map(value).transpose()
    }

    pub(super) async fn run(&mut self, statement: Statement) -> Result<(), StoreError> {
        self.rows(statement).await.map(drop)
    }

    /// Commits, unless something has failed before.
    pub(super) async fn finish(self) -> Result<(), StoreError> {
        if self.has_failed {
            return Err(StoreError::new("a statement of the transaction has failed"));
        }
        let _committing = self.revision.as_ref().map(Revision::commit);
        let committed = match self.connection {
            Connection::Sqlite(tx) => tx.commit().await,
            Connection::Postgres(tx) => tx.commit().await,
        };
        committed.map_err(|error| commit_failed(&error))
    }
}
