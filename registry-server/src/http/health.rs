//! Whether the process answers, and whether it can do its work: for supervisors and load balancers.

use std::time::Duration;

use axum::extract::State;
use levada_registry_api::ErrorCode;
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
        Route::operational("/readyz", get(ready, "isReady", "Whether the database answers too")),
    ]
}

/// GET `/livez`: the process answers, whatever its database does. Who restarts on a failure here
/// helps; a database that is away is no reason to.
pub(super) async fn live() -> Answer<Map<String, Value>> {
    Ok(Json(Map::new()))
}

/// GET `/readyz`: the database answers too. The error says what is wrong where it does not.
pub(super) async fn ready(State(app): State<AppState>, names: Names) -> Answer<Map<String, Value>> {
    let scope = names.subject();
    let asked = tokio::time::timeout(READY_TIMEOUT, app.registry.mode(&scope, true));
    let seconds = READY_TIMEOUT.as_secs();
    asked.await.map_err(|_| {
        let message = format!("The database has not answered within {seconds} seconds");
        HttpError::new(ErrorCode::Timeout, message)
    })??;
    Ok(Json(Map::new()))
}
