//! The registry on disk: one small JSON file, rewritten whole for every change.
//!
//! ```json
//! {"format":1,"topics":[{"name":"orders","id":"…uuid…","partitions":3,"config":{"retention.ms":"1000"}}]}
//! ```

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::TopicError;
use crate::io::{Disk, read_file, replace_file};

pub(super) const FILE_NAME: &str = "topics.json";
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Registry {
    format: u32,
    topics: Vec<StoredTopic>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredTopic {
    pub(super) name: String,
    pub(super) id: Uuid,
    pub(super) partitions: usize,
    pub(super) config: BTreeMap<String, String>,
}

/// `None` when there is no file yet.
pub(super) fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<StoredTopic>>, TopicError> {
    let failed = |reason: String| TopicError::File { path: path.display().to_string(), reason };
    let text = match read_file(disk, path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    let registry: Registry = serde_json::from_slice(&text).map_err(|e| failed(e.to_string()))?;
    if registry.format > FORMAT {
        return Err(failed(format!("format {} is newer than {FORMAT}", registry.format)));
    }
    Ok(Some(registry.topics))
}

/// Durable when it returns; a crash leaves the old file or the new one.
pub(super) fn write(
    disk: &dyn Disk,
    path: &Path,
    topics: Vec<StoredTopic>,
) -> Result<(), TopicError> {
    let failed = |reason: String| TopicError::File { path: path.display().to_string(), reason };
    let registry = Registry { format: FORMAT, topics };
    let text = serde_json::to_vec(&registry).map_err(|error| failed(error.to_string()))?;
    replace_file(disk, path, &text).map_err(|error| failed(error.to_string()))
}
