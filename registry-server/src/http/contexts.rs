//! `/contexts` and `/contexts/{context}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use levada_registry_core::QualifiedSubject;

use super::error::HttpError;
use super::extract::{Names, Params};
use super::reply::Answer;
use crate::app::AppState;

/// GET `/contexts`
pub(super) async fn list(State(app): State<AppState>, params: Params) -> Answer<Vec<String>> {
    let prefix = params.text("contextPrefix").unwrap_or_default();
    let contexts = app.registry.contexts(prefix, params.page(usize::MAX)?).await?;
    Ok(Json(contexts.iter().map(ToString::to_string).collect()))
}

/// DELETE `/contexts/{context}`, whose name comes as `:.name:`.
pub(super) async fn delete(
    State(app): State<AppState>,
    names: Names,
) -> Result<StatusCode, HttpError> {
    let context = QualifiedSubject::parse(names.text("context")).context;
    app.registry.delete_context(&context).await?;
    Ok(StatusCode::NO_CONTENT)
}
