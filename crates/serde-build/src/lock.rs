//! Schema files against the lock file.

use std::path::{Path, PathBuf};

use levada_lock_file::StoredVersion;
use serde_json::Value as Json;

use crate::{BuildError, Source, model};

/// Checks that each of `locked`, a file and a subject, is what the lock file has as the newest version.
pub(crate) fn check(
    path: &Path,
    text: &str,
    sources: &[Source],
    locked: &[(PathBuf, String)],
) -> Result<(), BuildError> {
    let invalid = |reason: String| BuildError::Lock { path: path.to_owned(), reason };
    let versions = levada_lock_file::read(text).map_err(|error| invalid(error.to_string()))?;
    for (file, subject) in locked {
        let at = sources.iter().position(|source| source.path == *file);
        let at = at.ok_or_else(|| {
            invalid(format!("{} is compared with it, but is no `schema`", file.display()))
        })?;
        let of_subject = versions.iter().filter(|it| it.subject == *subject && !it.deleted);
        let newest = of_subject.max_by_key(|it| it.version);
        let newest = newest.ok_or_else(|| invalid(format!("it has no subject '{subject}'")))?;
        compare(sources, at, newest)?;
    }
    Ok(())
}

/// Both texts are as the registry prints them.
fn compare(sources: &[Source], at: usize, stored: &StoredVersion) -> Result<(), BuildError> {
    let schema = model::schema(sources, at)?;
    if schema.canonical() == stored.schema {
        return Ok(());
    }
    let json = |text: &str| serde_json::from_str(text).unwrap_or(Json::Null);
    let (own, other) = (json(schema.canonical()), json(&stored.schema));
    let Some(difference) = difference(&own, &other, "") else { return Ok(()) };
    Err(BuildError::Differs {
        path: sources[at].path.clone(),
        subject: stored.subject.clone(),
        version: stored.version,
        difference,
    })
}

/// The first place, as a JSON pointer with the names of what it passes, at which two texts differ.
/// Recurses as deep as they nest, which their parser bounds.
fn difference(own: &Json, other: &Json, place: &str) -> Option<String> {
    match (own, other) {
        (Json::Object(own), Json::Object(other)) => {
            let mut names = own.keys().chain(other.keys().filter(|name| !own.contains_key(*name)));
            names.find_map(|name| {
                let place = format!("{place}/{name}");
                match (own.get(name), other.get(name)) {
                    (Some(own), Some(other)) => difference(own, other, &place),
                    (Some(own), None) => Some(format!("only the file has `{own}` at {place}")),
                    (None, other) => {
                        let other = other.unwrap_or(&Json::Null);
                        Some(format!("only the lock file has `{other}` at {place}"))
                    }
                }
            })
        }
        (Json::Array(own), Json::Array(other)) if own.len() == other.len() => {
            let mut pairs = own.iter().zip(other).enumerate();
            pairs.find_map(|(at, (own, other))| {
                let name = own.get("name").and_then(Json::as_str);
                let step = name.map_or_else(|| at.to_string(), |name| format!("{at} ({name})"));
                difference(own, other, &format!("{place}/{step}"))
            })
        }
        _ if own == other => None,
        _ => Some(format!("at {place} the file has `{own}` and the lock file `{other}`")),
    }
}
