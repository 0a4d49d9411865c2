//! A `PostgreSQL` server for tests: the real one, in a temporary folder, on a free port, with the
//! settings of production, gone when the process that started it is.

mod programs;
mod server;

pub use server::PostgresServer;

/// The name of the one user, who may do anything.
pub const USER: &str = "levada";
/// Passwords are asked for, as in production.
pub const PASSWORD: &str = "levada-secret";
