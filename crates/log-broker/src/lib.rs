//! log-broker
