//! What producer and consumer share: errors of the Kafka client, work off the runtime's threads.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::Error;

/// Stands where a builder still lacks a serializer or deserializer.
#[derive(Clone, Copy, Debug)]
pub struct Unset;

impl From<KafkaError> for Error {
    fn from(error: KafkaError) -> Self {
        let is_retriable = error.rdkafka_error_code().is_some_and(is_passing);
        Self::Kafka { reason: error.to_string(), is_retriable }
    }
}

/// Conditions that end by themselves: brokers away, leaders moving, queues full.
pub(crate) fn is_passing(code: Code) -> bool {
    matches!(
        code,
        Code::AllBrokersDown
            | Code::BrokerNotAvailable
            | Code::BrokerTransportFailure
            | Code::CoordinatorLoadInProgress
            | Code::CoordinatorNotAvailable
            | Code::LeaderNotAvailable
            | Code::MessageTimedOut
            | Code::NetworkException
            | Code::NotCoordinator
            | Code::NotEnoughReplicas
            | Code::NotEnoughReplicasAfterAppend
            | Code::NotLeaderForPartition
            | Code::OperationTimedOut
            | Code::QueueFull
            | Code::RebalanceInProgress
            | Code::RequestTimedOut
    )
}

/// Runs a call of the Kafka client that waits inside C code.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(call).await {
        Ok(result) => Ok(result?),
        Err(failure) => Err(Error::Kafka {
            reason: format!("the task that waited for it did not finish: {failure}"),
            is_retriable: false,
        }),
    }
}
