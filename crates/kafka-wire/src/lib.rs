//! kafka-wire

pub mod record_batch;
