//! `/subjects/{subject}/versions` and below.

use axum::extract::State;
use levada_registry_api::{ErrorCode, RegisterRequest, RuleSet, SchemaDocument, TagsRequest};
use levada_registry_core::{
    DeletedFilter, RegisterOptions, Registered, RegistryError, Retagging, RuleChange,
    StoredVersion, VersionListing,
};

use super::audit::Acting;
use super::error::HttpError;
use super::extract::{Body, Names, Params};
use super::parameters::{
    DELETED, DELETED_AS_NEGATIVE, DELETED_ONLY, FIND_TAGS, FORCE, FORMAT, LIMIT, NORMALIZE, OFFSET,
    PERMANENT, REFERENCE_FORMAT,
};
use super::reply::{Answer, BareText, Json};
use super::route::{self, Route};
use super::subjects::DELETION;
use super::{contract, convert, render};
use crate::app::AppState;

/// Longest page of referrers.
const REFERRERS_MAX: usize = 1_000;

/// What keeps a version from being found.
const READING: [ErrorCode; 2] = [ErrorCode::SubjectNotFound, ErrorCode::VersionNotFound];
/// What keeps a schema from being registered.
pub(super) const REGISTRATION: [ErrorCode; 5] = [
    ErrorCode::IncompatibleSchema,
    ErrorCode::InvalidSchema,
    ErrorCode::InvalidRuleSet,
    ErrorCode::OperationNotPermitted,
    ErrorCode::SchemaTooLarge,
];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "/subjects/{subject}/versions",
            [
                route::get(list, "listVersions", "The numbers of the versions, ascending")
                    .takes(&[DELETED, DELETED_ONLY, DELETED_AS_NEGATIVE, OFFSET, LIMIT])
                    .refuses(&[ErrorCode::SubjectNotFound]),
                route::post(register, "registerSchema", "Register a schema under the subject")
                    .changes()
                    .takes(&[NORMALIZE, FORMAT, FORCE])
                    .refuses(&REGISTRATION),
            ],
        ),
        Route::new(
            "/subjects/{subject}/versions/{version}",
            [
                route::get(show, "getVersion", "A version of the subject")
                    .remembered()
                    .takes(&[DELETED, FORMAT, REFERENCE_FORMAT, FIND_TAGS])
                    .refuses(&READING),
                route::delete(delete, "deleteVersion", "Delete a version; answers its number")
                    .changes()
                    .takes(&[PERMANENT])
                    .refuses(&DELETION)
                    .refuses(&[
                        ErrorCode::NoActiveVersion,
                        ErrorCode::VersionNotFound,
                        ErrorCode::VersionSoftDeleted,
                        ErrorCode::VersionNotSoftDeleted,
                    ]),
            ],
        ),
        Route::new(
            "/subjects/{subject}/versions/{version}/schema",
            [route::get(
                schema_text,
                "getVersionText",
                "The text of a version, not as a JSON string",
            )
            .remembered()
            .takes(&[DELETED, FORMAT])
            .refuses(&READING)],
        ),
        Route::new(
            "/subjects/{subject}/versions/{version}/referencedby",
            [route::get(referenced_by, "listReferrers", "The ids of the schemas that refer to it")
                .takes(&[DELETED, OFFSET, LIMIT])
                .refuses(&READING)],
        ),
        Route::new(
            "/subjects/{subject}/versions/{version}/tags",
            [route::post(tags, "changeTags", "Register a version that differs in tags or rules")
                .changes()
                .refuses(&READING)
                .refuses(&REGISTRATION)],
        ),
    ]
}

