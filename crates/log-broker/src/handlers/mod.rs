//! What the broker answers: one file an api key, named as the key.
//!
//! Each file declares `API` (key and versions) and `async fn handle(&Broker, &Call, Request) ->
//! Response`; `net/dispatch.rs` holds the table. Produce, Fetch and `ApiVersions` take bytes and
//! answer with an `Outcome` instead, each for a reason named in its file.

#![allow(clippy::unused_async, reason = "the table holds one shape of handler, waiting or not")]

mod authorized;
mod group_fields;
mod leader_epoch;

pub(crate) mod api_versions;
pub(crate) mod create_topics;
pub(crate) mod delete_groups;
pub(crate) mod delete_topics;
pub(crate) mod describe_cluster;
pub(crate) mod describe_groups;
pub(crate) mod fetch;
pub(crate) mod find_coordinator;
pub(crate) mod heartbeat;
pub(crate) mod init_producer_id;
pub(crate) mod join_group;
pub(crate) mod leave_group;
pub(crate) mod list_groups;
pub(crate) mod list_offsets;
pub(crate) mod metadata;
pub(crate) mod offset_commit;
pub(crate) mod offset_delete;
pub(crate) mod offset_fetch;
pub(crate) mod produce;
pub(crate) mod sync_group;
