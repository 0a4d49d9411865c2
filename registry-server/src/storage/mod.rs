//! Where the registry's state is kept: in a `SQLite` file, used by one process, or in a
//! `PostgreSQL` database that several share.
//!
//! The statements are the same for both; what differs is how a database is opened and how a
//! transaction begins.

mod associations;
mod audit;
mod database;
mod doubt;
mod error;
mod examine;
mod keys;
mod migrations;
mod postgres;
mod reads;
mod revision;
mod rows;
mod sqlite;
mod statements;
mod store;
#[cfg(test)]
mod tests;
mod transaction;
mod writes;

pub use database::{Database, InvalidDatabase};
pub(crate) use error::OpenError;
pub use examine::{Examination, examine};
pub(crate) use store::SqlStore;
