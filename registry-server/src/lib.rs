//! The schema registry's HTTP server: the rules of registry-core behind the REST API.
//!
//! [`start`] opens the database, binds the address and serves until
//! [`RunningRegistry::shutdown`]. `http/` turns requests into use cases and their results into
//! answers; `storage/` keeps the state. No rule of the registry is decided in this crate.

mod answers;
mod app;
mod connections;
mod http;
mod limits;
mod metrics;
mod server;
mod storage;

pub use levada_registry_core::Secret;
pub use limits::HttpLimits;
pub use prometheus_client::collector::Collector;
pub use server::{
    AUDIT_RETENTION_DAYS, BODY_BYTES_MAX, RunningRegistry, Settings, ShutdownError, StartError,
    start,
};
pub use storage::{Database, Examination, InvalidDatabase, examine};
