//! Registries of this process that a configuration names `mock://scope`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use tokio::sync::Mutex;

use crate::{Levada, StartError};

/// By scope; each serves until the process ends.
static SCOPES: Mutex<BTreeMap<String, Levada>> = Mutex::const_new(BTreeMap::new());

/// The URL to give a client for one out of a configuration. `mock://scope` is a registry in this
/// process, the same for all who name that scope, started when it is first named and stopped with
/// the process; any other URL stands for itself.
///
/// So a program is tested with nothing but another value of its setting:
///
/// ```no_run
/// # async fn program(setting: &str) -> Result<(), Box<dyn std::error::Error>> {
/// // `schema.registry.url=mock://orders` in the test, `https://registry.example` elsewhere.
/// let url = levada_testing::registry_url(setting).await?;
/// let registry = levada_serde::RegistryClient::new(url)?;
/// # Ok(())
/// # }
/// ```
///
/// It is the registry of [`Levada`], with real ids, compatibility checks and error codes. A program
/// that must not depend on this crate outside of its tests lets the test put the URL into its
/// configuration.
pub async fn registry_url(url: &str) -> Result<String, StartError> {
    let Some(scope) = url.strip_prefix("mock://") else { return Ok(url.to_owned()) };
    let mut scopes = SCOPES.lock().await;
    let levada = match scopes.entry(scope.to_owned()) {
        Entry::Occupied(started) => started.into_mut(),
        Entry::Vacant(place) => place.insert(Levada::start().await?),
    };
    Ok(levada.registry_url().to_owned())
}
