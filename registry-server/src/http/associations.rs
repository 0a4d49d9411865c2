//! `/associations` and below.

use axum::extract::State;
use axum::response::NoContent;
use levada_registry_api::{
    AssociatedDocument, AssociationDocument, AssociationUpdate, AssociationsRequest, ErrorCode,
    ResourceDocument,
};
use levada_registry_core::{
    Associated, Association, AssociationDraft, AssociationFilter, AssociationQuery,
    AssociationRequest, Lifecycle, QualifiedSubject, RegisterOptions,
};

use super::audit::Acting;
use super::convert;
use super::error::HttpError;
use super::extract::{Body, Names, Params, not_found};
use super::parameters::{
    ASSOCIATION_TYPE, CASCADE, CONTEXT, DRY_RUN, LIFECYCLE, LIMIT, OFFSET, RESOURCE_TYPE,
};
use super::reply::{Answer, Json};
use super::route::{self, Operation, Route};
use super::versions::REGISTRATION;
use crate::app::AppState;

/// Longest page of associations.
const ASSOCIATIONS_MAX: usize = 1_000;
/// In the place of a namespace or name: any.
const WILDCARD: &str = "-";
/// The type of a resource that names none.
pub(super) const TOPIC: &str = "topic";

/// What keeps associations from being changed.
const WRITING: [ErrorCode; 9] = [
    ErrorCode::AssociationNotFound,
    ErrorCode::AssociationForResourceExists,
    ErrorCode::AssociationForSubjectExists,
    ErrorCode::StrongAssociationForSubjectExists,
    ErrorCode::NoActiveVersion,
    ErrorCode::AssociationFrozen,
    ErrorCode::OperationNotPermitted,
    ErrorCode::ReferenceExists,
    ErrorCode::InvalidAssociation,
];

pub(super) fn routes() -> Vec<Route> {
    let listed = |operation: Operation| {
        operation.takes(&[RESOURCE_TYPE, ASSOCIATION_TYPE, LIFECYCLE, OFFSET, LIMIT])
    };
    vec![
        Route::new(
            "/associations",
            [route::post(create, "createAssociations", "Associate a resource with subjects")
                .changes()
                .takes(&[DRY_RUN, CONTEXT])
                .refuses(&WRITING)
                .refuses(&REGISTRATION)],
        ),
        Route::new(
            "/associations/resources/{resource}",
            [
                listed(route::get(
                    of_resource,
                    "listAssociations",
                    "Those of a resource, by its id",
                )),
                route::put(upsert, "updateAssociations", "Change those of a resource")
                    .changes()
                    .takes(&[DRY_RUN, CONTEXT])
                    .refuses(&WRITING)
                    .refuses(&REGISTRATION),
                route::delete(delete, "deleteAssociations", "Delete those of a resource")
                    .changes()
                    .takes(&[RESOURCE_TYPE, ASSOCIATION_TYPE, CASCADE, DRY_RUN])
                    .refuses(&WRITING),
            ],
        ),
        Route::new(
            "/associations/resources/{resource}/{name}",
            [listed(route::get(
                named,
                "listAssociationsByName",
                "Those of a resource, by namespace and name; - is any",
            ))],
        ),
        Route::new(
            "/associations/subjects/{subject}",
            [listed(route::get(of_subject, "listAssociationsOfSubject", "Those of a subject"))],
        ),
    ]
}

/// POST `/associations`
pub(super) async fn create(
    Acting(app): Acting,
    params: Params,
    Body(body): Body<AssociationsRequest<AssociationUpdate>>,
) -> Answer<ResourceDocument> {
    let request = request(body, &params)?;
    let shown = resource(&request);
    let made = app.registry.create_associations(request, params.flag(DRY_RUN)).await?;
    Ok(Json(with_associations(shown, &made)))
}

/// PUT `/associations/resources/{resourceId}`
pub(super) async fn upsert(
    Acting(app): Acting,
    names: Names,
    params: Params,
    Body(body): Body<AssociationsRequest<AssociationUpdate>>,
) -> Answer<ResourceDocument> {
    let mut request = request(body, &params)?;
    let id = names.text("resource");
    if request.resource_id.as_ref().is_some_and(|given| given != id) {
        let message = "The resource id in the path is not the resourceId in the body";
        return Err(HttpError::new(ErrorCode::InvalidAssociation, message));
    }
    request.resource_id = Some(id.to_owned());
    let shown = resource(&request);
    let made = app.registry.upsert_associations(request, params.flag(DRY_RUN)).await?;
    Ok(Json(with_associations(shown, &made)))
}

