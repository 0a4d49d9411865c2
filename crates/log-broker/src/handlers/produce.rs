//! Produce (0), versions 3–13; advertised from 0.
//!
//! - Batches are appended in the order of arrival, one after the other, as slices of the frame.
//! - acks=1 answers after the write; acks=-1 after the flush, while later requests of the
//!   connection are executed; acks=0 answers with nothing, and an error closes the connection.
//! - An append whose outcome is unknown closes the connection: any answer might be a lie.
//! - Batches of a transaction are written while it is open and holds their partition, checked and
//!   appended in one step; v12 (KIP-890) makes the partition part of the transaction by itself.
//! - v7 is the first that may carry zstd; v8 names the error in words; v9 is flexible; v11
//!   knows `TRANSACTION_ABORTABLE`; v13 names topics by id.
//!
//! The advertised floor of 0 is for clients that take it for "compression is understood"; Apache
//! Kafka does the same. Requests below 3 are closed upon. Parsed by hand, so it takes bytes.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{ApiKey, ProduceResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use levada_kafka_wire::produce::{ProducePartition, ProduceRequest, ProduceTopic};
use levada_kafka_wire::record_batch::BatchHeader;
use uuid::Uuid;

use super::txn_fields::abortable_since;
use crate::broker::Broker;
use crate::log::{AppendError, AppendOrigin, Appended, LogError, PartitionLog, Volume};
use crate::net::{Api, Call, CloseReason, Outcome, Reply};
use crate::topics::is_internal;
use crate::txn::{Caller, Partitions, Protocol};

pub(crate) const API: Api = Api { key: ApiKey::Produce, versions: 3..=13, advertised: 0..=13 };

const ACKS_NONE: i16 = 0;
const ACKS_LEADER: i16 = 1;
const ACKS_ALL: i16 = -1;
const ZSTD: u8 = 4;
const ZSTD_SINCE: i16 = 7;
const WORDS_SINCE: i16 = 8;
const ABORTABLE_SINCE: i16 = 11;
const ADDS_ITSELF: i16 = 12;
const TOPIC_IDS: i16 = 13;

/// What became of one partition's batch.
struct Written {
    index: i32,
    result: Result<(Arc<PartitionLog>, Appended), Refused>,
}

/// A definite error: the batch is not in the log and never will be.
struct Refused {
    error: ResponseError,
    message: String,
    /// The records it is about, by their place in the batch; empty when it is about the batch.
    records: Vec<BatchIndexAndErrorMessage>,
}

pub(crate) async fn run(
    broker: Arc<Broker>,
    call: Call,
    body: Bytes,
) -> Result<Outcome, CloseReason> {
    let request = ProduceRequest::read(&body, call.api_version)?;
    let acks = request.acks;
    let added = add_to_transaction(&broker, &call, &request).await?;
    let written = write_all(&broker, &call, &request, added)?;
    match acks {
        ACKS_NONE => silent(&written),
        ACKS_ALL => Ok(Outcome::Later(Box::pin(async move {
            await_flush(&written).await?;
            answer(&broker, &call, written)
        }))),
        _ => answer(&broker, &call, written),
    }
}

/// A topic as the request names it.
#[derive(Debug, Clone)]
struct Named {
    name: Bytes,
    id: Uuid,
}

type WrittenTopic = (Named, Vec<Written>);

/// Makes the partitions of transactional batches part of their transaction, in the versions that
/// do so. Batches are appended only when that is durable: else a power cut could leave records
/// that no transaction knows of.
async fn add_to_transaction(
    broker: &Broker,
    call: &Call,
    request: &ProduceRequest,
) -> Result<Result<(), ResponseError>, CloseReason> {
    let Some(id) = request.transactional_id().filter(|_| call.api_version >= ADDS_ITSELF) else {
        return Ok(Ok(()));
    };
    let mut caller = None;
    let mut partitions = Partitions::new();
    for topic in &request.topics {
        let Ok(name) = topic_name(broker, call, topic) else { continue };
        for partition in &topic.partitions {
            let batch = partition.records.as_deref().unwrap_or_default();
            let header = BatchHeader::parse(batch).ok().filter(BatchHeader::is_transactional);
            let is_known = broker.topics.partition(&name, partition.index).is_ok();
            if let Some(header) = header.filter(|_| is_known && !is_internal(&name)) {
                caller = Some(caller_of(&header));
                partitions.entry(name.clone()).or_default().insert(partition.index);
            }
        }
    }
    let Some(caller) = caller else { return Ok(Ok(())) };
    Ok(broker.transactions.add(id, caller, &partitions, Protocol::V2).await?)
}

