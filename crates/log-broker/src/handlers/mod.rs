//! What the broker answers: one file an api key, named as the key.
//!
//! Each file declares `API` (key and versions) and `async fn handle(&Broker, &Call, Request) ->
//! Response`; `net/dispatch.rs` holds the table. Produce, Fetch and `ApiVersions` take bytes and
//! answer with an `Outcome` instead, each for a reason named in its file.

pub(crate) mod api_versions;
pub(crate) mod describe_cluster;
