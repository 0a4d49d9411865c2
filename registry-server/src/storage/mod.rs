//! Where the registry's state is kept: one `SQLite` file, used by one process.

mod open;
mod rows;
mod sqlite;
#[cfg(test)]
mod tests;

pub(crate) use open::OpenError;
pub(crate) use sqlite::SqliteStore;
