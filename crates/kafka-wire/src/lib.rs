//! kafka-wire

pub mod compression;
pub mod record_batch;
pub mod varint;
