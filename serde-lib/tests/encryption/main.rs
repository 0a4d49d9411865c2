//! Rules that encrypt, against the real registry in this process and KMSs that the tests start.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod aws;
#[path = "../contract/mod.rs"]
mod contract;
mod dead_letters;
mod driver;
mod fields;
mod formats;
mod keys;
mod orders;
#[path = "../server/mod.rs"]
mod server;
mod stand_in;
mod vault;
