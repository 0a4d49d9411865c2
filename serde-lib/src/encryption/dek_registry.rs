//! Questions to the DEK registry.
//!
//! Whoever finds a key made by another in the meantime (409) is told that it made none, and reads
//! again.

use levada_encryption::DekAlgorithm;
use levada_registry_api::{CreateDekRequest, CreateKekRequest, DekDocument, KekDocument};
use serde::Serialize;

use crate::client::{Call, RegistryClient, RegistryError, RegistryErrorKind, Version};

const BASE: [&str; 3] = ["dek-registry", "v1", "keks"];

/// The versions of a DEK.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct DekSeries {
    pub(super) kek: String,
    pub(super) subject: String,
    pub(super) algorithm: DekAlgorithm,
}

pub(super) async fn kek(
    client: &RegistryClient,
    name: &str,
    context: Option<&str>,
) -> Result<Option<KekDocument>, RegistryError> {
    let path = [&BASE[..], &[name]].concat();
    let query: Vec<_> = context.into_iter().map(|context| ("context", context)).collect();
    unless(404, client.call(Call::get(&path).query(&query)).await)
}

/// None where there is one by now.
pub(super) async fn create_kek(
    client: &RegistryClient,
    request: &CreateKekRequest,
    context: Option<&str>,
) -> Result<Option<KekDocument>, RegistryError> {
    let query: Vec<_> = context.into_iter().map(|context| ("context", context)).collect();
    let call = Call::post(&BASE, body_of(client, request)?).query(&query);
    unless(409, client.call(call).await)
}

/// A version; `deleted` also finds one that was soft-deleted.
pub(super) async fn dek(
    client: &RegistryClient,
    series: &DekSeries,
    version: Version,
    deleted: bool,
) -> Result<Option<DekDocument>, RegistryError> {
    let version = version.to_string();
    let path = [&BASE[..], &[&series.kek, "deks", &series.subject, "versions", &version]].concat();
    let deleted = if deleted { "true" } else { "false" };
    let query = [("algorithm", series.algorithm.as_str()), ("deleted", deleted)];
    unless(404, client.call(Call::get(&path).query(&query)).await)
}

/// None where there is one by now.
pub(super) async fn create_dek(
    client: &RegistryClient,
    series: &DekSeries,
    version: i32,
    encrypted_key_material: Option<String>,
) -> Result<Option<DekDocument>, RegistryError> {
    let request = CreateDekRequest {
        subject: Some(series.subject.clone()),
        version: Some(version),
        algorithm: Some(series.algorithm.as_str().to_owned()),
        encrypted_key_material,
        deleted: false,
    };
    let body = body_of(client, &request)?;
    let path = [&BASE[..], &[&series.kek, "deks", &series.subject]].concat();
    let created = client.call(Call::post(&path, body.clone())).await;
    // Registries before version 8 take the subject in the body alone.
    let is_old = matches!(&created, Err(error) if error.status() == Some(405));
    if is_old {
        return unless(409, client.call(Call::post(&path[..path.len() - 1], body)).await);
    }
    unless(409, created)
}

/// The answer, or none if the registry refused with this status.
fn unless<A>(status: u16, answer: Result<A, RegistryError>) -> Result<Option<A>, RegistryError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.status() == Some(status) => Ok(None),
        Err(error) => Err(error),
    }
}

fn body_of(client: &RegistryClient, request: &impl Serialize) -> Result<Vec<u8>, RegistryError> {
    serde_json::to_vec(request).map_err(|error| {
        let kind = RegistryErrorKind::InvalidAnswer(format!("the request is no JSON: {error}"));
        RegistryError { kind, url: client.url(), attempts: 0 }
    })
}
