//! Why a question to a broker has no answer.

use std::time::Duration;

use kafka_protocol::error::ResponseError;
use levada_kafka_wire::WireError;
use levada_kafka_wire::compression::CompressionError;
use levada_kafka_wire::record_batch::{BatchError, RecordError};

/// Why a question to a broker has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KafkaError {
    /// An address that is not `host:port`.
    #[error("'{0}' is no address of a broker; it takes the form HOST:PORT")]
    InvalidAddress(String),
    /// No address that was given leads to a broker.
    #[error("cannot reach a broker at {address}: {reason}")]
    Unreachable { address: String, reason: String },
    /// The first broker names another one that cannot be reached.
    #[error(
        "cannot reach broker {node} at {address}, the address that the brokers themselves give for \
         it: {reason}. It is set by advertised.listeners (levada: --kafka-advertise) and must \
         lead to the broker from here"
    )]
    UnreachableNode { node: i32, address: String, reason: String },
    /// The connection broke while a request was under way.
    #[error(
        "{address} ended the connection ({reason}); this is what a listener that wants TLS or a \
         login does"
    )]
    Disconnected { address: String, reason: String },
    /// No answer in time.
    #[error("{address} did not answer {request} within {} s", waited.as_secs())]
    TimedOut { address: String, request: String, waited: Duration },
    /// What came back is nothing that a broker says.
    #[error("{address} does not answer as a Kafka broker does: {reason}")]
    InvalidAnswer { address: String, reason: String },
    /// The broker is too old, or too new.
    #[error("{address} does not serve {request} in a version from {min} to {max}")]
    Unsupported { address: String, request: String, min: i16, max: i16 },
    /// The broker understood, and refuses.
    #[error("{what}: {} ({}){}", code_name(*code), code.code(), said(message))]
    Refused { what: String, code: ResponseError, message: String },
    /// A batch of records that cannot be read.
    #[error("cannot read the records of {topic}-{partition} from offset {offset} on: {reason}")]
    UnreadableRecords { topic: String, partition: i32, offset: i64, reason: String },
    /// A record or a request that the protocol has no room for.
    #[error("{what} cannot be sent: {reason}")]
    Unsendable { what: String, reason: String },
    /// Nobody knows whether records were written.
    #[error("{what} may be written or not: {reason}")]
    OutcomeUnknown { what: String, reason: String },
    /// The cluster does not have the partition, or nobody leads it.
    #[error("partition {partition} of topic '{topic}' {reason}")]
    NoLeader { topic: String, partition: i32, reason: &'static str },
    /// The cluster has no such topic.
    #[error("there is no topic '{0}'; 'levada topic list' shows those that are there")]
    NoTopic(String),
    /// The cluster has no such group.
    #[error("there is no group '{0}'; 'levada group list' shows those that are there")]
    NoGroup(String),
}

impl KafkaError {
    /// An error code of an answer as a result; `what` says what was asked for.
    pub(crate) fn check(code: i16, what: impl FnOnce() -> String) -> Result<(), Self> {
        Self::check_with(code, None, what)
    }

    /// As [`Self::check`], with the broker's own words.
    pub(crate) fn check_with(
        code: i16,
        message: Option<&str>,
        what: impl FnOnce() -> String,
    ) -> Result<(), Self> {
        ResponseError::try_from_code(code).map_or(Ok(()), |code| {
            let message = message.unwrap_or_default().to_owned();
            Err(Self::Refused { what: what(), code, message })
        })
    }

    /// Whether the same question may have an answer in a moment: coordinators load, leaders move.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            // A topic that is not there is mostly a name that was mistyped.
            Self::Refused { code: ResponseError::UnknownTopicOrPartition, .. } => false,
            Self::Refused { code, .. } => code.is_retriable(),
            Self::NoLeader { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn is(&self, wanted: ResponseError) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == wanted)
    }
}

/// What is wrong with a batch.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableBatch {
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error(transparent)]
    Compression(#[from] CompressionError),
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What is wrong with a frame.
pub(crate) fn no_frame(address: &str, error: &WireError) -> KafkaError {
    let (address, reason) = (address.to_owned(), error.to_string());
    KafkaError::InvalidAnswer { address, reason }
}

/// The name that Kafka's documentation has for a code: `UNKNOWN_TOPIC_OR_PARTITION`.
fn code_name(code: ResponseError) -> String {
    if let ResponseError::Unknown(_) = code {
        return "an error that this levada does not know".to_owned();
    }
    let mut name = String::new();
    for letter in code.to_string().chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_tells_what_was_asked_the_name_of_the_code_and_the_brokers_words() {
        let told = |message| {
            KafkaError::check_with(36, message, || "topic 'a'".to_owned()).unwrap_err().to_string()
        };
        assert_eq!(told(None), "topic 'a': TOPIC_ALREADY_EXISTS (36)");
        assert_eq!(told(Some("taken")), "topic 'a': TOPIC_ALREADY_EXISTS (36): taken");
        assert!(KafkaError::check(0, String::new).is_ok());
    }
}
