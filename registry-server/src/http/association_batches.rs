//! `/associations:batchGet` and `/associations:batchMutate`: one result a request, 207 for all.

use axum::extract::State;
use levada_registry_api::{
    AssociationOpRequest, AssociationsQuery, AssociationsRequest, BatchDocument, BatchRequest,
    BatchResult, ErrorCode, ResourceDocument,
};
use levada_registry_core::{
    About, Associated, AssociationFilter, AssociationOp, AssociationQuery, AssociationRequest,
    Page, QualifiedSubject,
};

use super::associations::{TOPIC, draft, resource, with_associations};
use super::audit::{self, Acting};
use super::error::HttpError;
use super::extract::{Body, Params};
use super::parameters::{CONTEXT, DRY_RUN, INCLUDE_SCHEMAS};
use super::reply::MultiStatus;
use super::route::{self, Route};
use crate::app::AppState;

/// What a change of a batch can be.
pub(super) const OP_TYPES: [&str; 3] = ["CREATE", "UPSERT", "DELETE"];

type Batch = Result<MultiStatus<BatchDocument>, HttpError>;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "/associations:batchGet",
            [route::post(get, "getAssociationsOfResources", "Those of several resources")
                .takes(&[INCLUDE_SCHEMAS])
                .refuses(&[ErrorCode::InvalidAssociation])],
        ),
        Route::new(
            "/associations:batchMutate",
            [route::post(mutate, "changeAssociations", "Change those of several resources")
                .changes()
                .takes(&[DRY_RUN, CONTEXT])
                .refuses(&[ErrorCode::InvalidAssociation])],
        ),
    ]
}

/// POST `/associations:batchGet`
pub(super) async fn get(
    State(app): State<AppState>,
    params: Params,
    Body(body): Body<BatchRequest<AssociationsQuery>>,
) -> Batch {
    check_some(&body.requests)?;
    let with_schemas = params.flag(INCLUDE_SCHEMAS);
    let mut results = Vec::with_capacity(body.requests.len());
    for query in body.requests {
        results.push(result(found(&app, query, with_schemas).await));
    }
    Ok(answer(results))
}

/// POST `/associations:batchMutate`
pub(super) async fn mutate(
    Acting(app): Acting,
    params: Params,
    Body(body): Body<BatchRequest<AssociationsRequest<AssociationOpRequest>>>,
) -> Batch {
    check_some(&body.requests)?;
    let mut results = Vec::with_capacity(body.requests.len());
    for request in body.requests {
        let about = About::name(request.resource_id.clone().unwrap_or_default());
        let outcome = mutated(&app, request, &params).await;
        if let Err(error) = &outcome {
            audit::note_refusal(&app, about, error.code()).await;
        }
        results.push(result(outcome));
    }
    Ok(answer(results))
}

fn check_some<T>(requests: &[T]) -> Result<(), HttpError> {
    if requests.is_empty() {
        return Err(invalid("requests cannot be null or empty"));
    }
    Ok(())
}

fn invalid(message: &str) -> HttpError {
    HttpError::new(ErrorCode::InvalidAssociation, message)
}

fn answer(results: Vec<BatchResult>) -> MultiStatus<BatchDocument> {
    MultiStatus(BatchDocument { results })
}

fn result(outcome: Result<ResourceDocument, HttpError>) -> BatchResult {
    match outcome {
        Ok(document) => BatchResult::Result(document),
        Err(error) => BatchResult::Error(error.into_body()),
    }
}

async fn mutated(
    app: &AppState,
    body: AssociationsRequest<AssociationOpRequest>,
    params: &Params,
) -> Result<ResourceDocument, HttpError> {
    let request = AssociationRequest {
        resource_name: body.resource_name,
        resource_namespace: body.resource_namespace,
        resource_id: body.resource_id,
        resource_type: body.resource_type,
        associations: Vec::new(),
        context: QualifiedSubject::parse(params.text(CONTEXT).unwrap_or_default()).context,
    };
    let ops = body.associations.into_iter().map(op).collect::<Result<_, _>>()?;
    let shown = app.registry.mutate_associations(&request, ops, params.flag(DRY_RUN)).await?;
    Ok(with_associations(resource(&request), &shown))
}

fn op(body: AssociationOpRequest) -> Result<AssociationOp, HttpError> {
    let cascade = body.cascade_lifecycle;
    match body.op_type.as_deref() {
        Some("CREATE") => Ok(AssociationOp::Create(draft(body.update)?)),
        Some("UPSERT") => Ok(AssociationOp::Upsert(draft(body.update)?)),
        Some("DELETE") => {
            Ok(AssociationOp::Delete { association_type: body.update.association_type, cascade })
        }
        _ => Err(invalid(&format!("opType must be one of {}", OP_TYPES.join(", ")))),
    }
}

async fn found(
    app: &AppState,
    query: AssociationsQuery,
    with_schemas: bool,
) -> Result<ResourceDocument, HttpError> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (id, name) = (given(&query.resource_id), given(&query.resource_name));
    let namespace = given(&query.resource_namespace);
    let lifecycle = query.lifecycle.as_deref().map(str::parse).transpose();
    let filter = AssociationFilter {
        resource_type: Some(given(&query.resource_type).unwrap_or_else(|| TOPIC.to_owned())),
        association_types: query.association_types,
        lifecycle: lifecycle.map_err(|_| invalid("lifecycle must be STRONG or WEAK"))?,
    };
    let asked = match (&id, &name, &namespace) {
        (Some(id), ..) => AssociationQuery::OfResource(id),
        (None, Some(name), Some(namespace)) => {
            AssociationQuery::Named { namespace: Some(namespace), name: Some(name) }
        }
        (None, Some(_), None) => {
            return Err(invalid("resourceNamespace is required when resourceName is specified"));
        }
        (None, None, _) => {
            return Err(invalid("either resourceId or resourceName must be specified"));
        }
    };
    let all = Page::new(0, -1, usize::MAX);
    let associations = app.registry.associations(asked, &filter, all).await?;
    let first = associations.first().map(|found| found.resource.clone());
    let shown = ResourceDocument {
        resource_name: name.or_else(|| first.as_ref().map(|first| first.name.clone())),
        resource_namespace: namespace
            .or_else(|| first.as_ref().map(|first| first.namespace.clone())),
        resource_id: id.or_else(|| first.map(|first| first.id)),
        resource_type: filter.resource_type,
        associations: Vec::new(),
    };
    let associated = if with_schemas {
        app.registry.schemas_of(associations).await?
    } else {
        let without = |association| Associated { association, schema: None };
        associations.into_iter().map(without).collect()
    };
    Ok(with_associations(shown, &associated))
}
