//! `/subjects` and `/subjects/{subject}`.

use axum::extract::State;
use levada_registry_api::{ErrorCode, RegisterRequest, SchemaDocument};
use levada_registry_core::{DeletedFilter, SubjectFilter};

use super::audit::Acting;
use super::convert;
use super::extract::{Body, Names, Params};
use super::parameters::{
    DELETED, DELETED_ONLY, FORMAT, KEY, LIMIT, NORMALIZE, OFFSET, PERMANENT, SUBJECT_PREFIX, VALUE,
};
use super::reply::{Answer, Json};
use super::route::{self, Route};
use crate::app::AppState;

/// What keeps a subject or a version from being deleted.
pub(super) const DELETION: [ErrorCode; 3] =
    [ErrorCode::SubjectNotFound, ErrorCode::OperationNotPermitted, ErrorCode::ReferenceExists];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "/subjects",
            [route::get(list, "listSubjects", "The names of the subjects, sorted").takes(&[
                SUBJECT_PREFIX,
                DELETED,
                DELETED_ONLY,
                OFFSET,
                LIMIT,
            ])],
        ),
        Route::new(
            "/subjects/{subject}",
            [
                route::post(
                    lookup,
                    "lookUpSchema",
                    "The version of the subject that has this schema",
                )
                .takes(&[NORMALIZE, DELETED, FORMAT])
                .refuses(&[
                    ErrorCode::SubjectNotFound,
                    ErrorCode::SchemaNotFound,
                    ErrorCode::InvalidSchema,
                    ErrorCode::SchemaTooLarge,
                    ErrorCode::InvalidRuleSet,
                ]),
                route::delete(
                    delete,
                    "deleteSubject",
                    "Delete all versions; answers their numbers",
                )
                .changes()
                .takes(&[PERMANENT])
                .refuses(&DELETION)
                .refuses(&[
                    ErrorCode::AssociationForSubjectExists,
                    ErrorCode::SubjectSoftDeleted,
                    ErrorCode::SubjectNotSoftDeleted,
                ]),
            ],
        ),
        Route::new(
            "/subjects/{subject}/metadata",
            [route::get(by_metadata, "getByMetadata", "The newest version with these properties")
                .takes(&[KEY, VALUE, DELETED, FORMAT])
                .refuses(&[ErrorCode::SubjectNotFound, ErrorCode::SchemaNotFound])],
        ),
    ]
}

/// GET `/subjects`
pub(super) async fn list(State(app): State<AppState>, params: Params) -> Answer<Vec<String>> {
    let filter = SubjectFilter::parse(params.text(SUBJECT_PREFIX).unwrap_or(":*:"));
    let shown = DeletedFilter::new(params.flag(DELETED), params.flag(DELETED_ONLY));
    let subjects = app.registry.subjects(&filter, shown, params.page(usize::MAX)?).await?;
    Ok(Json(subjects.iter().map(ToString::to_string).collect()))
}

/// POST `/subjects/{subject}`
pub(super) async fn lookup(
    State(app): State<AppState>,
    names: Names,
    params: Params,
    Body(request): Body<RegisterRequest>,
) -> Answer<SchemaDocument> {
    // A lookup knows no tags.
    let untagged = RegisterRequest {
        schema_tags_to_add: Vec::new(),
        schema_tags_to_remove: Vec::new(),
        ..request
    };
    let draft = convert::draft(untagged)?;
    let (normalize, deleted) = (params.flag(NORMALIZE), params.flag(DELETED));
    let found =
        app.registry.lookup(&app.subject(&names).await?, &draft, normalize, deleted).await?;
    Ok(Json(app.version_document(&found, &params).await?))
}

/// DELETE `/subjects/{subject}`
pub(super) async fn delete(Acting(app): Acting, names: Names, params: Params) -> Answer<Vec<i32>> {
    let permanent = params.flag(PERMANENT);
    let deleted = app.registry.delete_subject(&app.subject(&names).await?, permanent).await?;
    Ok(Json(deleted.into_iter().map(|version| version.0).collect()))
}

/// GET `/subjects/{subject}/metadata`
pub(super) async fn by_metadata(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<SchemaDocument> {
    let pairs: Vec<(String, String)> = params
        .all(KEY)
        .zip(params.all(VALUE))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let deleted = params.flag(DELETED);
    let found =
        app.registry.version_by_metadata(&app.subject(&names).await?, &pairs, deleted).await?;
    Ok(Json(app.version_document(&found, &params).await?))
}
