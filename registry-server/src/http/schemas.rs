//! `/schemas`: lists, and schemas by id and guid.

use axum::extract::State;
use levada_registry_api::{ContextId, SchemaDocument, SubjectVersion};
use levada_registry_core::{FoundSchema, SchemaListing, SubjectFilter};
use levada_schema_core::SchemaType;

use super::error::HttpError;
use super::extract::{Names, Params};
use super::reply::{Answer, BareText, document};
use super::{AppState, convert, render};

/// Longest page of schemas.
const SCHEMAS_MAX: usize = 1_000;

/// GET `/schemas`
pub(super) async fn list(
    State(app): State<AppState>,
    params: Params,
) -> Answer<Vec<SchemaDocument>> {
    for contract in ["ruleType", "resourceType", "associationType", "lifecycle"] {
        if params.text(contract).is_some_and(|value| !value.is_empty()) {
            return Err(HttpError::not_implemented(&format!("The parameter {contract}")));
        }
    }
    if params.flag("aliases") {
        return Err(HttpError::not_implemented("The parameter aliases"));
    }
    let listing = SchemaListing {
        subjects: SubjectFilter::parse(params.text("subjectPrefix").unwrap_or_default()),
        deleted: params.flag("deleted"),
        latest_only: params.flag("latestOnly"),
        page: params.page(SCHEMAS_MAX)?,
    };
    let schemas = app.registry.schemas(&listing).await?;
    document(
        schemas.iter().map(|found| convert::version(found, found.schema.text.clone())).collect(),
    )
}

/// GET `/schemas/types`
pub(super) async fn types() -> Answer<[&'static str; 3]> {
    document(SchemaType::ALL.map(SchemaType::as_str))
}

/// GET `/schemas/ids/{id}`
pub(super) async fn by_id(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<SchemaDocument> {
    let found = app.registry.schema_by_id(names.id()?, &params.subject()).await?;
    let mut shown = content(&app, &found, &params).await?;
    if let Some(holder) = &found.holder {
        shown.subject = Some(holder.subject.to_string());
        shown.version = Some(holder.version.0);
    }
    if params.flag("fetchMaxId") {
        shown.max_id = convert::max_id(app.registry.max_id(&found.context).await?);
    }
    if params.text("referenceFormat") == Some("qualified") {
        convert::qualify_references(&mut shown, &found.context);
    }
    document(shown)
}

/// GET `/schemas/ids/{id}/schema`
pub(super) async fn text_by_id(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Result<BareText, HttpError> {
    let found = app.registry.schema_by_id(names.id()?, &params.subject()).await?;
    Ok(BareText(app.text(&found.context, &found.schema, &params).await?))
}

/// GET `/schemas/ids/{id}/subjects`
pub(super) async fn subjects_of_id(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<String>> {
    let (page, deleted) = (params.page(usize::MAX)?, params.flag("deleted"));
    let holders = app.registry.holders(names.id()?, &params.subject(), deleted, page).await?;
    document(holders.iter().map(|holder| holder.subject.to_string()).collect())
}

/// GET `/schemas/ids/{id}/versions`
pub(super) async fn versions_of_id(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<SubjectVersion>> {
    let (page, deleted) = (params.page(usize::MAX)?, params.flag("deleted"));
    let holders = app.registry.holders(names.id()?, &params.subject(), deleted, page).await?;
    let shown = holders.iter().map(|holder| SubjectVersion {
        subject: holder.subject.to_string(),
        version: holder.version.0,
    });
    document(shown.collect())
}

/// GET `/schemas/guids/{guid}`
pub(super) async fn by_guid(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<SchemaDocument> {
    let found = app.registry.schema_by_guid(names.text("guid")).await?;
    document(content(&app, &found, &params).await?)
}

/// GET `/schemas/guids/{guid}/ids`
pub(super) async fn ids_of_guid(
    State(app): State<AppState>,
    names: Names,
) -> Answer<Vec<ContextId>> {
    let ids = app.registry.ids_by_guid(names.text("guid")).await?;
    let shown =
        ids.into_iter().map(|(context, id)| ContextId { context: context.to_string(), id: id.0 });
    document(shown.collect())
}

/// A content without subject and version, but with what its holder says of its storage.
async fn content(
    app: &AppState,
    found: &FoundSchema,
    params: &Params,
) -> Result<SchemaDocument, HttpError> {
    render::refuse_find_tags(params)?;
    let text = app.text(&found.context, &found.schema, params).await?;
    let holder = found.holder.as_ref();
    Ok(SchemaDocument {
        ts: holder.map(|holder| holder.ts_ms),
        deleted: holder.map(|holder| holder.is_deleted),
        ..convert::content(&found.schema, text)
    })
}
