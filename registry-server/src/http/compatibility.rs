//! `/compatibility/subjects/{subject}/versions`, with and without a version.

use axum::extract::State;
use levada_registry_api::{CompatibilityDocument, ErrorCode, RegisterRequest};
use levada_registry_core::Check;

use super::convert;
use super::extract::{Body, Names, Params};
use super::parameters::{NORMALIZE, VERBOSE};
use super::reply::{Answer, Json};
use super::route::{Route, post};
use crate::app::AppState;

pub(super) fn routes() -> Vec<Route> {
    let refused = [
        ErrorCode::InvalidSchema,
        ErrorCode::InvalidRuleSet,
        ErrorCode::SchemaTooLarge,
        ErrorCode::OperationNotPermitted,
    ];
    vec![
        Route::new(
            "/compatibility/subjects/{subject}/versions",
            [post(check, "checkSubject", "Whether the schema could be registered here")
                .takes(&[NORMALIZE, VERBOSE])
                .refuses(&refused)],
        ),
        Route::new(
            "/compatibility/subjects/{subject}/versions/{version}",
            [post(check, "checkVersion", "Whether the schema is compatible with this version")
                .takes(&[NORMALIZE, VERBOSE])
                .refuses(&refused)
                .refuses(&[ErrorCode::SubjectNotFound, ErrorCode::VersionNotFound])],
        ),
    ]
}

/// POST `/compatibility/subjects/{subject}/versions` and `.../{version}`
pub(super) async fn check(
    State(app): State<AppState>,
    names: Names,
    params: Params,
    Body(request): Body<RegisterRequest>,
) -> Answer<CompatibilityDocument> {
    let check = Check {
        version: names.optional_version()?,
        normalize: params.flag(NORMALIZE),
        verbose: params.flag(VERBOSE),
    };
    let draft = convert::draft(request)?;
    let messages =
        app.registry.check_compatibility(&app.subject(&names).await?, &draft, check).await?;
    app.metrics.verdict(messages.is_empty());
    Ok(Json(CompatibilityDocument {
        is_compatible: messages.is_empty(),
        messages: check.verbose.then_some(messages),
    }))
}
