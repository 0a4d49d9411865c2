//! `/dek-registry/v1/keks` and `/dek-registry/v1/keks/{name}`.

use axum::extract::State;
use axum::response::NoContent;
use levada_registry_api::{CreateKekRequest, ErrorCode, KekDocument, UpdateKekRequest};
use levada_registry_core::{Kek, KekDraft, KekPatch};

use super::audit::Acting;
use super::convert::field;
use super::error::HttpError;
use super::extract::{Body, Names, Params};
use super::parameters::{DELETED, LIMIT, OFFSET, PERMANENT, SUBJECT_PREFIXES, TEST_SHARING};
use super::reply::{Answer, Json};
use super::route::{self, Route};
use crate::app::AppState;

pub(super) fn routes() -> Vec<Route> {
    let refused = [ErrorCode::InvalidKey, ErrorCode::DekGenerationFailed];
    vec![
        Route::new(
            "/dek-registry/v1/keks",
            [
                route::get(list, "listKeks", "The names of the KEKs, sorted").takes(&[
                    SUBJECT_PREFIXES,
                    DELETED,
                    OFFSET,
                    LIMIT,
                ]),
                route::post(create, "createKek", "Name a key of a KMS")
                    .changes()
                    .takes(&[TEST_SHARING])
                    .refuses(&refused)
                    .refuses(&[ErrorCode::KeyExists, ErrorCode::TooManyKeys]),
            ],
        ),
        Route::new(
            "/dek-registry/v1/keks/{name}",
            [
                route::get(show, "getKek", "A KEK")
                    .takes(&[DELETED])
                    .refuses(&[ErrorCode::KeyNotFound, ErrorCode::InvalidKey]),
                route::put(update, "updateKek", "Change it; null clears a member")
                    .changes()
                    .takes(&[TEST_SHARING])
                    .refuses(&refused)
                    .refuses(&[ErrorCode::KeyNotFound]),
                route::delete(delete, "deleteKek", "Delete it")
                    .changes()
                    .takes(&[PERMANENT])
                    .refuses(&[
                        ErrorCode::InvalidKey,
                        ErrorCode::KeyNotFound,
                        ErrorCode::KeyNotSoftDeleted,
                        ErrorCode::KeyReferenced,
                    ]),
            ],
        ),
        Route::new(
            "/dek-registry/v1/keks/{name}/undelete",
            [route::post(undelete, "undeleteKek", "Undo its deletion")
                .changes()
                .refuses(&[ErrorCode::KeyNotFound, ErrorCode::InvalidKey])],
        ),
        Route::new(
            "/dek-registry/v1/keks/{name}/test",
            [route::post(test, "testKek", "Let the KMS show that it can wrap a key")
                .refuses(&refused)
                .refuses(&[ErrorCode::KeyNotFound])],
        ),
    ]
}

/// GET `/dek-registry/v1/keks`
pub(super) async fn list(State(app): State<AppState>, params: Params) -> Answer<Vec<String>> {
    let prefixes: Vec<String> = params.all(SUBJECT_PREFIXES).map(str::to_owned).collect();
    let page = params.page(usize::MAX)?;
    Ok(Json(app.registry.kek_names(&prefixes, params.flag(DELETED), page).await?))
}

/// POST `/dek-registry/v1/keks`
pub(super) async fn create(
    Acting(app): Acting,
    params: Params,
    Body(request): Body<CreateKekRequest>,
) -> Answer<KekDocument> {
    let draft = KekDraft {
        name: request.name.unwrap_or_default(),
        kms_type: request.kms_type,
        kms_key_id: request.kms_key_id,
        kms_props: request.kms_props,
        doc: request.doc,
        shared: request.shared,
        is_deleted: request.deleted,
    };
    let created = app.registry.create_kek(draft, params.flag(TEST_SHARING)).await?;
    Ok(Json(document(created)))
}

/// GET `/dek-registry/v1/keks/{name}`
pub(super) async fn show(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<KekDocument> {
    Ok(Json(document(app.registry.kek(names.text("name"), params.flag(DELETED)).await?)))
}

/// PUT `/dek-registry/v1/keks/{name}`
pub(super) async fn update(
    Acting(app): Acting,
    names: Names,
    params: Params,
    Body(request): Body<UpdateKekRequest>,
) -> Answer<KekDocument> {
    let patch = KekPatch {
        kms_props: field(request.kms_props),
        doc: field(request.doc),
        shared: field(request.shared),
    };
    let test = params.flag(TEST_SHARING);
    Ok(Json(document(app.registry.update_kek(names.text("name"), patch, test).await?)))
}

/// DELETE `/dek-registry/v1/keks/{name}`
pub(super) async fn delete(
    Acting(app): Acting,
    names: Names,
    params: Params,
) -> Result<NoContent, HttpError> {
    app.registry.delete_kek(names.text("name"), params.flag(PERMANENT)).await?;
    Ok(NoContent)
}

/// POST `/dek-registry/v1/keks/{name}/undelete`
pub(super) async fn undelete(Acting(app): Acting, names: Names) -> Result<NoContent, HttpError> {
    app.registry.undelete_kek(names.text("name")).await?;
    Ok(NoContent)
}

/// POST `/dek-registry/v1/keks/{name}/test`
pub(super) async fn test(State(app): State<AppState>, names: Names) -> Answer<KekDocument> {
    Ok(Json(document(app.registry.test_kek(names.text("name")).await?)))
}

fn document(kek: Kek) -> KekDocument {
    KekDocument {
        name: kek.name,
        kms_type: kek.kms_type,
        kms_key_id: kek.kms_key_id,
        kms_props: kek.kms_props,
        doc: kek.doc,
        shared: kek.shared,
        ts: Some(kek.ts_ms),
        deleted: kek.is_deleted,
    }
}
