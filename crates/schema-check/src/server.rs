//! A running registry as a baseline, with its own levels.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use levada_registry_api::ConfigDocument;
use levada_schema_core::Limits;
use levada_serde::RegistryClient;
use levada_serde::client::{Call, RegistryError, Version as Which};

use crate::catalog::{Catalog, Subject, Version};
use crate::error::CheckFailure;
use crate::layout::Level;

/// Requests at once.
pub(crate) const REQUESTS_MAX: usize = 8;

/// The subjects of `new`, as far as the registry has them.
pub fn load(
    client: &RegistryClient,
    new: &Catalog,
    limits: &Limits,
) -> Result<Catalog, CheckFailure> {
    waited(async {
        // An empty registry is told from a wrong address.
        let _: Vec<String> = client.call(Call::get(&["schemas", "types"])).await?;
        let names: Vec<String> = new.subjects.keys().cloned().collect();
        read(client, &names, limits).await
    })
}

/// All subjects of the context that the client works in.
pub fn load_all(client: &RegistryClient, limits: &Limits) -> Result<Catalog, CheckFailure> {
    waited(async { read(client, &subjects(client).await?, limits).await })
}

fn waited<T>(asking: impl Future<Output = Result<T, CheckFailure>>) -> Result<T, CheckFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(CheckFailure::Threads)?.block_on(asking)
}

async fn read(
    client: &RegistryClient,
    names: &[String],
    limits: &Limits,
) -> Result<Catalog, CheckFailure> {
    let subjects: Vec<Option<(String, Subject)>> = stream::iter(names)
        .map(|name| subject(client, name, limits))
        .buffered(REQUESTS_MAX)
        .try_collect()
        .await?;
    Ok(Catalog {
        label: client.url(),
        subjects: subjects.into_iter().flatten().collect(),
        has_own_levels: true,
        // Nothing there yet is an answer, too.
        has_files: true,
    })
}

async fn subject(
    client: &RegistryClient,
    name: &str,
    limits: &Limits,
) -> Result<Option<(String, Subject)>, CheckFailure> {
    let listed = client.call::<Vec<i32>>(Call::get(&["subjects", name, "versions"])).await;
    let Some(numbers) = found(listed)? else { return Ok(None) };
    let (level, policy) = settings(client, name).await?;
    let compared = if level.level.is_transitive() { limits.versions_max } else { 1 };
    let mut versions = Vec::new();
    for number in numbers.iter().rev().take(compared).rev() {
        let version = client.version(name, Which::Number(*number)).await?;
        versions.push(Version {
            schema_type: version.schema.schema_type,
            text: version.schema.text.as_str().into(),
            references: version.schema.references.clone(),
            direct: Vec::new(),
            place: format!("{name} version {number}"),
            problem: None,
        });
    }
    Ok(Some((name.to_owned(), Subject { versions, level: Some(level), policy })))
}

async fn settings(
    client: &RegistryClient,
    name: &str,
) -> Result<(Level, Option<levada_schema_core::CompatibilityPolicy>), CheckFailure> {
    let path = ["config", name];
    let call = Call::get(&path).query(&[("defaultToGlobal", "true")]);
    let config: ConfigDocument = client.call(call).await?;
    let level = config.compatibility_level.as_deref().and_then(|level| level.parse().ok());
    let level = Level {
        level: level.unwrap_or_default(),
        source: format!("config of {name} in the registry"),
    };
    let policy = config.compatibility_policy.as_deref().and_then(|policy| policy.parse().ok());
    Ok((level, policy))
}

/// The subjects of the context that the client works in, by their bare names.
pub(crate) async fn subjects(client: &RegistryClient) -> Result<Vec<String>, RegistryError> {
    let listed: Vec<String> = client.call(Call::get(&["subjects"])).await?;
    // Names of the default context are listed bare, those of any other one as `:.context:name`.
    let bare = |name: String| match name.strip_prefix(":.").and_then(|rest| rest.split_once(':')) {
        Some((_, bare)) => bare.to_owned(),
        None => name,
    };
    Ok(listed.into_iter().map(bare).collect())
}

/// None where the registry has no such thing.
pub(crate) fn found<A>(answer: Result<A, RegistryError>) -> Result<Option<A>, RegistryError> {
    match answer {
        Err(error) if error.status() == Some(404) => Ok(None),
        answer => answer.map(Some),
    }
}
