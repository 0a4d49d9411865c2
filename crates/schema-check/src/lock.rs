//! The lock file as a baseline that needs neither network nor history.

use std::io;
use std::path::Path;

use levada_lock_file::StoredVersion;
use levada_schema_core::Limits;

use crate::catalog::Catalog;
use crate::error::CheckFailure;
use crate::stored::{self, Stored};

/// Longest lock file that is read, in bytes.
const BYTES_MAX: u64 = 256 << 20;

/// Reads the lock file at `path`.
pub fn read(path: &Path) -> Result<Vec<StoredVersion>, CheckFailure> {
    let shown = path.display();
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => {
            CheckFailure::Baseline(format!("there is no {shown}; write it with levada lock"))
        }
        _ => CheckFailure::Unreadable { path: shown.to_string(), source },
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > BYTES_MAX {
        return Err(CheckFailure::Baseline(format!("{shown} is longer than {BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    levada_lock_file::read(&text)
        .map_err(|error| CheckFailure::Baseline(format!("{shown}: {error}")))
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
                guid: None,
                schema_type: version.schema_type.to_string(),
                references: direct(version),
                metadata: None,
                rule_set: None,
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
                    guid: None,
                    schema_type: version.schema_type.to_string(),
                    references: Vec::new(),
                    metadata: None,
                    rule_set: None,
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
