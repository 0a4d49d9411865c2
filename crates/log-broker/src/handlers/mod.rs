//! What the broker answers: one file an api key, named as the key.
//!
//! Each file declares `API` (key and versions) and `async fn handle(&Broker, &Call, Request) ->
//! Response`; `net/dispatch.rs` holds the table. Produce, Fetch and `ApiVersions` take bytes and
//! answer with an `Outcome` instead, each for a reason named in its file.

pub(crate) mod api_versions;
pub(crate) mod delete_groups;
pub(crate) mod describe_cluster;
pub(crate) mod describe_groups;
pub(crate) mod find_coordinator;
mod group_fields;
pub(crate) mod heartbeat;
pub(crate) mod join_group;
pub(crate) mod leave_group;
pub(crate) mod list_groups;
pub(crate) mod offset_commit;
pub(crate) mod offset_delete;
pub(crate) mod offset_fetch;
pub(crate) mod sync_group;
