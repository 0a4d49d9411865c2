//! The lock file: schemas with their versions and hashes, checked in beside the code, as a baseline
//! that needs neither network nor history.

use std::path::Path;

use levada_schema_core::Limits;
use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::error::CheckFailure;
use crate::report::fingerprint;
use crate::stored::{self, Stored, StoredVersion};

/// The version of the format.
const VERSION: u32 = 1;
/// Longest lock file that is read, in bytes.
const BYTES_MAX: u64 = 256 << 20;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockFile {
    version: u32,
    schemas: Vec<Locked>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Locked {
    #[serde(flatten)]
    schema: StoredVersion,
    /// Of the text: an edited lock file shows.
    hash: String,
}

/// The text of a lock file with these versions.
pub fn write(versions: &[StoredVersion]) -> String {
    let schemas = versions
        .iter()
        .map(|schema| Locked { schema: schema.clone(), hash: fingerprint(&[&schema.schema]) });
    let file = LockFile { version: VERSION, schemas: schemas.collect() };
    // Texts and numbers always are JSON.
    let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads the lock file at `path`.
pub fn read(path: &Path) -> Result<Vec<StoredVersion>, CheckFailure> {
    let shown = path.display();
    let unreadable = |source| CheckFailure::Unreadable { path: shown.to_string(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > BYTES_MAX {
        return Err(CheckFailure::Baseline(format!("{shown} is longer than {BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let invalid = |reason: String| {
        CheckFailure::Baseline(format!("{shown}: {reason}; write it again with levada lock"))
    };
    let file: LockFile =
        serde_json::from_str(&text).map_err(|error| invalid(format!("no lock file: {error}")))?;
    if file.version != VERSION {
        return Err(invalid(format!("version {} is not known here", file.version)));
    }
    let changed = |locked: &&Locked| locked.hash != fingerprint(&[&locked.schema.schema]);
    if let Some(Locked { schema, .. }) = file.schemas.iter().find(changed) {
        let StoredVersion { subject, version, .. } = schema;
        return Err(invalid(format!("{subject} version {version} was changed by hand")));
    }
    Ok(file.schemas.into_iter().map(|locked| locked.schema).collect())
}

/// The lock file as a baseline.
pub fn load(path: &Path, limits: &Limits) -> Result<Catalog, CheckFailure> {
    let versions = read(path)?;
    let label = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    stored::catalog(label, &Stored { versions, ..Stored::default() }, limits)
}

/// The schemas of a tree as versions, each referring to the others.
pub fn of_catalog(catalog: &Catalog) -> Vec<StoredVersion> {
    let mut versions: Vec<StoredVersion> = Vec::new();
    for (subject, found) in &catalog.subjects {
        for (number, version) in (1..).zip(&found.versions) {
            versions.push(StoredVersion {
                subject: subject.clone(),
                version: number,
                id: None,
                schema_type: version.schema_type.to_string(),
                references: direct(version),
                schema: version.text.to_string(),
                deleted: false,
            });
        }
    }
    // What is referred to and no schema of its own stands there as if it were soft-deleted.
    let known: Vec<String> = versions.iter().map(|version| version.subject.clone()).collect();
    let mut others: Vec<StoredVersion> = Vec::new();
    for version in catalog.subjects.values().flat_map(|subject| &subject.versions) {
        for target in &version.references {
            let subject = &target.reference.subject;
            let is_listed =
                known.contains(subject) || others.iter().any(|other| other.subject == *subject);
            if !is_listed {
                others.push(StoredVersion {
                    subject: subject.clone(),
                    version: 1,
                    id: None,
                    schema_type: version.schema_type.to_string(),
                    references: Vec::new(),
                    schema: target.text.clone(),
                    deleted: true,
                });
            }
        }
    }
    versions.extend(others);
    versions.sort_by(|a, b| (&a.subject, a.version).cmp(&(&b.subject, b.version)));
    versions
}

/// What a version refers to, all of it: the files behind have no versions of their own here.
fn direct(version: &crate::catalog::Version) -> Vec<levada_schema_core::Reference> {
    let targets = version.references.iter();
    targets
        .map(|target| levada_schema_core::Reference { version: 1, ..target.reference.clone() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version() -> StoredVersion {
        StoredVersion {
            subject: "orders-value".to_owned(),
            version: 3,
            id: Some(7),
            schema_type: "AVRO".to_owned(),
            references: Vec::new(),
            schema: "\"int\"".to_owned(),
            deleted: false,
        }
    }

    #[test]
    fn written_lock_file_is_read_back_and_an_edited_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("levada.lock");
        std::fs::write(&path, write(&[version()])).unwrap();
        assert_eq!(read(&path).unwrap(), [version()]);
        let edited = write(&[version()]).replace("int", "long");
        std::fs::write(&path, edited).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("orders-value version 3 was changed by hand"), "{error}");
    }
}
