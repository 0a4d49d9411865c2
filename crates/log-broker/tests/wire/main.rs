//! A broker over real sockets: what clients send, what hostile peers send, what survives a stop.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod admin;
mod client;
mod compaction;
mod configs;
mod consumer_groups;
mod fetch_sessions;
mod hostile;
mod memory;
mod records;
mod repeated;
mod replicas;
mod sending;
mod start;
mod topic_ids;
mod topics;
mod transactions;
