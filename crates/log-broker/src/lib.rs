//! log-broker

pub mod clock;
pub mod io;
pub mod log;
mod producer_state;
