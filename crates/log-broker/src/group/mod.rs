//! Consumer groups: who belongs to a group, who leads it, and how far it has read.
//!
//! The rules are pure (`classic/`, `offsets.rs`): events and a time go in, answers and records
//! come out, and replaying the records gives the same state back. `coordinator.rs` is the thin
//! edge that writes the records to `__consumer_offsets` and answers once they are durable.

pub(crate) mod classic;
pub(crate) mod config;
pub(crate) mod subscription;
