//! log-broker

mod group;
