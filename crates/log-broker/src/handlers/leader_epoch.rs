//! What a client's idea of the leader epoch means for its request.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::FetchPartition;

use crate::log::PartitionLog;

/// −1 is "do not check" (KIP-320).
pub(crate) fn check(claimed: i32, log: &PartitionLog) -> Result<(), ResponseError> {
    let current = log.bounds().leader_epoch;
    match claimed {
        -1 => Ok(()),
        _ if claimed < current => Err(ResponseError::FencedLeaderEpoch),
        _ if claimed > current => Err(ResponseError::UnknownLeaderEpoch),
        _ => Ok(()),
    }
}

/// Where the reader's log and ours part, if they do: the records it has read up to
/// `fetch_offset` in `last_fetched_epoch` are not those we hold (KIP-595).
pub(crate) fn divergence(asked: &FetchPartition, log: &PartitionLog) -> Option<(i32, i64)> {
    if asked.last_fetched_epoch < 0 {
        return None;
    }
    let end = log.offset_for_leader_epoch(asked.last_fetched_epoch)?;
    let parts = end.leader_epoch < asked.last_fetched_epoch || end.end_offset < asked.fetch_offset;
    parts.then_some((end.leader_epoch, end.end_offset))
}
