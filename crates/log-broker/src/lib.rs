//! log-broker

pub mod clock;
pub mod log;
