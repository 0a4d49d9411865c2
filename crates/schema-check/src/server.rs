//! A running registry as a baseline, with its own levels.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use levada_registry_api::ConfigDocument;
use levada_schema_core::Limits;
use levada_serde::RegistryClient;
use levada_serde::client::{Call, RegistryError, Version as Which};

use crate::catalog::{Catalog, Source, Subject, Version};
use crate::context;
use crate::error::CheckFailure;
use crate::layout::Level;
use crate::registered::Registered;

/// Requests at once.
pub(crate) const REQUESTS_MAX: usize = 8;

/// The subjects of `new`, as far as the registry has them, with the versions that count for them.
pub fn load(
    client: &RegistryClient,
    new: &Catalog,
    limits: &Limits,
) -> Result<Catalog, CheckFailure> {
    waited(async {
        // An empty registry is told from a wrong address.
        let _: Vec<String> = client.call(Call::get(&["schemas", "types"])).await?;
        let names: Vec<String> = new.subjects.keys().cloned().collect();
        let mut catalog = read(client, &names, limits).await?;
        let mut registered = Registered::new(client, new, limits);
        for (name, subject) in &mut catalog.subjects {
            let Some((name, new)) = new.subjects.get_key_value(name) else { continue };
            let Some(new) = new.versions.last() else { continue };
            if subject.versions.iter().any(|known| known.is_same(new)) {
                continue;
            }
            if let Some(number) = registered.number(name, new, 0).await? {
                let place = format!("{name} version {number}");
                subject.versions.insert(0, Version { place, ..new.clone() });
            }
        }
        Ok(catalog)
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
        has_schemas: true,
        source: Source::Apart,
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
    let listed = subjects_of(client, "").await?;
    Ok(listed.iter().map(|name| context::split(name).1.to_owned()).collect())
}

/// The subjects whose names start with `prefix`, which may be a context (`:.context:`); of those
/// without one, the subjects of the context that the client works in. Names are as they are listed:
/// bare in the default context, else `:.context:name`.
pub(crate) async fn subjects_of(
    client: &RegistryClient,
    prefix: &str,
) -> Result<Vec<String>, RegistryError> {
    // Without the parameter, those of all contexts are listed.
    client.call(Call::get(&["subjects"]).query(&[("subjectPrefix", prefix)])).await
}

/// None where the registry has no such thing.
pub(crate) fn found<A>(answer: Result<A, RegistryError>) -> Result<Option<A>, RegistryError> {
    match answer {
        Err(error) if error.status() == Some(404) => Ok(None),
        answer => answer.map(Some),
    }
}