/// GET `/associations/resources/{resourceId}`
pub(super) async fn of_resource(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<AssociationDocument>> {
    list(&app, AssociationQuery::OfResource(names.text("resource")), &params).await
}

/// GET `/associations/resources/{namespace}/{name}`. Default subject naming of serializers asks
/// this for every topic, so any name is taken and an unknown one has no associations.
pub(super) async fn named(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<AssociationDocument>> {
    let query = AssociationQuery::Named {
        namespace: Some(names.text("resource")).filter(|name| *name != WILDCARD),
        name: Some(names.text("name")).filter(|name| *name != WILDCARD),
    };
    list(&app, query, &params).await
}

/// GET `/associations/subjects/{subject}`
pub(super) async fn of_subject(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<AssociationDocument>> {
    let subject = app.subject(&names).await?;
    list(&app, AssociationQuery::OfSubject(&subject), &params).await
}

/// DELETE `/associations/resources/{resourceId}`
pub(super) async fn delete(
    Acting(app): Acting,
    names: Names,
    params: Params,
) -> Result<NoContent, HttpError> {
    let filter = AssociationFilter { lifecycle: None, ..filter(&params)? };
    let (cascade, dry_run) = (params.flag(CASCADE), params.flag(DRY_RUN));
    let id = names.text("resource");
    app.registry.delete_associations(id, &filter, cascade, dry_run).await?;
    Ok(NoContent)
}

async fn list(
    app: &AppState,
    query: AssociationQuery<'_>,
    params: &Params,
) -> Answer<Vec<AssociationDocument>> {
    let page = params.page(ASSOCIATIONS_MAX)?;
    let found = app.registry.associations(query, &filter(params)?, page).await?;
    Ok(Json(found.into_iter().map(document).collect()))
}

fn filter(params: &Params) -> Result<AssociationFilter, HttpError> {
    let resource_type = params.text(RESOURCE_TYPE).filter(|name| !name.is_empty());
    // Observed: a parameter of the wrong kind makes the path one that does not exist.
    let lifecycle = params.text(LIFECYCLE).filter(|name| !name.is_empty());
    let lifecycle = lifecycle.map(str::parse::<Lifecycle>).transpose().map_err(|_| not_found())?;
    Ok(AssociationFilter {
        resource_type: Some(resource_type.unwrap_or(TOPIC).to_owned()),
        association_types: params.all(ASSOCIATION_TYPE).map(str::to_owned).collect(),
        lifecycle,
    })
}

fn request(
    body: AssociationsRequest<AssociationUpdate>,
    params: &Params,
) -> Result<AssociationRequest, HttpError> {
    let associations = body.associations.into_iter().map(draft).collect::<Result<_, _>>()?;
    Ok(AssociationRequest {
        resource_name: body.resource_name,
        resource_namespace: body.resource_namespace,
        resource_id: body.resource_id,
        resource_type: body.resource_type,
        associations,
        context: QualifiedSubject::parse(params.text(CONTEXT).unwrap_or_default()).context,
    })
}

/// What is asked for; a name that the API does not know makes a body that cannot be read.
pub(super) fn draft(body: AssociationUpdate) -> Result<AssociationDraft, HttpError> {
    let lifecycle = body.lifecycle.as_deref().map(str::parse).transpose();
    let lifecycle = lifecycle.map_err(|error| {
        HttpError::new(ErrorCode::BadRequest, format!("The lifecycle cannot be read: it {error}"))
    })?;
    let normalize = body.normalize;
    let schema = body.schema.map(|request| {
        let propagate_tags = request.propagate_schema_tags;
        let options = RegisterOptions { normalize, force: false, propagate_tags };
        Ok::<_, HttpError>((convert::draft(request)?, options))
    });
    Ok(AssociationDraft {
        subject: body.subject,
        association_type: body.association_type,
        lifecycle,
        frozen: body.frozen,
        schema: schema.transpose()?,
    })
}

pub(super) fn resource(request: &AssociationRequest) -> ResourceDocument {
    let resource_type = request.resource_type.clone().filter(|name| !name.is_empty());
    ResourceDocument {
        resource_name: request.resource_name.clone(),
        resource_namespace: request.resource_namespace.clone(),
        resource_id: request.resource_id.clone().filter(|id| !id.is_empty()),
        resource_type: Some(resource_type.unwrap_or_else(|| TOPIC.to_owned())),
        associations: Vec::new(),
    }
}

pub(super) fn with_associations(
    resource: ResourceDocument,
    associated: &[Associated],
) -> ResourceDocument {
    let associations = associated.iter().map(|Associated { association, schema }| {
        let schema = schema.as_ref();
        AssociatedDocument {
            subject: association.subject.to_string(),
            association_type: association.association_type.to_string(),
            lifecycle: association.lifecycle.to_string(),
            frozen: None,
            schema: schema.map(|found| convert::version(found, found.schema.text.clone())),
        }
    });
    ResourceDocument { associations: associations.collect(), ..resource }
}

pub(super) fn document(association: Association) -> AssociationDocument {
    let resource = association.resource;
    AssociationDocument {
        subject: association.subject.to_string(),
        guid: association.guid,
        resource_name: resource.name,
        resource_namespace: resource.namespace,
        resource_id: resource.id,
        resource_type: resource.resource_type,
        association_type: association.association_type.to_string(),
        lifecycle: association.lifecycle.to_string(),
        // Frozen is what the lifecycle says it is.
        frozen: None,
        create_ts: Some(association.create_ts_ms),
        update_ts: Some(association.update_ts_ms),
    }
}
