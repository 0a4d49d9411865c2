//! What the broker answers: one file an api key, named as the key.
//!
//! Each file declares `API` (key and versions) and `async fn handle(&Broker, &Call, Request) ->
//! Response`; `net/dispatch.rs` holds the table. Produce, Fetch and `ApiVersions` take bytes and
//! answer with an `Outcome` instead, each for a reason named in its file.

mod authorized;
mod leader_epoch;

pub(crate) mod api_versions;
pub(crate) mod create_topics;
pub(crate) mod delete_topics;
pub(crate) mod describe_cluster;
pub(crate) mod fetch;
pub(crate) mod init_producer_id;
pub(crate) mod list_offsets;
pub(crate) mod metadata;
pub(crate) mod produce;
