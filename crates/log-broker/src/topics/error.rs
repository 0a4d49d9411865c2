//! Why a topic could not be made, changed or removed; each variant has one error code.

use kafka_protocol::ResponseError;

use crate::log::LogError;

#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum TopicError {
    #[error("topic name '{name}' is invalid: {reason}")]
    InvalidName { name: String, reason: &'static str },
    #[error("topic '{name}' collides with topic '{other}': '.' and '_' are not told apart")]
    Collision { name: String, other: String },
    #[error("topic '{name}' exists already")]
    Exists { name: String },
    #[error("topic '{name}' does not exist")]
    Unknown { name: String },
    #[error("partition count {count} must be at least 1")]
    PartitionCount { count: i32 },
    #[error("topic '{name}' has {current} partitions; {wanted} would not be more")]
    NotMore { name: String, current: usize, wanted: i32 },
    #[error("{wanted} more would exceed the limit of {max} {what}")]
    TooMany { what: &'static str, wanted: usize, max: usize },
    // As Apache Kafka says it.
    #[error("Unknown topic config name: {name}")]
    UnknownConfig { name: String },
    // As Apache Kafka says it.
    #[error("Can't {operation} to key {name} because its type is not LIST.")]
    NoList { name: String, operation: &'static str },
    #[error("invalid value '{value}' for topic config '{name}': {reason}")]
    InvalidConfig { name: String, value: String, reason: String },
    #[error("storage failed: {0}")]
    Storage(#[from] LogError),
    #[error("cannot write {path}: {reason}")]
    File { path: String, reason: String },
    #[error("the change was interrupted by a fault of the broker")]
    Interrupted,
}

impl TopicError {
    pub(crate) fn response_error(&self) -> ResponseError {
        match self {
            Self::InvalidName { .. } | Self::Collision { .. } => {
                ResponseError::InvalidTopicException
            }
            Self::Exists { .. } => ResponseError::TopicAlreadyExists,
            Self::Unknown { .. } => ResponseError::UnknownTopicOrPartition,
            Self::PartitionCount { .. } | Self::NotMore { .. } => ResponseError::InvalidPartitions,
            Self::TooMany { .. } => ResponseError::PolicyViolation,
            Self::UnknownConfig { .. } | Self::NoList { .. } | Self::InvalidConfig { .. } => {
                ResponseError::InvalidConfig
            }
            Self::Storage(_) | Self::File { .. } => ResponseError::KafkaStorageError,
            Self::Interrupted => ResponseError::UnknownServerError,
        }
    }
}
