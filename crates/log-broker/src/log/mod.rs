//! Partition logs on disk: segments, indexes, recovery, retention, compaction.
//!
//! [`LogDir`] owns a directory and every [`PartitionLog`] in it. Appends, reads and flushes are
//! per partition; nothing here knows requests or connections.

mod append;
mod checkpoint;
mod cleaner;
mod config;
mod error;
mod flush;
mod flusher;
mod index;
mod inspect;
mod layout;
mod log_dir;
mod lookup;
mod partition_log;
mod read;
mod recovery;
mod replay;
mod retention;
mod scan;
mod segment;
mod segment_check;
mod shared;
#[cfg(test)]
mod tests;
mod types;
mod view;

pub use crate::producer_state::ActiveProducer;
pub use config::{Cleanup, FlushPolicy, LogConfig, LogOptions, TimestampType};
pub use error::{AppendError, LogError, ReadError};
pub use log_dir::LogDir;
pub use partition_log::{PartitionLog, Waiter};
pub use types::{
    AbortedTransaction, AppendOrigin, Appended, Bounds, EpochEnd, ReadBound, ReadRecords,
    TimestampedOffset, Volume,
};
pub(crate) use types::{FileRange, FoundRecords};
