//! Produce (0), versions 3–9; advertised from 0.
//!
//! - Batches are appended in the order of arrival, one after the other, as slices of the frame.
//! - acks=1 answers after the write; acks=-1 after the flush, while later requests of the
//!   connection are executed; acks=0 answers with nothing, and an error closes the connection.
//! - An append whose outcome is unknown closes the connection: any answer might be a lie.
//! - v7 is the first that may carry zstd; v8 names the error in words; v9 is flexible.
//!
//! The advertised floor of 0 is for clients that take it for "compression is understood"; Apache
//! Kafka does the same. Requests below 3 are closed upon. Parsed by hand, so it takes bytes.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ApiKey, ProduceResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use levada_kafka_wire::produce::{ProducePartition, ProduceRequest, ProduceTopic};
use levada_kafka_wire::record_batch::BatchHeader;

use crate::broker::Broker;
use crate::log::{AppendError, AppendOrigin, Appended, LogError, PartitionLog};
use crate::net::{Api, Call, CloseReason, Outcome, Reply};
use crate::topics::is_internal;

pub(crate) const API: Api = Api { key: ApiKey::Produce, versions: 3..=9, advertised: 0..=9 };

const ACKS_NONE: i16 = 0;
const ACKS_LEADER: i16 = 1;
const ACKS_ALL: i16 = -1;
const ZSTD: u8 = 4;
const ZSTD_SINCE: i16 = 7;

/// What became of one partition's batch.
struct Written {
    index: i32,
    result: Result<(Arc<PartitionLog>, Appended), Refused>,
}

/// A definite error: the batch is not in the log and never will be.
struct Refused {
    error: ResponseError,
    message: String,
}

pub(crate) async fn run(
    broker: Arc<Broker>,
    call: Call,
    body: Bytes,
) -> Result<Outcome, CloseReason> {
    let request = ProduceRequest::read(&body, call.api_version)?;
    let acks = request.acks;
    let written = write_all(&broker, &call, &request)?;
    match acks {
        ACKS_NONE => silent(&written),
        ACKS_ALL => Ok(Outcome::Later(Box::pin(async move {
            await_flush(&written).await?;
            Ok(Outcome::Reply(Reply::encode(&call, &response(&call, written))?))
        }))),
        _ => Ok(Outcome::Reply(Reply::encode(&call, &response(&call, written))?)),
    }
}

type WrittenTopic = (Bytes, Vec<Written>);

fn write_all(
    broker: &Broker,
    call: &Call,
    request: &ProduceRequest,
) -> Result<Vec<WrittenTopic>, CloseReason> {
    let whole = check_request(request);
    let write_topic = |topic: &ProduceTopic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let result = match &whole {
                Err(error) => Err(Refused::new(*error)),
                Ok(()) => write(broker, call, &topic.name, partition)?,
            };
            Ok(Written { index: partition.index, result })
        });
        Ok((topic.name.clone(), partitions.collect::<Result<_, CloseReason>>()?))
    };
    request.topics.iter().map(write_topic).collect()
}

fn check_request(request: &ProduceRequest) -> Result<(), ResponseError> {
    if ![ACKS_NONE, ACKS_LEADER, ACKS_ALL].contains(&request.acks) {
        return Err(ResponseError::InvalidRequiredAcks);
    }
    // There is no transaction coordinator that could have begun one.
    match request.transactional_id {
        Some(_) => Err(ResponseError::InvalidTxnState),
        None => Ok(()),
    }
}

/// Appends one batch. The outer error closes the connection.
fn write(
    broker: &Broker,
    call: &Call,
    topic: &[u8],
    partition: &ProducePartition,
) -> Result<Result<(Arc<PartitionLog>, Appended), Refused>, CloseReason> {
    let name = std::str::from_utf8(topic).unwrap_or_default();
    let log = match broker.topics.partition(name, partition.index) {
        _ if is_internal(name) => {
            return Ok(Err(Refused::new(ResponseError::InvalidTopicException)));
        }
        Ok(log) => log,
        Err(error) => return Ok(Err(Refused::new(error))),
    };
    let batch = partition.records.as_deref().unwrap_or_default();
    if let Err(error) = check_batch(call, batch) {
        return Ok(Err(Refused::new(error)));
    }
    match log.append(batch, AppendOrigin::Client) {
        Ok(appended) => Ok(Ok((log, appended))),
        Err(AppendError::OutcomeUnknown(reason)) => Err(CloseReason::Storage(reason)),
        Err(error) => {
            Ok(Err(Refused { error: response_error(&error), message: error.to_string() }))
        }
    }
}

