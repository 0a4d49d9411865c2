//! `PostgreSQL`: connecting, what durability rests on there, and the order of writers.
//!
//! A node may be one of many. Whoever writes locks one row first, so one transaction writes at a
//! time over all nodes, as in a `SQLite` file: what it reads stays true until its commit, and no
//! two writers can wait for each other. Readers see one instant and wait for nobody.

use std::time::Duration;

use levada_registry_core::{Secret, StoreError};
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, Row};

use super::database::postgres_options;
use super::error::{OpenError, refused};
use super::examine::Examination;
use super::migrations;
use super::statements::Statement;
use super::store::Connections;
use super::transaction::{Connection, SqlTransaction};

/// Connections of a node that read.
const READERS: u32 = 8;
/// Connections of a node that write: one does, the other is there to follow it at once.
const WRITERS: u32 = 2;
/// How long a request waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// What the server holds every transaction to. A statement waits this long for other writers at
/// most; a node that has vanished or hangs holds them up for no longer than the second.
const SESSION: [(&str, &str); 2] =
    [("statement_timeout", "30s"), ("idle_in_transaction_session_timeout", "60s")];
/// Nothing may come between an answer and the disk.
const DURABLE: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];

/// Connects, and brings the schema of the database up to date.
pub(super) async fn open(address: &Secret) -> Result<Connections, OpenError> {
    let (options, name, mut first) = connect(address).await?;
    migrations::run(migrations::POSTGRES, &mut first, &name).await?;
    let failed = |error| unreachable(&name, &error);
    first.close().await.map_err(failed)?;
    let options = options.options(SESSION);
    let pool =
        |max| PoolOptions::<Postgres>::new().max_connections(max).acquire_timeout(ACQUIRE_TIMEOUT);
    let writers = pool(WRITERS).connect_with(options.clone()).await.map_err(failed)?;
    let readers = pool(READERS).connect_with(options).await.map_err(failed)?;
    Ok(Connections::Postgres { writers, readers })
}

/// A look at the database beside the servers that may be using it: nothing is changed.
pub(super) async fn examine(address: &Secret) -> Result<Examination, OpenError> {
    let (_, database, mut connection) = connect(address).await?;
    let failed = |error: sqlx::Error| OpenError::Database {
        database: database.clone(),
        message: error.to_string(),
    };
    let is_used: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
    let mut steps = None;
    if is_used {
        let newest = "SELECT max(version) FROM _sqlx_migrations WHERE success";
        steps = sqlx::query_scalar(newest).fetch_one(&mut connection).await.map_err(failed)?;
    }
    let (steps, steps_known) = (steps.unwrap_or_default(), migrations::newest_step());
    Ok(Examination { steps, steps_known, damage: Vec::new() })
}

/// The first connection to a server that is fit to keep a registry, with what it was made of and the
/// name of the database.
async fn connect(address: &Secret) -> Result<(PgConnectOptions, String, PgConnection), OpenError> {
    let mut options = postgres_options(address)?;
    let name = name(&options);
    if options.get_application_name().is_none() {
        options = options.application_name("levada");
    }
    let connected =
        tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&options)).await;
    let connected = connected.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    let mut first = connected.map_err(|error| unreachable(&name, &error))?;
    check_server(&mut first, &name).await?;
    Ok((options, name, first))
}

fn unreachable(database: &str, error: &sqlx::Error) -> OpenError {
    OpenError::Connect { database: database.to_owned(), message: error.to_string() }
}

/// The database as errors name it: all of the address but the password.
fn name(options: &PgConnectOptions) -> String {
    let user = options.get_username();
    let name = options.get_database().unwrap_or(user);
    let socket = options.get_socket().map(|path| path.display().to_string());
    let host = socket.as_deref().unwrap_or(options.get_host());
    format!("postgres://{user}@{host}:{}/{name}", options.get_port())
}

/// Refuses a server that could lose an answered change, or takes none.
async fn check_server(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let failed = |error: sqlx::Error| OpenError::Database {
        database: database.to_owned(),
        message: error.to_string(),
    };
    let query = "SELECT pg_is_in_recovery(), current_setting('server_encoding')";
    let row = sqlx::query(query).fetch_one(&mut *connection).await.map_err(failed)?;
    if row.try_get(0).map_err(failed)? {
        return Err(OpenError::Standby { database: database.to_owned() });
    }
    let found: String = row.try_get(1).map_err(failed)?;
    if found != "UTF8" {
        return Err(OpenError::Encoding { database: database.to_owned(), found });
    }
    for setting in DURABLE {
        let query = sqlx::query_scalar("SELECT current_setting($1)").bind(setting);
        let value: String = query.fetch_one(&mut *connection).await.map_err(failed)?;
        if value == "off" {
            return Err(OpenError::UnsafeServer { database: database.to_owned(), setting });
        }
    }
    Ok(())
}

pub(super) async fn read(readers: &PgPool) -> Result<SqlTransaction, StoreError> {
    let tx = readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
    let tx = tx.map_err(|error| refused(&error, false))?;
    Ok(SqlTransaction::new(Connection::ReadPostgres(tx)))
}

pub(super) async fn write(writers: &PgPool) -> Result<SqlTransaction, StoreError> {
    // Under READ COMMITTED every statement after the lock sees what the writer before has committed.
    let tx = writers.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await;
    let tx = tx.map_err(|error| refused(&error, true))?;
    let mut tx = SqlTransaction::new(Connection::WritePostgres(tx));
    let lock = Statement::new("SELECT revision FROM settings_revision FOR UPDATE");
    match tx.rows(lock).await?.len() {
        1 => Ok(tx),
        _ => Err(StoreError::new("the row that writers lock is missing")),
    }
}
