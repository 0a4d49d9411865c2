//! The metadata property `confluent:version`, which records the version a schema was given.

use levada_schema_core::{Contract, Metadata};

use crate::SchemaVersion;

const STAMP: &str = "confluent:version";

/// Whether `metadata` asks for or carries the stamp.
pub(crate) fn has_stamp(metadata: Option<&Metadata>) -> bool {
    metadata.is_some_and(|metadata| metadata.properties.contains_key(STAMP))
}

/// `metadata` with the stamp of `version`.
pub(crate) fn stamped(metadata: Option<Metadata>, version: SchemaVersion) -> Metadata {
    let mut metadata = metadata.unwrap_or_default();
    metadata.properties.insert(STAMP.to_owned(), version.to_string());
    metadata
}

/// Whether the contracts of a request and of a stored version count as equal. A stamp on the
/// stored side alone does not count; one in the request alone must name that very version.
pub(crate) fn is_equal(
    request: &Contract,
    stored: &Contract,
    stored_version: SchemaVersion,
) -> bool {
    request.rule_set == stored.rule_set
        && is_equal_metadata(request.metadata.as_ref(), stored.metadata.as_ref(), stored_version)
}

fn is_equal_metadata(
    request: Option<&Metadata>,
    stored: Option<&Metadata>,
    stored_version: SchemaVersion,
) -> bool {
    match (stamp(request), stamp(stored)) {
        (Some(_), Some(_)) | (None, None) => request == stored,
        (Some(wanted), None) => {
            wanted == stored_version.to_string() && without_stamp(request).as_ref() == stored
        }
        (None, Some(_)) => request == without_stamp(stored).as_ref(),
    }
}

fn stamp(metadata: Option<&Metadata>) -> Option<&str> {
    metadata?.properties.get(STAMP).map(String::as_str)
}

/// Metadata that held nothing but the stamp is none at all without it.
fn without_stamp(metadata: Option<&Metadata>) -> Option<Metadata> {
    let mut metadata = metadata?.clone();
    metadata.properties.remove(STAMP);
    (!metadata.is_empty()).then_some(metadata)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(pairs: &[(&str, &str)]) -> Metadata {
        let properties = pairs.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
        Metadata { properties, ..Metadata::default() }
    }

    #[test]
    fn a_stamp_on_one_side_is_overlooked_or_names_the_version() {
        let equal = |request: Option<&Metadata>, stored: Option<&Metadata>| {
            is_equal_metadata(request, stored, SchemaVersion(2))
        };
        let (right, wrong) = (metadata(&[(STAMP, "2")]), metadata(&[(STAMP, "1")]));
        assert!(equal(None, Some(&right)));
        assert!(equal(Some(&right), None));
        assert!(equal(Some(&right), Some(&right)));
        assert!(!equal(Some(&wrong), None));
        assert!(!equal(Some(&wrong), Some(&right)));
        let stored = metadata(&[("k", "v"), (STAMP, "9")]);
        assert!(equal(Some(&metadata(&[("k", "v")])), Some(&stored)));
        assert!(!equal(Some(&metadata(&[("k", "w")])), Some(&stored)));
        assert!(!equal(None, Some(&metadata(&[]))));
    }

    #[test]
    fn stamping_replaces_an_earlier_stamp() {
        let stamped = stamped(Some(metadata(&[("k", "v"), (STAMP, "0")])), SchemaVersion(3));
        assert_eq!(stamped, metadata(&[("k", "v"), (STAMP, "3")]));
    }
}
