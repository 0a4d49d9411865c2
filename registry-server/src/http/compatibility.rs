//! `/compatibility/subjects/{subject}/versions`, with and without a version.

use axum::Json;
use axum::extract::State;
use levada_registry_api::{CompatibilityDocument, RegisterRequest};
use levada_registry_core::Check;

use super::convert;
use super::extract::{Body, Names, Params};
use super::reply::Answer;
use crate::app::AppState;

/// POST `/compatibility/subjects/{subject}/versions` and `.../{version}`
pub(super) async fn check(
    State(app): State<AppState>,
    names: Names,
    params: Params,
    Body(request): Body<RegisterRequest>,
) -> Answer<CompatibilityDocument> {
    let check = Check {
        version: names.optional_version()?,
        normalize: params.flag("normalize"),
        verbose: params.flag("verbose"),
    };
    let draft = convert::draft(request)?;
    let messages =
        app.registry.check_compatibility(&app.subject(&names).await?, &draft, check).await?;
    Ok(Json(CompatibilityDocument {
        is_compatible: messages.is_empty(),
        messages: check.verbose.then_some(messages),
    }))
}