fn caller_of(header: &BatchHeader) -> Caller {
    Caller { producer_id: header.producer_id, epoch: header.producer_epoch }
}

fn write_all(
    broker: &Broker,
    call: &Call,
    request: &ProduceRequest,
    added: Result<(), ResponseError>,
) -> Result<Vec<WrittenTopic>, CloseReason> {
    let whole = check_acks(request).and(added.map_err(|error| transaction_error(call, error)));
    let id = request.transactional_id();
    let write_topic = |topic: &ProduceTopic| {
        let name = whole.and_then(|()| topic_name(broker, call, topic));
        let partitions = topic.partitions.iter().map(|partition| {
            let result = match &name {
                Err(error) => Err(Refused::new(*error)),
                Ok(name) => write(broker, call, id, name, partition)?,
            };
            Ok(Written { index: partition.index, result })
        });
        // A slice would keep the whole request in memory until its answer.
        let name = Bytes::copy_from_slice(&topic.name);
        let named = Named { name, id: Uuid::from_bytes(topic.id) };
        Ok((named, partitions.collect::<Result<_, CloseReason>>()?))
    };
    request.topics.iter().map(write_topic).collect()
}

/// The name of a topic that the request names, or names by id.
fn topic_name(broker: &Broker, call: &Call, topic: &ProduceTopic) -> Result<String, ResponseError> {
    if call.api_version < TOPIC_IDS {
        return Ok(String::from_utf8_lossy(&topic.name).into_owned());
    }
    let found = broker.topics.by_id(Uuid::from_bytes(topic.id));
    found.map(|topic| topic.name.clone()).ok_or(ResponseError::UnknownTopicId)
}

fn check_acks(request: &ProduceRequest) -> Result<(), ResponseError> {
    match request.acks {
        ACKS_NONE | ACKS_LEADER | ACKS_ALL => Ok(()),
        _ => Err(ResponseError::InvalidRequiredAcks),
    }
}

/// What a refusal of the transaction is called on this path.
fn transaction_error(call: &Call, error: ResponseError) -> ResponseError {
    match abortable_since(ABORTABLE_SINCE, call.api_version, error) {
        ResponseError::ProducerFenced => ResponseError::InvalidProducerEpoch,
        // Retriable for every client, which the true name is not here.
        ResponseError::ConcurrentTransactions | ResponseError::CoordinatorNotAvailable => {
            ResponseError::NotEnoughReplicas
        }
        other => other,
    }
}

/// Appends one batch. The outer error closes the connection.
fn write(
    broker: &Broker,
    call: &Call,
    transactional_id: Option<&str>,
    name: &str,
    partition: &ProducePartition,
) -> Result<Result<(Arc<PartitionLog>, Appended), Refused>, CloseReason> {
    let log = match broker.topics.partition(name, partition.index) {
        _ if is_internal(name) => {
            return Ok(Err(Refused::new(ResponseError::InvalidTopicException)));
        }
        Ok(log) => log,
        Err(error) => return Ok(Err(Refused::new(error))),
    };
    let batch = partition.records.as_deref().unwrap_or_default();
    let append = || log.append(batch, AppendOrigin::Client);
    let appended = check_batch(call, batch).and_then(|transactional| {
        let Some(caller) = transactional else { return Ok(append()) };
        let id = transactional_id.ok_or(ResponseError::InvalidTxnState)?;
        let place = Partitions::from([(name.to_owned(), [partition.index].into())]);
        let within = broker.transactions.within(id, caller, &place, append);
        within.map_err(|error| transaction_error(call, error))
    });
    let appended = match appended {
        Ok(appended) => appended,
        Err(error) => return Ok(Err(Refused::new(error))),
    };
    match appended {
        Ok(appended) => {
            // A retry of what is there adds nothing to the log.
            if !appended.is_duplicate {
                let volume = Volume::of(batch);
                broker.metrics.traffic.produced(volume);
                log.traffic().produced(volume);
            }
            Ok(Ok((log, appended)))
        }
        Err(AppendError::OutcomeUnknown(reason)) => Err(CloseReason::Storage(reason)),
        Err(error) => Ok(Err(Refused::of(name, partition.index, error))),
    }
}

