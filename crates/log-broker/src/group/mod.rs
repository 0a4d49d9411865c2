//! Consumer groups: who belongs to a group, who leads it, and how far it has read.
//!
//! The rules are pure (`classic/`, `consumer/`, `offsets.rs`): events and a time go in, answers and records
//! come out, and replaying the records gives the same state back. [`GroupCoordinator`] is the thin
//! edge that writes the records to `__consumer_offsets` and answers once they are durable.

mod cell;
pub(crate) mod classic;
mod clockwork;
pub(crate) mod committed;
mod compaction;
mod config;
pub(crate) mod consumer;
mod consumer_edge;
mod coordinator;
pub(crate) mod describe;
pub(crate) mod offsets;
mod offsets_log;
mod open;
mod pending;
pub(crate) mod record;
pub(crate) mod state;
mod subscription;
#[cfg(test)]
mod tests;
mod timers;
mod transactional;

pub use self::config::GroupConfig;
pub(crate) use self::coordinator::GroupCoordinator;
pub(crate) use self::offsets_log::OFFSETS_TOPIC;
pub(crate) use self::open::open;
