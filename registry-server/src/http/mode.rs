//! `/mode` and `/mode/{subject}`.

use axum::extract::State;
use levada_registry_api::{ErrorCode, ModeDocument, ModeUpdate, Patch};
use levada_registry_core::{InvalidMode, Mode, RegistryError};

use super::audit::Acting;
use super::error::HttpError;
use super::extract::{Body, Names, Params};
use super::parameters::{DEFAULT_TO_GLOBAL, FORCE, RECURSIVE};
use super::reply::{Answer, Json};
use super::route::{self, Route};
use crate::app::AppState;

pub(super) fn routes() -> Vec<Route> {
    let refused =
        [ErrorCode::InvalidMode, ErrorCode::OperationNotPermitted, ErrorCode::ReferenceExists];
    vec![
        Route::new(
            "/mode",
            [
                route::get(show, "getGlobalMode", "The mode of the registry")
                    .takes(&[DEFAULT_TO_GLOBAL]),
                route::put(update, "updateGlobalMode", "Set it; null clears it")
                    .changes()
                    .takes(&[FORCE])
                    .refuses(&refused),
                route::delete(delete, "deleteGlobalMode", "Clear it; answers what it was")
                    .changes()
                    .takes(&[RECURSIVE]),
            ],
        ),
        Route::new(
            "/mode/{subject}",
            [
                route::get(show, "getMode", "The mode of a subject or a context")
                    .takes(&[DEFAULT_TO_GLOBAL])
                    .refuses(&[ErrorCode::SubjectLevelModeNotConfigured]),
                route::put(update, "updateMode", "Set it; null clears it")
                    .changes()
                    .takes(&[FORCE])
                    .refuses(&refused),
                route::delete(delete, "deleteMode", "Clear it; answers what it was")
                    .changes()
                    .takes(&[RECURSIVE])
                    .refuses(&[ErrorCode::SubjectNotFound]),
            ],
        ),
    ]
}

/// GET
pub(super) async fn show(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<ModeDocument> {
    let mode = app.registry.mode(&names.subject(), params.flag(DEFAULT_TO_GLOBAL)).await?;
    Ok(Json(ModeDocument { mode: Some(mode.to_string()) }))
}

/// PUT echoes the request as it was given, null too.
pub(super) async fn update(
    Acting(app): Acting,
    names: Names,
    params: Params,
    Body(update): Body<ModeUpdate>,
) -> Answer<ModeUpdate> {
    let mode = match &update.mode {
        Patch::Set(name) => Some(name.parse::<Mode>().map_err(RegistryError::from)?),
        Patch::Clear => None,
        // The reference fails with 500 here; a missing member is the client's mistake.
        Patch::Keep => {
            let message = format!("The member mode is missing. {InvalidMode}");
            return Err(HttpError::new(ErrorCode::UnprocessableEntity, message));
        }
    };
    app.registry.set_mode(&names.subject(), mode, params.flag(FORCE)).await?;
    Ok(Json(update))
}

/// DELETE answers what the mode was.
pub(super) async fn delete(
    Acting(app): Acting,
    names: Names,
    params: Params,
) -> Answer<ModeDocument> {
    let mode = app.registry.delete_mode(&names.subject(), params.flag(RECURSIVE)).await?;
    Ok(Json(ModeDocument { mode: mode.map(|mode| mode.to_string()) }))
}
