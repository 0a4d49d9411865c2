//! The table of served api keys: one row a handler file.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::Decodable;

use super::reply::{BoxFuture, CloseReason};
use super::{Api, Call, Outcome, Reply};
use crate::broker::Broker;
use crate::handlers::{self as h};

type Run = fn(Arc<Broker>, Call, Bytes) -> BoxFuture<Result<Outcome, CloseReason>>;

struct Route {
    api: Api,
    run: Run,
}

/// A handler file with `API` and `async fn handle(&Broker, &Call, Request) -> Response`.
macro_rules! route {
    ($handler:path) => {{
        use $handler as handler;
        Route {
            api: handler::API,
            run: |broker, call, body| {
                Box::pin(async move {
                    let request = decode(&call, &body)?;
                    let response = handler::handle(&broker, &call, request).await;
                    broker.metrics.answered(call.api_key, &response);
                    Ok(Outcome::Reply(Reply::encode(&call, &response)?))
                })
            },
        }
    }};
}

/// As [`route`], for a `handle` whose answer may have to stay away: it returns
/// `Result<Response, CloseReason>`.
macro_rules! fallible_route {
    ($handler:path) => {{
        use $handler as handler;
        Route {
            api: handler::API,
            run: |broker, call, body| {
                Box::pin(async move {
                    let request = decode(&call, &body)?;
                    let response = handler::handle(&broker, &call, request).await?;
                    broker.metrics.answered(call.api_key, &response);
                    Ok(Outcome::Reply(Reply::encode(&call, &response)?))
                })
            },
        }
    }};
}

/// A handler file with `API` and its own
/// `async fn run(Arc<Broker>, Call, Bytes) -> Result<Outcome, CloseReason>`.
macro_rules! raw_route {
    ($handler:path) => {{
        use $handler as handler;
        Route {
            api: handler::API,
            run: |broker, call, body| Box::pin(handler::run(broker, call, body)),
        }
    }};
}

static ROUTES: &[Route] = &[
    raw_route!(h::produce),
    raw_route!(h::fetch),
    route!(h::list_offsets),
    route!(h::metadata),
    raw_route!(h::offset_commit),
    raw_route!(h::offset_fetch),
    route!(h::find_coordinator),
    fallible_route!(h::join_group),
    route!(h::heartbeat),
    fallible_route!(h::leave_group),
    fallible_route!(h::sync_group),
    route!(h::describe_groups),
    route!(h::list_groups),
    raw_route!(h::api_versions),
    route!(h::create_topics),
    route!(h::delete_topics),
    route!(h::delete_records),
    fallible_route!(h::init_producer_id),
    route!(h::offset_for_leader_epoch),
    fallible_route!(h::add_partitions_to_txn),
    fallible_route!(h::add_offsets_to_txn),
    fallible_route!(h::end_txn),
    fallible_route!(h::write_txn_markers),
    fallible_route!(h::txn_offset_commit),
    route!(h::describe_configs),
    route!(h::alter_configs),
    route!(h::describe_log_dirs),
    route!(h::create_partitions),
    fallible_route!(h::delete_groups),
    route!(h::elect_leaders),
    route!(h::incremental_alter_configs),
    route!(h::alter_partition_reassignments),
    route!(h::list_partition_reassignments),
    fallible_route!(h::offset_delete),
    route!(h::describe_cluster),
    route!(h::describe_producers),
    route!(h::describe_transactions),
    route!(h::list_transactions),
    fallible_route!(h::consumer_group_heartbeat),
    route!(h::consumer_group_describe),
    route!(h::describe_topic_partitions),
];

/// What is served, in the order of the table.
pub(crate) fn apis() -> impl Iterator<Item = &'static Api> {
    ROUTES.iter().map(|route| &route.api)
}

/// Executes one request. An error closes the connection: no client can read an answer in a
/// version that it did not ask for. `ApiVersions` decides about its versions itself.
pub(crate) async fn execute(
    broker: Arc<Broker>,
    call: Call,
    body: Bytes,
) -> Result<Outcome, CloseReason> {
    let (key, version) = (call.api_key, call.api_version);
    let route = ROUTES.iter().find(|route| route.api.key as i16 == key);
    let route = route.ok_or(CloseReason::UnknownKey { key })?;
    if !route.api.versions.contains(&version) && key != h::api_versions::API.key as i16 {
        return Err(CloseReason::UnknownVersion { key, version });
    }
    (route.run)(broker, call, body).await
}

/// A body in the version that was asked for, none of its counts believed.
pub(crate) fn decode<R: Decodable>(call: &Call, body: &Bytes) -> Result<R, CloseReason> {
    let (api_key, version) = (call.api_key, call.api_version);
    let key = ApiKey::try_from(api_key).map_err(|()| CloseReason::UnknownKey { key: api_key })?;
    Ok(levada_kafka_wire::decode::decode(key, version, body)?)
}