/// What depends on the request and not on the log. A header that does not parse is the log's to
/// refuse.
fn check_batch(call: &Call, batch: &[u8]) -> Result<(), ResponseError> {
    let Ok(header) = BatchHeader::parse(batch) else { return Ok(()) };
    if header.codec_id() == ZSTD && call.api_version < ZSTD_SINCE {
        return Err(ResponseError::UnsupportedCompressionType);
    }
    if header.is_transactional() {
        return Err(ResponseError::InvalidTxnState);
    }
    Ok(())
}

fn response_error(error: &AppendError) -> ResponseError {
    match error {
        AppendError::Corrupt(_) => ResponseError::CorruptMessage,
        AppendError::InvalidRecord(_) => ResponseError::InvalidRecord,
        AppendError::TooLarge { .. } => ResponseError::MessageTooLarge,
        AppendError::LargerThanSegment { .. } => ResponseError::RecordListTooLarge,
        AppendError::OutOfOrderSequence { .. } => ResponseError::OutOfOrderSequenceNumber,
        AppendError::DuplicateSequence { .. } => ResponseError::DuplicateSequenceNumber,
        AppendError::InvalidProducerEpoch { .. } => ResponseError::InvalidProducerEpoch,
        AppendError::TimestampOutOfRange { .. } => ResponseError::InvalidTimestamp,
        AppendError::Deleted => ResponseError::UnknownTopicOrPartition,
        AppendError::Storage(_) | AppendError::OutcomeUnknown(_) => {
            ResponseError::KafkaStorageError
        }
    }
}

/// acks=0: closing is the only way to say that something went wrong.
fn silent(written: &[WrittenTopic]) -> Result<Outcome, CloseReason> {
    let mut results = written.iter().flat_map(|(_, partitions)| partitions);
    match results.find_map(|partition| partition.result.as_ref().err()) {
        None => Ok(Outcome::Silent),
        Some(refused) => Err(CloseReason::Unacknowledged(refused.error)),
    }
}

async fn await_flush(written: &[WrittenTopic]) -> Result<(), CloseReason> {
    for partition in written.iter().flat_map(|(_, partitions)| partitions) {
        let Ok((log, appended)) = &partition.result else { continue };
        match log.flushed(appended.last_offset).await {
            // The batch was written and went with its topic: that is no failed write.
            Ok(()) | Err(LogError::Deleted) => {}
            Err(reason) => return Err(CloseReason::Storage(reason)),
        }
    }
    Ok(())
}

fn response(call: &Call, written: Vec<WrittenTopic>) -> ProduceResponse {
    let topics = written.into_iter().map(|(name, partitions)| {
        let name = StrBytes::from_utf8(name).unwrap_or_default();
        let partitions = partitions.into_iter().map(|written| answer(call, written));
        TopicProduceResponse::default()
            .with_name(TopicName(name))
            .with_partition_responses(partitions.collect())
    });
    ProduceResponse::default().with_responses(topics.collect())
}

fn answer(call: &Call, written: Written) -> PartitionProduceResponse {
    let answer = PartitionProduceResponse::default().with_index(written.index);
    match written.result {
        Ok((_, appended)) => answer
            .with_base_offset(appended.base_offset)
            .with_log_append_time_ms(appended.log_append_time.unwrap_or(-1))
            .with_log_start_offset(appended.log_start_offset),
        Err(Refused { error, message }) => {
            let message = (call.api_version >= 8).then(|| StrBytes::from_string(message));
            answer
                .with_error_code(error.code())
                .with_base_offset(-1)
                .with_log_append_time_ms(-1)
                .with_log_start_offset(-1)
                .with_error_message(message)
        }
    }
}

impl Refused {
    fn new(error: ResponseError) -> Self {
        Self { error, message: error.to_string() }
    }
}
