//! Whether the process answers, and whether it can do its work: for supervisors and load balancers.

use std::time::Duration;

use axum::extract::State;
use levada_registry_api::ErrorCode;
use levada_registry_core::RegistryError;
use serde_json::{Map, Value};

use super::error::HttpError;
use super::extract::Names;
use super::reply::{Answer, Json};
use super::route::{Route, get};
use crate::app::AppState;

/// How long the database may take to answer; whoever asks will not wait as long as requests do.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::operational("/livez", get(live, "isLive", "Whether the process answers")),
        Route::operational("/readyz", get(ready, "isReady", "Whether the database works too")),
    ]
}

/// GET `/livez`: the process answers, whatever its database does. Who restarts on a failure here
/// helps; a database that is away is no reason to.
pub(super) async fn live() -> Answer<Map<String, Value>> {
    Ok(Json(Map::new()))
}

/// GET `/readyz`: the database answers too, and takes changes: where it could not store the last
/// one, it has to store another first. The error says what is wrong where it does not.
pub(super) async fn ready(State(app): State<AppState>, names: Names) -> Answer<Map<String, Value>> {
    let scope = names.subject();
    let asked = tokio::time::timeout(READY_TIMEOUT, async {
        app.registry.mode(&scope, true).await?;
        app.registry.store().check_writable().await.map_err(RegistryError::from)
    });
    let seconds = READY_TIMEOUT.as_secs();
    asked.await.map_err(|_| {
        let message = format!("The database has not answered within {seconds} seconds");
        HttpError::new(ErrorCode::Timeout, message)
    })??;
    Ok(Json(Map::new()))
}
