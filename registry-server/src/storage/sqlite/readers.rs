//! Connections that only read. Each is lent to one transaction at a time.

use std::sync::Arc;

use levada_registry_core::StoreError;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::{SqliteRow, execute, roll_back, rows};
use super::{closed, in_time};
use crate::storage::error::refused_by_sqlite;
use crate::storage::statements::Statement;

#[derive(Clone, Debug)]
pub(crate) struct Readers {
    /// A permit for each idle connection.
    free: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    count: usize,
}

/// A connection inside a transaction, which ends when the connection is given back.
#[derive(Debug)]
pub(in crate::storage) struct Reading {
    /// There until it is given back.
    lent: Option<(Connection, OwnedSemaphorePermit)>,
    readers: Readers,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let count = connections.len();
        let free = Arc::new(Semaphore::new(count));
        Self { free, idle: Arc::new(Mutex::new(connections)), count }
    }

    /// Begins a transaction on a connection that is free. What it sees is the state at its first
    /// question.
    pub(in crate::storage) async fn begin(&self) -> Result<Reading, StoreError> {
        let permit = in_time(Arc::clone(&self.free).acquire_owned()).await?;
        let permit = permit.map_err(|_| closed())?;
        let connection = self.idle.lock().pop().ok_or_else(closed)?;
        let reading = Reading { lent: Some((connection, permit)), readers: self.clone() };
        execute(reading.connection()?, "BEGIN").map_err(|error| refused_by_sqlite(&error))?;
        Ok(reading)
    }

    /// How many there are, and how many of them are idle.
    pub(in crate::storage) fn size(&self) -> (usize, usize) {
        (self.count, self.free.available_permits())
    }

    /// Closes those that are idle; the others are closed when they are given back.
    pub(super) fn close(&self) {
        self.free.close();
        self.idle.lock().clear();
    }
}

impl Reading {
    fn connection(&self) -> Result<&Connection, StoreError> {
        self.lent.as_ref().map(|(connection, _)| connection).ok_or_else(closed)
    }

    pub(in crate::storage) fn rows(
        &self,
        statement: &Statement<'_>,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        rows(self.connection()?, statement).map_err(|error| refused_by_sqlite(&error))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let Some((connection, permit)) = self.lent.take() else { return };
        match roll_back(&connection) {
            Ok(()) if self.readers.free.is_closed() => {}
            Ok(()) => self.readers.idle.lock().push(connection),
            Err(error) => {
                // It would show an old state for ever.
                tracing::error!(%error, "a connection to the database is given up");
                permit.forget();
            }
        }
    }
}
