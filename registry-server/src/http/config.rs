//! `/config` and `/config/{subject}`.

use axum::extract::State;
use levada_registry_api::{ConfigDocument, ConfigUpdate, ErrorCode};

use super::audit::Acting;
use super::convert;
use super::extract::{Body, Names, Params};
use super::parameters::DEFAULT_TO_GLOBAL;
use super::reply::{Answer, Json};
use super::route::{self, Route};
use crate::app::AppState;

pub(super) fn routes() -> Vec<Route> {
    let refused = [
        ErrorCode::InvalidCompatibilityLevel,
        ErrorCode::InvalidRuleSet,
        ErrorCode::OperationNotPermitted,
    ];
    vec![
        Route::new(
            "/config",
            [
                route::get(show, "getGlobalConfig", "The config of the registry")
                    .takes(&[DEFAULT_TO_GLOBAL]),
                route::put(update, "updateGlobalConfig", "Change it; answers what it has become")
                    .changes()
                    .refuses(&refused),
                route::delete(delete, "deleteGlobalConfig", "Reset it; answers what it was")
                    .changes()
                    .refuses(&[ErrorCode::OperationNotPermitted]),
            ],
        ),
        Route::new(
            "/config/{subject}",
            [
                route::get(show, "getConfig", "The config of a subject or a context")
                    .takes(&[DEFAULT_TO_GLOBAL])
                    .refuses(&[ErrorCode::SubjectLevelCompatibilityNotConfigured]),
                route::put(update, "updateConfig", "Change it; answers what it has become")
                    .changes()
                    .refuses(&refused),
                route::delete(delete, "deleteConfig", "Remove it; answers what it was")
                    .changes()
                    .refuses(&[ErrorCode::SubjectNotFound, ErrorCode::OperationNotPermitted]),
            ],
        ),
    ]
}

/// GET
pub(super) async fn show(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<ConfigDocument> {
    let in_force = params.flag(DEFAULT_TO_GLOBAL);
    Ok(Json(convert::config(app.registry.config(&names.subject(), in_force).await?)))
}

/// PUT merges, and answers the merged config.
pub(super) async fn update(
    Acting(app): Acting,
    names: Names,
    Body(update): Body<ConfigUpdate>,
) -> Answer<ConfigUpdate> {
    let patch = convert::config_patch(update)?;
    let merged = app.registry.update_config(&names.subject(), patch).await?;
    Ok(Json(convert::config_echo(merged)))
}

/// DELETE answers what the config was.
pub(super) async fn delete(Acting(app): Acting, names: Names) -> Answer<ConfigDocument> {
    Ok(Json(convert::config(app.registry.delete_config(&names.subject()).await?)))
}