/// GET `/subjects/{subject}/versions`
pub(super) async fn list(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<i32>> {
    let listing = VersionListing {
        filter: DeletedFilter::new(params.flag(DELETED), params.flag(DELETED_ONLY)),
        deleted_as_negative: params.flag(DELETED_AS_NEGATIVE),
        page: params.page(usize::MAX)?,
    };
    Ok(Json(app.registry.versions(&app.subject(&names).await?, listing).await?))
}

/// POST `/subjects/{subject}/versions`
pub(super) async fn register(
    Acting(app): Acting,
    names: Names,
    params: Params,
    Body(request): Body<RegisterRequest>,
) -> Answer<SchemaDocument> {
    let options = RegisterOptions {
        normalize: params.flag(NORMALIZE),
        force: params.flag(FORCE),
        propagate_tags: request.propagate_schema_tags,
    };
    let subject = app.subject(&names).await?;
    let given = convert::draft(request)?;
    let registered = async {
        let draft = if render::is_logical(&params) {
            app.registry.native_draft(&subject, given).await?
        } else {
            given
        };
        app.registry.register(&subject, &draft, options).await
    };
    let registered = registered.await;
    registered_document(&app, registered, &params).await
}

/// GET `/subjects/{subject}/versions/{version}`
pub(super) async fn show(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<SchemaDocument> {
    let found = find(&app, &names, &params).await?;
    let mut shown = app.whole_document(&found, &params).await?;
    if render::is_logical(&params) {
        shown.schema = Some(app.text_or_definition(&found, &params).await?);
    }
    Ok(Json(shown))
}

/// GET `/subjects/{subject}/versions/{version}/schema`
pub(super) async fn schema_text(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Result<BareText, HttpError> {
    let found = find(&app, &names, &params).await?;
    Ok(BareText(app.text_or_definition(&found, &params).await?))
}

/// GET `/subjects/{subject}/versions/{version}/referencedby`
pub(super) async fn referenced_by(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<i32>> {
    let (version, page) = (names.version()?, params.page(REFERRERS_MAX)?);
    let deleted = params.flag(DELETED);
    let ids =
        app.registry.referenced_by(&app.subject(&names).await?, version, deleted, page).await?;
    Ok(Json(ids.into_iter().map(|id| id.0).collect()))
}

/// DELETE `/subjects/{subject}/versions/{version}`
pub(super) async fn delete(Acting(app): Acting, names: Names, params: Params) -> Answer<i32> {
    let version = names.version()?;
    let permanent = params.flag(PERMANENT);
    let deleted =
        app.registry.delete_version(&app.subject(&names).await?, version, permanent).await?;
    Ok(Json(deleted.0))
}

/// POST `/subjects/{subject}/versions/{version}/tags`
pub(super) async fn tags(
    Acting(app): Acting,
    names: Names,
    Body(request): Body<TagsRequest>,
) -> Answer<SchemaDocument> {
    let source = names.version()?;
    let rule_set = |body: Option<RuleSet>| body.map(contract::rule_set).transpose();
    let change = Retagging {
        new_version: request.new_version,
        tags: convert::tag_changes(request.tags_to_add, request.tags_to_remove)?,
        metadata: request.metadata.map(contract::metadata),
        rules: RuleChange::new(
            rule_set(request.rule_set)?,
            rule_set(request.rules_to_merge)?,
            request.rules_to_remove,
        )?,
    };
    let registered = app.registry.retag(&app.subject(&names).await?, source, change).await;
    registered_document(&app, registered, &Params::default()).await
}

/// What a registration answers.
async fn registered_document(
    app: &AppState,
    registered: Result<Registered, RegistryError>,
    params: &Params,
) -> Answer<SchemaDocument> {
    if let Err(RegistryError::Incompatible { .. }) = registered {
        app.metrics.verdict(false);
    }
    let registered = registered?;
    if registered.is_new {
        app.metrics.verdict(true);
        app.metrics.registration(registered.version.schema.schema_type);
    }
    let shown = app.version_document(&registered.version, params).await?;
    // Observed: the time and the flag belong to a version that was there before.
    let (ts, deleted) = if registered.is_new { (None, None) } else { (shown.ts, shown.deleted) };
    Ok(Json(SchemaDocument { subject: None, ts, deleted, ..shown }))
}

async fn find(app: &AppState, names: &Names, params: &Params) -> Result<StoredVersion, HttpError> {
    let deleted = params.flag(DELETED);
    Ok(app.registry.version(&app.subject(names).await?, names.version()?, deleted).await?)
}
