//! `/dek-registry/v1/keks/{name}/deks` and below.

use axum::extract::State;
use axum::response::NoContent;
use levada_registry_api::{CreateDekRequest, DekDocument, ErrorCode};
use levada_registry_core::{
    DekAlgorithm, DekDraft, DekSeries, QualifiedSubject, SchemaVersion, ShownDek, VersionSpec,
};

use super::audit::Acting;
use super::error::HttpError;
use super::extract::{Body, Names, Params, not_found};
use super::parameters::{ALGORITHM, DELETED, LIMIT, OFFSET, PERMANENT, REWRAP};
use super::reply::{Answer, Json};
use super::route::{self, Route};
use crate::app::{App, AppState};

/// What a client gets that names no version.
const FIRST: VersionSpec = VersionSpec::Number(SchemaVersion(1));

pub(super) fn routes() -> Vec<Route> {
    let reading = [ErrorCode::KeyNotFound, ErrorCode::InvalidKey, ErrorCode::DekGenerationFailed];
    let deletion = [ErrorCode::InvalidKey, ErrorCode::KeyNotFound, ErrorCode::KeyNotSoftDeleted];
    let undeletion = [ErrorCode::InvalidKey, ErrorCode::KeyNotFound, ErrorCode::KeySoftDeleted];
    let creation = |name| {
        route::post(create, name, "Store a wrapped key, or let the KMS make one")
            .changes()
            .takes(&[REWRAP])
            .refuses(&reading)
            .refuses(&[ErrorCode::KeyExists, ErrorCode::TooManyKeys, ErrorCode::InvalidVersion])
    };
    vec![
        Route::new(
            "/dek-registry/v1/keks/{name}/deks",
            [
                route::get(subjects, "listDekSubjects", "The subjects with keys under the KEK")
                    .takes(&[DELETED, OFFSET, LIMIT])
                    .refuses(&[ErrorCode::InvalidKey, ErrorCode::KeyNotFound]),
                creation("createDek"),
            ],
        ),
        Route::new(
            "/dek-registry/v1/keks/{name}/deks/{subject}",
            [
                route::get(show, "getDek", "The first version of the DEK")
                    .takes(&[ALGORITHM, DELETED])
                    .refuses(&reading),
                creation("createDekOfSubject"),
                route::delete(delete, "deleteDek", "Delete all its versions")
                    .changes()
                    .takes(&[ALGORITHM, PERMANENT])
                    .refuses(&deletion),
            ],
        ),
        Route::new(
            "/dek-registry/v1/keks/{name}/deks/{subject}/undelete",
            [route::post(undelete, "undeleteDek", "Undo the deletion of all its versions")
                .changes()
                .takes(&[ALGORITHM])
                .refuses(&undeletion)],
        ),
        Route::new(
            "/dek-registry/v1/keks/{name}/deks/{subject}/versions",
            [route::get(versions, "listDekVersions", "The numbers of its versions")
                .takes(&[ALGORITHM, DELETED, OFFSET, LIMIT])
                .refuses(&[ErrorCode::InvalidKey, ErrorCode::KeyNotFound])],
        ),
        Route::new(
            "/dek-registry/v1/keks/{name}/deks/{subject}/versions/{version}",
            [
                route::get(show, "getDekVersion", "A version of the DEK")
                    .takes(&[ALGORITHM, DELETED])
                    .refuses(&reading),
                route::delete(delete, "deleteDekVersion", "Delete a version")
                    .changes()
                    .takes(&[ALGORITHM, PERMANENT])
                    .refuses(&deletion),
            ],
        ),
        Route::new(
            "/dek-registry/v1/keks/{name}/deks/{subject}/versions/{version}/undelete",
            [route::post(undelete, "undeleteDekVersion", "Undo the deletion of a version")
                .changes()
                .takes(&[ALGORITHM])
                .refuses(&undeletion)],
        ),
    ]
}

