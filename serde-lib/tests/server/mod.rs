//! The real registry server in this process, on a database of its own.

use levada_registry_server::{RunningRegistry, Settings};
use levada_serde::RegistryClient;
use tempfile::TempDir;

/// Database, server and a client of it; the database goes with its folder.
pub(crate) async fn start() -> (TempDir, RunningRegistry, RegistryClient) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(folder.path().join("registry.db"), "127.0.0.1:0");
    let server = levada_registry_server::start(settings).await.unwrap();
    let client = RegistryClient::new(format!("http://{}", server.local_addr())).unwrap();
    (folder, server, client)
}
