//! What the broker answers: one file an api key, named as the key.
//!
//! Each file declares `API` (key and versions) and `async fn handle(&Broker, &Call, Request) ->
//! Response`; `net/dispatch.rs` holds the table. Produce, Fetch and `ApiVersions` take bytes and
//! answer with an `Outcome` instead, each for a reason named in its file.

#![allow(clippy::unused_async, reason = "the table holds one shape of handler, waiting or not")]

mod authorized;
mod config_resource;
mod group_fields;
#[cfg(test)]
mod group_tests;
mod leader_epoch;
mod repeated;
mod txn_fields;

pub(crate) mod add_offsets_to_txn;
pub(crate) mod add_partitions_to_txn;
pub(crate) mod alter_configs;
pub(crate) mod alter_partition_reassignments;
pub(crate) mod api_versions;
pub(crate) mod consumer_group_describe;
pub(crate) mod consumer_group_heartbeat;
pub(crate) mod create_partitions;
pub(crate) mod create_topics;
pub(crate) mod delete_groups;
pub(crate) mod delete_records;
pub(crate) mod delete_topics;
pub(crate) mod describe_cluster;
pub(crate) mod describe_configs;
pub(crate) mod describe_groups;
pub(crate) mod describe_log_dirs;
pub(crate) mod describe_producers;
pub(crate) mod describe_topic_partitions;
pub(crate) mod describe_transactions;
pub(crate) mod elect_leaders;
pub(crate) mod end_txn;
pub(crate) mod fetch;
pub(crate) mod find_coordinator;
pub(crate) mod heartbeat;
pub(crate) mod incremental_alter_configs;
pub(crate) mod init_producer_id;
pub(crate) mod join_group;
pub(crate) mod leave_group;
pub(crate) mod list_groups;
pub(crate) mod list_offsets;
pub(crate) mod list_partition_reassignments;
pub(crate) mod list_transactions;
pub(crate) mod metadata;
pub(crate) mod offset_commit;
pub(crate) mod offset_delete;
pub(crate) mod offset_fetch;
pub(crate) mod offset_for_leader_epoch;
pub(crate) mod produce;
pub(crate) mod sync_group;
pub(crate) mod txn_offset_commit;
pub(crate) mod write_txn_markers;

use kafka_protocol::ResponseError;

use crate::log::ReadError;

/// What a failed read is to a client.
fn read_error(error: &ReadError) -> ResponseError {
    match error {
        ReadError::OffsetOutOfRange { .. } => ResponseError::OffsetOutOfRange,
        ReadError::Deleted => ResponseError::UnknownTopicOrPartition,
        ReadError::Storage(_) => ResponseError::KafkaStorageError,
    }
}