/// What depends on the request and not on the log: who wrote the batch, if it is part of a
/// transaction. A header that does not parse is the log's to refuse.
fn check_batch(call: &Call, batch: &[u8]) -> Result<Option<Caller>, ResponseError> {
    let Ok(header) = BatchHeader::parse(batch) else { return Ok(None) };
    if header.codec_id() == ZSTD && call.api_version < ZSTD_SINCE {
        return Err(ResponseError::UnsupportedCompressionType);
    }
    Ok(header.is_transactional().then(|| caller_of(&header)))
}

fn response_error(error: &AppendError) -> ResponseError {
    match error {
        AppendError::Corrupt(_) => ResponseError::CorruptMessage,
        AppendError::InvalidRecord(_)
        | AppendError::UnreadableRecords { .. }
        | AppendError::KeylessRecords { .. } => ResponseError::InvalidRecord,
        AppendError::TooLarge { .. } => ResponseError::MessageTooLarge,
        AppendError::LargerThanSegment { .. } => ResponseError::RecordListTooLarge,
        AppendError::OutOfOrderSequence { .. } => ResponseError::OutOfOrderSequenceNumber,
        AppendError::OutsideTransaction { .. } => ResponseError::InvalidTxnState,
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

fn answer(
    broker: &Broker,
    call: &Call,
    written: Vec<WrittenTopic>,
) -> Result<Outcome, CloseReason> {
    let response = response(call, written);
    broker.metrics.answered(call.api_key, &response);
    Ok(Outcome::Reply(Reply::encode(call, &response)?))
}

fn response(call: &Call, written: Vec<WrittenTopic>) -> ProduceResponse {
    let topics = written.into_iter().map(|(topic, partitions)| {
        let partitions = partitions.into_iter().map(|written| of_partition(call, written));
        let response =
            TopicProduceResponse::default().with_partition_responses(partitions.collect());
        match call.api_version {
            TOPIC_IDS.. => response.with_topic_id(topic.id),
            _ => response.with_name(TopicName(StrBytes::from_utf8(topic.name).unwrap_or_default())),
        }
    });
    ProduceResponse::default().with_responses(topics.collect())
}

fn of_partition(call: &Call, written: Written) -> PartitionProduceResponse {
    let answer = PartitionProduceResponse::default().with_index(written.index);
    match written.result {
        Ok((_, appended)) => answer
            .with_base_offset(appended.base_offset)
            .with_log_append_time_ms(appended.log_append_time.unwrap_or(-1))
            .with_log_start_offset(appended.log_start_offset),
        Err(Refused { error, message, records }) => {
            let has_words = call.api_version >= WORDS_SINCE;
            let message = has_words.then(|| StrBytes::from_string(message));
            let records = if has_words { records } else { Vec::new() };
            answer
                .with_record_errors(records)
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
        Self { error, message: error.to_string(), records: Vec::new() }
    }

    fn of(topic: &str, partition: i32, error: AppendError) -> Self {
        let (message, code) = (error.to_string(), response_error(&error));
        let (AppendError::KeylessRecords { indexes }
        | AppendError::TimestampOutOfRange { indexes, .. }) = error
        else {
            return Self { error: code, message, records: Vec::new() };
        };
        let reason = StrBytes::from_string(format!("{message}: {topic}-{partition}"));
        let named = |index| {
            BatchIndexAndErrorMessage::default()
                .with_batch_index(index)
                .with_batch_index_error_message(Some(reason.clone()))
        };
        Self { error: code, message, records: indexes.into_iter().map(named).collect() }
    }
}
