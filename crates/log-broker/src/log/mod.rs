//! Partition logs on disk: segments, indexes, recovery, retention.
//!
//! [`LogDir`] owns a directory and every [`PartitionLog`] in it. Appends, reads and flushes are
//! per partition; nothing here knows requests or connections.

mod config;
mod error;
mod log_dir;
mod partition_log;
mod types;

pub use config::{FlushPolicy, LogConfig, LogOptions, TimestampType};
pub use error::{AppendError, LogError, ReadError};
pub use log_dir::LogDir;
pub use partition_log::{PartitionLog, Waiter};
pub use types::{
    AbortedTransaction, AppendOrigin, Appended, Bounds, EpochEnd, ReadBound, ReadRecords,
    TimestampedOffset,
};
