//! Transactions: who may write in one, which partitions it has, and how it ends.
//!
//! The rules are pure (`machine.rs`): a transaction, a request and a time go in, the next
//! transaction and an answer come out, and replaying the records of `__transaction_state` gives
//! the same transactions back. [`TransactionCoordinator`] is the thin edge that writes records
//! and markers and answers once they are durable.
//!
//! ```text
//!          add partitions          end, time-out, fence             markers written
//!  Empty ─────────────────▶ Ongoing ─────────────────▶ Prepared ───────────────────▶ Completed
//!    ▲                         ▲                                                       │  │
//!    │                         └────────────────── add partitions ─────────────────────┘  │
//!    └───────────────────────────────── init producer id ─────────────────────────────────┘
//! ```
//! What is prepared is decided: after a crash it is rolled forward. What is ongoing stays open
//! until its producer goes on or its time is up.

mod compaction;
mod config;
mod coordinator;
mod machine;
mod markers;
mod record;
mod state_log;
#[cfg(test)]
mod tests;
mod timers;
mod transaction;
mod view;

pub use self::config::TransactionConfig;
pub(crate) use self::coordinator::TransactionCoordinator;
pub(crate) use self::machine::{Caller, Claim, EndRequest};
pub(crate) use self::transaction::{Outcome, Partitions, Protocol};
pub(crate) use self::view::TransactionView;
