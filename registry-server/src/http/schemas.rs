//! `/schemas`: lists, and schemas by id and guid.

use axum::extract::State;
use levada_registry_api::{
    ContextId, ErrorCode, ListedSchemaDocument, SchemaDocument, SubjectVersion,
};
use levada_registry_core::{AssociationFilter, AssociationListing, SchemaListing, SubjectFilter};
use levada_schema_core::SchemaType;

use super::convert;
use super::error::HttpError;
use super::extract::{Names, Params, not_found};
use super::parameters::{
    ALIASES, ASSOCIATION_TYPE, DELETED, FETCH_MAX_ID, FIND_TAGS, FORMAT, LATEST_ONLY, LIFECYCLES,
    LIMIT, OFFSET, REFERENCE_FORMAT, RESOURCE_TYPE, RULE_TYPE, SUBJECT, SUBJECT_PREFIX,
    UNASSOCIATED,
};
use super::reply::{Answer, BareText, Json};
use super::route::{Route, get};
use crate::app::AppState;

/// Longest page of schemas.
const SCHEMAS_MAX: usize = 1_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "/schemas",
            [get(list, "listSchemas", "Versions with their schemas, by subject and version")
                .takes(&[
                    SUBJECT_PREFIX,
                    ALIASES,
                    DELETED,
                    LATEST_ONLY,
                    RULE_TYPE,
                    RESOURCE_TYPE,
                    ASSOCIATION_TYPE,
                    LIFECYCLES,
                    OFFSET,
                    LIMIT,
                ])],
        ),
        Route::new("/schemas/types", [get(types, "listSchemaTypes", "The types of schemas")]),
        Route::new(
            "/schemas/ids/{id}",
            [get(by_id, "getSchema", "The schema with this id")
                .remembered()
                .takes(&[SUBJECT, FORMAT, REFERENCE_FORMAT, FIND_TAGS, FETCH_MAX_ID])
                .refuses(&[ErrorCode::SchemaNotFound])],
        ),
        Route::new(
            "/schemas/ids/{id}/schema",
            [get(text_by_id, "getSchemaText", "The text of the schema, not as a JSON string")
                .remembered()
                .takes(&[SUBJECT, FORMAT])
                .refuses(&[ErrorCode::SchemaNotFound])],
        ),
        Route::new(
            "/schemas/ids/{id}/subjects",
            [get(subjects_of_id, "listSubjectsOfSchema", "The subjects that hold the schema")
                .takes(&[SUBJECT, DELETED, OFFSET, LIMIT])
                .refuses(&[ErrorCode::SchemaNotFound])],
        ),
        Route::new(
            "/schemas/ids/{id}/versions",
            [get(versions_of_id, "listVersionsOfSchema", "The versions that hold the schema")
                .takes(&[SUBJECT, DELETED, OFFSET, LIMIT])
                .refuses(&[ErrorCode::SchemaNotFound])],
        ),
        Route::new(
            "/schemas/guids/{guid}",
            [get(by_guid, "getSchemaByGuid", "The schema with this identity, from any context")
                .remembered()
                .takes(&[FORMAT])
                .refuses(&[ErrorCode::SchemaNotFound])],
        ),
        Route::new(
            "/schemas/guids/{guid}/ids",
            [get(ids_of_guid, "listIdsOfGuid", "The ids of the schema, by context")],
        ),
    ]
}

/// GET `/schemas`
pub(super) async fn list(
    State(app): State<AppState>,
    params: Params,
) -> Answer<Vec<ListedSchemaDocument>> {
    let listing = SchemaListing {
        subjects: SubjectFilter::parse(params.text(SUBJECT_PREFIX).unwrap_or_default()),
        aliases: params.flag(ALIASES),
        deleted: params.flag(DELETED),
        latest_only: params.flag(LATEST_ONLY),
        rule_type: params.text(RULE_TYPE).filter(|name| !name.is_empty()).map(str::to_owned),
        associations: association_listing(&params)?,
        page: params.page(SCHEMAS_MAX)?,
    };
    let schemas = app.registry.schemas(&listing).await?;
    Ok(Json(schemas.iter().map(convert::listed_schema).collect()))
}

