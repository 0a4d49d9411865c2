//! The root and what the server says of itself.

use std::collections::BTreeMap;

use axum::extract::State;
use levada_registry_api::{ClusterIdDocument, ClusterScope, DeploymentDocument, VersionDocument};
use serde_json::{Map, Value};

use super::extract::Body;
use super::reply::{Answer, Json};
use super::route::{Route, get, post};
use crate::app::AppState;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "/",
            [
                get(root, "getRoot", "An empty object"),
                post(post_root, "postRoot", "An empty object"),
            ],
        ),
        Route::new(
            "/v1/metadata/id",
            [get(cluster_id, "getClusterId", "Where the registry belongs")],
        ),
        Route::new(
            "/v1/metadata/version",
            [get(version, "getServerVersion", "The server's version")],
        ),
        Route::new(
            "/v1/metadata/deployment",
            [get(deployment, "getDeployment", "Attributes of the deployment")],
        ),
    ]
}

/// GET `/`
pub(super) async fn root() -> Answer<Map<String, Value>> {
    Ok(Json(Map::new()))
}

/// POST `/` takes any object.
pub(super) async fn post_root(_: Body<Map<String, Value>>) -> Answer<Map<String, Value>> {
    Ok(Json(Map::new()))
}

/// GET `/v1/metadata/id`
pub(super) async fn cluster_id(State(app): State<AppState>) -> Answer<ClusterIdDocument> {
    let clusters = BTreeMap::from([
        ("kafka-cluster".to_owned(), app.cluster.kafka.clone()),
        ("schema-registry-cluster".to_owned(), app.cluster.registry.clone()),
    ]);
    Ok(Json(ClusterIdDocument { scope: ClusterScope { path: Vec::new(), clusters } }))
}

/// GET `/v1/metadata/version`
pub(super) async fn version() -> Answer<VersionDocument> {
    Ok(Json(VersionDocument {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit_id: option_env!("LEVADA_COMMIT_ID").unwrap_or("unknown").to_owned(),
    }))
}

/// GET `/v1/metadata/deployment`
pub(super) async fn deployment() -> Answer<DeploymentDocument> {
    Ok(Json(DeploymentDocument { attributes: Vec::new() }))
}
