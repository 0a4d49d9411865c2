//! A log broker for one machine that speaks the Kafka protocol.
//!
//! [`Broker::builder`] starts one; many live in one process, each with its own data, in a directory or
//! in memory, its own port and tasks. Inside, `net` turns sockets into calls, `handlers` answers them (one file an api key),
//! `topics` knows which partitions exist, [`log`] keeps their records, `group` knows who reads
//! them and `txn` which of them stand or fall together.
//!
//! What it does not know: schemas, and whatever else the bytes of a record mean.

mod broker;
pub mod clock;
mod config;
mod fetch_sessions;
mod group;
mod handlers;
pub mod io;
pub mod log;
mod metrics;
mod net;
mod open_files;
mod pattern;
mod producer_ids;
mod producer_state;
mod record_log;
mod seeded;
mod topics;
mod txn;

pub use broker::{Broker, BrokerBuilder, RunningBroker, StartError};
pub use config::{BrokerConfig, Limits};
pub use group::GroupConfig;
pub use metrics::BrokerMetrics;
pub use txn::TransactionConfig;
