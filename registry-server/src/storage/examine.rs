//! A look at a database beside the server that may be using it: nothing is changed.

use super::database::Database;
use super::{postgres, sqlite};

/// How a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// The newest step that it has taken; 0 where no server has used it yet.
    pub steps: i64,
    /// The newest step that this program knows.
    pub steps_known: i64,
    /// What is wrong with a `SQLite` file, which is read as a whole; empty where nothing is. How a
    /// `PostgreSQL` keeps its files is its own business.
    pub damage: Vec<String>,
}

/// `Err` says why it is no database that can be read, or, of `PostgreSQL`, none that a registry can
/// be kept in.
pub async fn examine(database: &Database) -> Result<Examination, String> {
    match database {
        Database::Sqlite(path) => sqlite::examine(path).map_err(|error| error.to_string()),
        Database::Postgres(address) => {
            postgres::examine(address).await.map_err(|error| error.to_string())
        }
    }
}
