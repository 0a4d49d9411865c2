//! The lock file, `levada.lock`: versions of subjects with their schemas and hashes, checked in beside
//! the code. `levada lock` writes it; checks, build scripts and clients read it where there is neither
//! network nor history.
//!
//! Text in, values out: who reads the file itself says how long it may be.

use std::fmt::{self, Write as _};

use levada_schema_core::Reference;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// What the file is called.
pub const FILE_NAME: &str = "levada.lock";

/// The version of the format.
const FORMAT: u32 = 2;

/// A version of a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredVersion {
    pub subject: String,
    pub version: i32,
    /// Schemas that come from files have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i32>,
    /// As the registry tells it; those before version 8 tell none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guid: Option<String>,
    pub schema_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// As the REST API has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// As the REST API has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<Value>,
    pub schema: String,
    /// Soft-deleted: others may refer to it, but nothing must be compatible with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockFile<T> {
    version: u32,
    schemas: Vec<T>,
}

#[derive(Debug, Serialize)]
struct Locked {
    #[serde(flatten)]
    schema: StoredVersion,
    /// Of all the rest: an edited lock file shows.
    hash: String,
}

/// Why a text is no lock file to go by. `levada lock` writes another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockFileError {
    /// It is no lock file.
    Syntax(String),
    /// A later program wrote it, or one from before the first release.
    UnknownFormat(u32),
    /// A version is not as it was written.
    Changed { subject: String, version: i32 },
}

impl fmt::Display for LockFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(reason) => write!(f, "no lock file: {reason}")?,
            Self::UnknownFormat(version) => write!(f, "version {version} is not known here")?,
            Self::Changed { subject, version } => {
                write!(f, "{subject} version {version} was changed by hand")?;
            }
        }
        f.write_str("; write it again with levada lock")
    }
}

impl std::error::Error for LockFileError {}

/// The text of a lock file with these versions.
pub fn write(versions: &[StoredVersion]) -> String {
    let schemas =
        versions.iter().map(|schema| Locked { schema: schema.clone(), hash: hash_of(schema) });
    let file = LockFile { version: FORMAT, schemas: schemas.collect() };
    // Texts and numbers always are JSON.
    let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
    text.push('\n');
    text
}

/// The versions in the text of a lock file.
pub fn read(text: &str) -> Result<Vec<StoredVersion>, LockFileError> {
    #[derive(Deserialize)]
    struct Format {
        version: u32,
    }
    let syntax = |error: serde_json::Error| LockFileError::Syntax(error.to_string());
    let Format { version } = serde_json::from_str(text).map_err(syntax)?;
    if version != FORMAT {
        return Err(LockFileError::UnknownFormat(version));
    }
    let file: LockFile<Map<String, Value>> = serde_json::from_str(text).map_err(syntax)?;
    file.schemas.into_iter().enumerate().map(|(index, members)| unlocked(index, members)).collect()
}

/// A version, if it is as it was written. A flattened struct would take members that it does not know.
fn unlocked(index: usize, mut members: Map<String, Value>) -> Result<StoredVersion, LockFileError> {
    let hash = members.remove("hash");
    let schema: StoredVersion = serde_json::from_value(Value::Object(members))
        .map_err(|error| LockFileError::Syntax(format!("schemas[{index}]: {error}")))?;
    if hash.as_ref().and_then(Value::as_str) == Some(hash_of(&schema).as_str()) {
        return Ok(schema);
    }
    Err(LockFileError::Changed { subject: schema.subject, version: schema.version })
}

/// Sixteen hex digits of the SHA-256 of the version as JSON.
fn hash_of(version: &StoredVersion) -> String {
    let digest = Sha256::digest(serde_json::to_vec(version).unwrap_or_default());
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version() -> StoredVersion {
        StoredVersion {
            subject: "orders-value".to_owned(),
            version: 3,
            id: Some(7),
            guid: None,
            schema_type: "AVRO".to_owned(),
            references: Vec::new(),
            metadata: Some(serde_json::json!({"properties": {"owner": "shop"}})),
            rule_set: None,
            schema: "\"int\"".to_owned(),
            deleted: false,
        }
    }

    #[test]
    fn written_lock_file_is_read_back() {
        assert_eq!(read(&write(&[version()])), Ok(vec![version()]));
    }

    #[test]
    fn edited_lock_file_is_refused_and_says_which_version() {
        for (from, to) in [("int", "long"), ("\"shop\"", "\"me\""), ("\"id\": 7", "\"id\": 8")] {
            let edited = write(&[version()]).replace(from, to);
            let error = read(&edited).unwrap_err();
            let subject = "orders-value".to_owned();
            assert_eq!(error, LockFileError::Changed { subject, version: 3 }, "{from}");
        }
    }

    #[test]
    fn member_that_nobody_knows_is_refused_wherever_it_stands() {
        for (before, place) in [
            ("\"hash\"", "schemas[0]: unknown field `other`"),
            ("\"schemas\"", "unknown field `other`"),
        ] {
            let edited =
                write(&[version()]).replacen(before, &format!("\"other\": 1, {before}"), 1);
            let Err(LockFileError::Syntax(reason)) = read(&edited) else { panic!("{before}") };
            assert!(reason.starts_with(place), "{reason}");
        }
    }

    #[test]
    fn text_of_another_format_is_refused() {
        assert!(matches!(read("[]"), Err(LockFileError::Syntax(_))));
        let old = r#"{"version": 1, "schemas": [{"subject": "s", "other": 1}]}"#;
        assert_eq!(read(old), Err(LockFileError::UnknownFormat(1)));
    }
}
