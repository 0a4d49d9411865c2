//! The guide: produce, consume, evolve, secure, test. Each page is a task with a program that
//! compiles; the reference of every item says the rest.
//!
//! 1. [`produce`]: from a Rust type to records in a topic.
//! 2. [`consume`]: back again, and what to do with records that cannot be read.
//! 3. [`evolve`]: changing a type while old records and old programs are still about.
//! 4. [`secure`]: encryption, logins, messages from strangers.
//! 5. [`test`]: the whole program in `cargo test`, without Docker.
//!
//! All of it runs against `levada serve`, which is a broker and a registry in one process, or against
//! any Kafka cluster with a Confluent-compatible registry.

#[doc = include_str!("produce.md")]
pub mod produce {}
#[doc = include_str!("consume.md")]
pub mod consume {}
#[doc = include_str!("evolve.md")]
pub mod evolve {}
#[doc = include_str!("secure.md")]
pub mod secure {}
#[doc = include_str!("test.md")]
pub mod test {}