/// GET `/dek-registry/v1/keks/{name}/deks`
pub(super) async fn subjects(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<String>> {
    let (deleted, page) = (params.flag(DELETED), params.page(usize::MAX)?);
    Ok(Json(app.registry.dek_subjects(names.text("name"), deleted, page).await?))
}

/// POST `/dek-registry/v1/keks/{name}/deks`, with the subject in the body, or below it
pub(super) async fn create(
    Acting(app): Acting,
    names: Names,
    params: Params,
    Body(request): Body<CreateDekRequest>,
) -> Answer<DekDocument> {
    let algorithm = match &request.algorithm {
        None => DekAlgorithm::default(),
        Some(name) => name.parse().map_err(|error| {
            HttpError::new(ErrorCode::BadRequest, format!("The body cannot be read: {error}"))
        })?,
    };
    // Only names in paths are aliases.
    let subject = match names.find("subject") {
        Some(_) => app.dek_subject(&names).await?,
        None => QualifiedSubject::parse(&request.subject.unwrap_or_default()),
    };
    let kek = names.text("name").to_owned();
    let draft = DekDraft {
        series: DekSeries { kek, subject, algorithm },
        version: request.version.unwrap_or(1),
        encrypted_key_material: request.encrypted_key_material,
        is_deleted: request.deleted,
    };
    Ok(Json(document(app.registry.create_dek(draft, params.flag(REWRAP)).await?)))
}

/// GET `/dek-registry/v1/keks/{name}/deks/{subject}/versions`
pub(super) async fn versions(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<Vec<i32>> {
    let series = app.dek_series(&names, &params).await?;
    let page = params.page(usize::MAX)?;
    Ok(Json(app.registry.dek_versions(&series, params.flag(DELETED), page).await?))
}

/// GET `/dek-registry/v1/keks/{name}/deks/{subject}` and `.../versions/{version}`
pub(super) async fn show(
    State(app): State<AppState>,
    names: Names,
    params: Params,
) -> Answer<DekDocument> {
    let series = app.dek_series(&names, &params).await?;
    let version = names.optional_version()?.unwrap_or(FIRST);
    Ok(Json(document(app.registry.dek(&series, version, params.flag(DELETED)).await?)))
}

/// DELETE of the same: all versions, or one
pub(super) async fn delete(
    Acting(app): Acting,
    names: Names,
    params: Params,
) -> Result<NoContent, HttpError> {
    let series = app.dek_series(&names, &params).await?;
    let version = names.optional_version()?;
    app.registry.delete_deks(&series, version, params.flag(PERMANENT)).await?;
    Ok(NoContent)
}

/// POST `.../undelete` of the same
pub(super) async fn undelete(
    Acting(app): Acting,
    names: Names,
    params: Params,
) -> Result<NoContent, HttpError> {
    let series = app.dek_series(&names, &params).await?;
    let version = names.optional_version()?;
    app.registry.undelete_deks(&series, version).await?;
    Ok(NoContent)
}

impl App {
    async fn dek_subject(&self, names: &Names) -> Result<QualifiedSubject, HttpError> {
        Ok(self.registry.resolve_dek_alias(names.subject()).await?)
    }

    async fn dek_series(&self, names: &Names, params: &Params) -> Result<DekSeries, HttpError> {
        let algorithm = match params.text(ALGORITHM) {
            None | Some("") => DekAlgorithm::default(),
            // Observed: a parameter of the wrong kind makes the path one that does not exist.
            Some(name) => name.parse().map_err(|_| not_found())?,
        };
        let kek = names.text("name").to_owned();
        Ok(DekSeries { kek, subject: self.dek_subject(names).await?, algorithm })
    }
}

fn document(ShownDek { dek, key_material }: ShownDek) -> DekDocument {
    DekDocument {
        kek_name: dek.series.kek,
        subject: dek.series.subject.to_string(),
        version: dek.version,
        algorithm: dek.series.algorithm.to_string(),
        encrypted_key_material: Some(dek.encrypted_key_material),
        key_material,
        ts: Some(dek.ts_ms),
        deleted: dek.is_deleted,
    }
}
