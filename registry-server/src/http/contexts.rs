//! `/contexts` and `/contexts/{context}`.

use axum::extract::State;
use axum::response::NoContent;
use levada_registry_api::ErrorCode;
use levada_registry_core::QualifiedSubject;

use super::audit::Acting;
use super::error::HttpError;
use super::extract::{Names, Params};
use super::parameters::{CONTEXT_PREFIX, LIMIT, OFFSET};
use super::reply::{Answer, Json};
use super::route::{Route, delete as delete_at, get};
use crate::app::AppState;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "/contexts",
            [get(list, "listContexts", "The names of the contexts").takes(&[
                CONTEXT_PREFIX,
                OFFSET,
                LIMIT,
            ])],
        ),
        Route::new(
            "/contexts/{context}",
            [delete_at(delete, "deleteContext", "Take an empty context off the list")
                .changes()
                // The default context as a path, `/contexts/.`, is the root.
                .refuses(&[ErrorCode::ContextNotEmpty, ErrorCode::MethodNotAllowed])],
        ),
    ]
}

/// GET `/contexts`
pub(super) async fn list(State(app): State<AppState>, params: Params) -> Answer<Vec<String>> {
    let prefix = params.text(CONTEXT_PREFIX).unwrap_or_default();
    let contexts = app.registry.contexts(prefix, params.page(usize::MAX)?).await?;
    Ok(Json(contexts.iter().map(ToString::to_string).collect()))
}

/// DELETE `/contexts/{context}`, whose name comes as `:.name:`.
pub(super) async fn delete(Acting(app): Acting, names: Names) -> Result<NoContent, HttpError> {
    let context = QualifiedSubject::parse(names.text("context")).context;
    app.registry.delete_context(&context).await?;
    Ok(NoContent)
}
