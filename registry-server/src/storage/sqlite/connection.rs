//! Statements, run in the thread that asks: most take microseconds, less than the way to another
//! thread and back. What may take longer is run where other tasks do not wait for it.

use std::sync::Arc;

use rusqlite::types::{FromSql, Value as Found};
use rusqlite::{CachedStatement, Connection, Error, Rows};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::storage::statements::Statement;

/// So many rows are read before the other tasks of the thread are moved away from it.
const ROWS_AT_ONCE: usize = 64;

/// A row with the names of its columns, which all rows of an answer share.
#[derive(Debug)]
pub(in crate::storage) struct SqliteRow {
    columns: Arc<[String]>,
    values: Vec<Found>,
}

impl SqliteRow {
    pub(in crate::storage) fn get<T: FromSql>(&self, column: &str) -> Result<T, Error> {
        let at = self.columns.iter().position(|name| name == column);
        let value = at.and_then(|at| self.values.get(at));
        let value = value.ok_or_else(|| Error::InvalidColumnName(column.to_owned()))?;
        T::column_result(value.into()).map_err(|error| {
            Error::FromSqlConversionFailure(at.unwrap_or_default(), value.data_type(), error.into())
        })
    }
}

/// Runs a statement without values or rows.
pub(super) fn execute(connection: &Connection, text: &'static str) -> Result<(), Error> {
    connection.prepare_cached(text)?.raw_execute().map(drop)
}

pub(super) fn rows(
    connection: &Connection,
    statement: &Statement<'_>,
) -> Result<Vec<SqliteRow>, Error> {
    if statement.is_long() {
        aside(|| ask(connection, statement))
    } else {
        ask(connection, statement)
    }
}

fn ask(connection: &Connection, statement: &Statement<'_>) -> Result<Vec<SqliteRow>, Error> {
    let mut prepared = connection.prepare_cached(statement.text())?;
    bind(&mut prepared, statement)?;
    let mut answer = Answer { columns: None, rows: prepared.raw_query(), found: Vec::new() };
    if !answer.read(ROWS_AT_ONCE)? {
        aside(|| answer.read(usize::MAX))?;
    }
    Ok(answer.found)
}

/// Binds `$1`, `$2`, … by their numbers; the database itself counts them as they first occur.
fn bind(prepared: &mut CachedStatement<'_>, statement: &Statement<'_>) -> Result<(), Error> {
    let wanted = prepared.parameter_count();
    for at in 1..=wanted {
        let name = prepared.parameter_name(at).and_then(|name| name.strip_prefix('$'));
        let number = name.and_then(|number| number.parse::<usize>().ok());
        let value = number.and_then(|number| statement.values().get(number.wrapping_sub(1)));
        let value = value.ok_or(Error::InvalidParameterCount(statement.values().len(), wanted))?;
        prepared.raw_bind_parameter(at, value)?;
    }
    Ok(())
}

struct Answer<'a> {
    /// Known from the first row on: most questions of a registration have none.
    columns: Option<Arc<[String]>>,
    rows: Rows<'a>,
    found: Vec<SqliteRow>,
}

impl Answer<'_> {
    /// Reads up to `most` rows; whether there are no more.
    fn read(&mut self, most: usize) -> Result<bool, Error> {
        for _ in 0..most {
            let Some(row) = self.rows.next()? else { return Ok(true) };
            let names = || row.as_ref().column_names().into_iter().map(str::to_owned).collect();
            let columns = Arc::clone(self.columns.get_or_insert_with(names));
            let values = (0..columns.len()).map(|at| row.get(at));
            let values = values.collect::<Result<_, _>>()?;
            self.found.push(SqliteRow { columns, values });
        }
        Ok(false)
    }
}

/// Ends the transaction that is open, if one is, without its changes.
pub(super) fn roll_back(connection: &Connection) -> Result<(), Error> {
    if connection.is_autocommit() { Ok(()) } else { execute(connection, "ROLLBACK") }
}

/// Runs what takes long, after the other tasks of this thread were given to another one. A runtime
/// of a single thread has no other, and waits.
pub(super) fn aside<T>(work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    match flavor {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
