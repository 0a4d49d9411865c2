//! Where the workspace lies, for tests that read its files.

use std::path::{Path, PathBuf};

/// The folder of the root `Cargo.toml`.
pub fn workspace_root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().map_or_else(|| tests.to_path_buf(), Path::to_path_buf)
}
