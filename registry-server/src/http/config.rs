//! `/config` and `/config/{subject}`.

use axum::Json;
use axum::extract::State;
use levada_registry_api::{ConfigDocument, ConfigUpdate};

use super::convert;
use super::extract::{Body, Names, Params};
use super::reply::Answer;
use crate::app::AppState;

/// GET
pub(super) async fn show(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<ConfigDocument> {
    let in_force = params.flag("defaultToGlobal");
    Ok(Json(convert::config(app.registry.config(&names.subject(), in_force).await?)))
}

/// PUT merges, and answers the merged config.
pub(super) async fn update(
    State(app): State<AppState>,
    names: Names,
    Body(update): Body<ConfigUpdate>,
) -> Answer<ConfigUpdate> {
    let patch = convert::config_patch(update)?;
    let merged = app.registry.update_config(&names.subject(), patch).await?;
    Ok(Json(convert::config_echo(merged)))
}

/// DELETE answers what the config was.
pub(super) async fn delete(State(app): State<AppState>, names: Names) -> Answer<ConfigDocument> {
    Ok(Json(convert::config(app.registry.delete_config(&names.subject()).await?)))
}