/// What the parameters ask of associations, if any does.
fn association_listing(params: &Params) -> Result<Option<AssociationListing>, HttpError> {
    let resource_type = params.text(RESOURCE_TYPE).map(str::to_owned);
    let association_types: Vec<String> = params.all(ASSOCIATION_TYPE).map(str::to_owned).collect();
    let lifecycles: Vec<&str> = params.all(LIFECYCLES).collect();
    if resource_type.is_none() && association_types.is_empty() && lifecycles.is_empty() {
        return Ok(None);
    }
    let named = lifecycles.iter().filter(|name| **name != UNASSOCIATED).map(|name| name.parse());
    Ok(Some(AssociationListing {
        filter: AssociationFilter { resource_type, association_types, lifecycle: None },
        lifecycles: named.collect::<Result<_, _>>().map_err(|_| not_found())?,
        unassociated: lifecycles.contains(&UNASSOCIATED),
    }))
}

/// GET `/schemas/types`
pub(super) async fn types() -> Answer<[&'static str; 3]> {
    Ok(Json(SchemaType::ALL.map(SchemaType::as_str)))
}

/// GET `/schemas/ids/{id}`
pub(super) async fn by_id(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<SchemaDocument> {
    let found = app.registry.schema_by_id(names.id()?, &app.holder(&params).await?).await?;
    let mut shown = app.whole_document(&found, &params).await?;
    shown.id = None;
    if params.flag(FETCH_MAX_ID) {
        let max_id = app.registry.max_id(&found.subject.context).await?;
        shown.max_id = max_id.map(|id| id.0);
    }
    Ok(Json(shown))
}

/// GET `/schemas/ids/{id}/schema`
pub(super) async fn text_by_id(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Result<BareText, HttpError> {
    let found = app.registry.schema_by_id(names.id()?, &app.holder(&params).await?).await?;
    Ok(BareText(app.text(&found, &params).await?))
}

/// GET `/schemas/ids/{id}/subjects`
pub(super) async fn subjects_of_id(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<String>> {
    let (page, deleted) = (params.page(usize::MAX)?, params.flag(DELETED));
    let holders =
        app.registry.holders(names.id()?, &app.holder(&params).await?, deleted, page).await?;
    Ok(Json(holders.iter().map(|holder| holder.subject.to_string()).collect()))
}

/// GET `/schemas/ids/{id}/versions`
pub(super) async fn versions_of_id(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<SubjectVersion>> {
    let (page, deleted) = (params.page(usize::MAX)?, params.flag(DELETED));
    let holders =
        app.registry.holders(names.id()?, &app.holder(&params).await?, deleted, page).await?;
    let shown = holders.iter().map(|holder| SubjectVersion {
        subject: holder.subject.to_string(),
        version: holder.version.0,
    });
    Ok(Json(shown.collect()))
}

/// GET `/schemas/guids/{guid}`
pub(super) async fn by_guid(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<SchemaDocument> {
    let found = app.registry.schema_by_guid(names.text("guid")).await?;
    let shown = app.version_document(&found, &params).await?;
    Ok(Json(SchemaDocument { subject: None, version: None, id: None, ..shown }))
}

/// GET `/schemas/guids/{guid}/ids`
pub(super) async fn ids_of_guid(
    State(app): State<AppState>,
    names: Names,
) -> Answer<Vec<ContextId>> {
    let ids = app.registry.ids_by_guid(names.text("guid")).await?;
    let shown =
        ids.into_iter().map(|(context, id)| ContextId { context: context.to_string(), id: id.0 });
    Ok(Json(shown.collect()))
}
