//! `ListOffsets` (2), versions 1–10.
//!
//! - Timestamp −1: the end of what the reader may see, with all that was acknowledged before, −2: the
//!   log start; from 0: the first record at or after that time, offset −1 when there is none.
//! - v7 −3: the first record with the largest timestamp; v8 −4: the first record on this machine,
//!   which is the log start; v9 −5: the last one moved elsewhere, and none is. Else error 35.
//! - v2 isolation level (committed readers see up to the last stable offset), v4 leader epochs,
//!   v6 flexible.

use kafka_protocol::ResponseError::{self, KafkaStorageError};
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ApiKey, ListOffsetsRequest, ListOffsetsResponse};

use super::{leader_epoch, read_error};
use crate::broker::Broker;
use crate::log::{PartitionLog, TimestampedOffset};
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::ListOffsets, 1..=10);

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const LARGEST_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const READ_COMMITTED: i8 = 1;

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: ListOffsetsRequest,
) -> ListOffsetsResponse {
    let is_committed = request.isolation_level == READ_COMMITTED;
    let mut topics = Vec::new();
    for topic in request.topics {
        let mut partitions = Vec::new();
        for asked in &topic.partitions {
            let found = match broker.topics.partition(&topic.name, asked.partition_index) {
                Ok(log) => find(call, &log, asked, is_committed).await,
                Err(error) => Err(error),
            };
            partitions.push(answer(call, asked.partition_index, found));
        }
        let topic = ListOffsetsTopicResponse::default().with_name(topic.name);
        topics.push(topic.with_partitions(partitions));
    }
    ListOffsetsResponse::default().with_topics(topics)
}

async fn find(
    call: &Call,
    log: &PartitionLog,
    asked: &ListOffsetsPartition,
    is_committed: bool,
) -> Result<Option<TimestampedOffset>, ResponseError> {
    leader_epoch::check(asked.current_leader_epoch, log)?;
    if matches!(asked.timestamp, LATEST | LARGEST_TIMESTAMP | 0..) {
        // What was acknowledged before the question counts; acks=1 does not wait for the disk.
        let appended = log.bounds().log_end_offset;
        log.flushed(appended - 1).await.map_err(|_| KafkaStorageError)?;
    }
    let bounds = log.bounds();
    let end = if is_committed { bounds.last_stable_offset } else { bounds.high_watermark };
    let at = |offset| {
        Ok(Some(TimestampedOffset { offset, timestamp: -1, leader_epoch: bounds.leader_epoch }))
    };
    match asked.timestamp {
        LATEST => at(end),
        EARLIEST => at(bounds.log_start_offset),
        LARGEST_TIMESTAMP if call.api_version >= 7 => {
            let found = log.max_timestamp().map_err(|error| read_error(&error))?;
            Ok(found.filter(|found| !is_committed || found.offset < end))
        }
        EARLIEST_LOCAL if call.api_version >= 8 => at(bounds.log_start_offset),
        LATEST_TIERED if call.api_version >= 9 => Ok(None),
        ..EARLIEST => Err(ResponseError::UnsupportedVersion),
        timestamp => {
            let found = log.offset_for_timestamp(timestamp).map_err(|error| read_error(&error))?;
            Ok(found.filter(|found| found.offset < end))
        }
    }
}

fn answer(
    call: &Call,
    index: i32,
    found: Result<Option<TimestampedOffset>, ResponseError>,
) -> ListOffsetsPartitionResponse {
    let nothing = ListOffsetsPartitionResponse::default()
        .with_partition_index(index)
        .with_timestamp(-1)
        .with_offset(-1);
    match found {
        Err(error) => nothing.with_error_code(error.code()),
        Ok(None) => nothing,
        Ok(Some(found)) => {
            let epoch = if call.api_version >= 4 { found.leader_epoch } else { -1 };
            nothing
                .with_timestamp(found.timestamp)
                .with_offset(found.offset)
                .with_leader_epoch(epoch)
        }
    }
}
