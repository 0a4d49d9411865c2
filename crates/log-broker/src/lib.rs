//! log-broker

pub mod clock;
mod group;
pub mod log;
