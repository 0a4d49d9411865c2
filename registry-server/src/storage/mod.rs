//! Where the registry's state is kept: one `SQLite` file, used by one process.

mod associations;
mod keys;
mod open;
mod rows;
mod sqlite;
mod statements;
#[cfg(test)]
mod tests;

pub(crate) use open::OpenError;
pub(crate) use sqlite::SqliteStore;
