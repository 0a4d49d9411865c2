//! Versions as a registry has stored them, with references by subject and version.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use levada_lock_file::StoredVersion;
use levada_schema_core::{
    CompatibilityLevel, CompatibilityPolicy, Limits, Reference, ResolvedReference, SchemaType,
};
use levada_transfer::{ConfigRecord, Record, VersionRecord, each_record};
use serde_json::{Map, Value};

use crate::catalog::{Catalog, Version};
use crate::closure::content_version;
use crate::context;
use crate::error::CheckFailure;
use crate::layout::Level;

/// The scope of the default context, which subjects without a context are in.
const DEFAULT: &str = ":.:";
/// The scope whose config all contexts inherit.
const GLOBAL: &str = ":.__GLOBAL:";

/// Versions, and the levels of those scopes that have one.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    pub versions: Vec<StoredVersion>,
    pub configs: BTreeMap<String, Map<String, Value>>,
}

/// Reads an archive of `levada export`.
pub fn of_archive(path: &Path) -> Result<Stored, CheckFailure> {
    let mut stored = Stored::default();
    each_record(path, |record| match record {
        Record::Version(version) => stored.versions.push(of_record(*version)),
        Record::Config(ConfigRecord { scope, config }) => {
            stored.configs.insert(scope, config);
        }
        Record::Kek(_) | Record::Dek(_) | Record::Mode(_) => {}
    })?;
    Ok(stored)
}

fn of_record(record: VersionRecord) -> StoredVersion {
    let references = record.references.into_iter().filter_map(|reference| {
        let (name, subject) = (reference.name?, reference.subject?);
        Some(Reference { name, subject, version: reference.version? })
    });
    // Both always are JSON.
    let metadata = record.metadata.and_then(|metadata| serde_json::to_value(metadata).ok());
    let rule_set = record.rule_set.and_then(|rule_set| serde_json::to_value(rule_set).ok());
    StoredVersion {
        subject: record.subject,
        version: record.version,
        id: Some(record.id),
        guid: record.guid,
        schema_type: record.schema_type,
        references: references.collect(),
        metadata,
        rule_set,
        schema: record.schema,
        deleted: record.deleted,
    }
}

/// The live versions as subjects, each with what it refers to.
pub fn catalog(label: String, stored: &Stored, limits: &Limits) -> Result<Catalog, CheckFailure> {
    let by_key: BTreeMap<(&str, i32), &StoredVersion> = stored
        .versions
        .iter()
        .map(|version| ((version.subject.as_str(), version.version), version))
        .collect();
    let mut catalog = Catalog {
        label,
        has_own_levels: !stored.configs.is_empty(),
        has_schemas: stored.versions.iter().any(|version| !version.deleted),
        ..Catalog::default()
    };
    for ((name, number), found) in by_key.iter().filter(|(_, version)| !version.deleted) {
        let schema_type: SchemaType = found.schema_type.parse().map_err(|unknown| {
            CheckFailure::Baseline(format!("{}: subject {name}: {unknown}", catalog.label))
        })?;
        let mut walk = Walk { by_key: &by_key, limits, seen: HashSet::new(), targets: Vec::new() };
        let problem = walk.visit(found, 0).err();
        let subject = catalog.subjects.entry((*name).to_owned()).or_default();
        subject.versions.push(Version {
            schema_type,
            text: found.schema.as_str().into(),
            references: walk.targets,
            direct: Vec::new(),
            place: format!("{name} version {number}"),
            problem,
        });
        (subject.level, subject.policy) = settings(name, &stored.configs);
    }
    Ok(catalog)
}

/// What holds for a subject, as a registry decides it: the nearest config counts as a whole, that of
/// the subject, else of its context, else of all contexts. One of the subject that names no level
/// asks for the default one, and takes its policy from the default context if it names none.
fn settings(
    subject: &str,
    configs: &BTreeMap<String, Map<String, Value>>,
) -> (Option<Level>, Option<CompatibilityPolicy>) {
    let scopes = [subject, context_of(subject), GLOBAL];
    let nearest = scopes.iter().find_map(|scope| Some((*scope, configs.get(*scope)?)));
    let Some((scope, config)) = nearest else { return (None, None) };
    let level: Option<CompatibilityLevel> =
        text(config, "compatibilityLevel").and_then(|level| level.parse().ok());
    let shown = if [DEFAULT, GLOBAL].contains(&scope) { "the registry" } else { scope };
    let level = Level { level: level.unwrap_or_default(), source: format!("config of {shown}") };
    let of_root = || {
        let root = configs.get(DEFAULT).filter(|_| scope == subject)?;
        text(root, "compatibilityPolicy")
    };
    let policy = text(config, "compatibilityPolicy").or_else(of_root);
    (Some(level), policy.and_then(|policy| policy.parse().ok()))
}

fn text<'c>(config: &'c Map<String, Value>, key: &str) -> Option<&'c str> {
    config.get(key)?.as_str()
}

/// The scope of the context that a subject belongs to.
fn context_of(subject: &str) -> &str {
    match context::split(subject) {
        ("", _) => DEFAULT,
        (context, _) => context,
    }
}

/// Collects what a version refers to, in dependency order.
struct Walk<'a> {
    by_key: &'a BTreeMap<(&'a str, i32), &'a StoredVersion>,
    limits: &'a Limits,
    seen: HashSet<String>,
    targets: Vec<ResolvedReference>,
}

impl Walk<'_> {
    /// Its depth is bounded by the limits.
    fn visit(&mut self, from: &StoredVersion, depth: usize) -> Result<(), String> {
        if depth > self.limits.reference_depth_max {
            return Err(format!(
                "more than {} levels of references (setting reference-depth-max)",
                self.limits.reference_depth_max
            ));
        }
        let context = context_of(&from.subject);
        for reference in &from.references {
            if !self.seen.insert(reference.name.clone()) {
                continue;
            }
            let Reference { name, subject, version } = reference;
            // A plain name belongs to the context of the referrer.
            let qualified = match (subject.starts_with(":."), context) {
                (false, context) if context != DEFAULT => format!("{context}{subject}"),
                _ => subject.clone(),
            };
            let target = self.by_key.get(&(qualified.as_str(), *version)).ok_or_else(|| {
                format!(
                    "reference {name} points to {subject} version {version}, which is not there"
                )
            })?;
            let inside = self.targets.len();
            self.visit(target, depth + 1)?;
            let text = target.schema.clone();
            let mut reference = reference.clone();
            if target.id.is_none() {
                // Of files: their versions in a lock file do not tell two contents apart.
                let behind = self.targets.get(inside..).unwrap_or_default();
                reference.version = content_version(&text, behind);
            }
            self.targets.push(ResolvedReference { reference, text });
            if self.targets.len() > self.limits.closure_max {
                let most = self.limits.closure_max;
                return Err(format!("more than {most} referenced schemas (setting closure-max)"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(subject: &str, version: i32, references: &[(&str, &str, i32)]) -> StoredVersion {
        let references = references.iter().map(|(name, subject, version)| Reference {
            name: (*name).to_owned(),
            subject: (*subject).to_owned(),
            version: *version,
        });
        StoredVersion {
            subject: subject.to_owned(),
            version,
            id: Some(1),
            guid: None,
            schema_type: "AVRO".to_owned(),
            references: references.collect(),
            metadata: None,
            rule_set: None,
            schema: format!("{subject}/{version}"),
            deleted: false,
        }
    }

    #[test]
    fn references_are_followed_in_the_context_of_the_referrer() {
        let versions = vec![
            version(":.c:a", 1, &[]),
            version(":.c:b", 2, &[("A", "a", 1)]),
            version(":.c:u", 1, &[("B", "b", 2), ("A", ":.c:a", 1)]),
            version("u", 1, &[("A", "a", 1)]),
        ];
        let stored = Stored { versions, ..Stored::default() };
        let catalog = catalog("it".to_owned(), &stored, &Limits::default()).unwrap();
        let texts = |subject: &str| {
            let version = &catalog.subjects[subject].versions[0];
            let texts = version.references.iter().map(|target| target.text.clone());
            (texts.collect::<Vec<_>>(), version.problem.clone())
        };
        assert_eq!(texts(":.c:u"), (vec![":.c:a/1".to_owned(), ":.c:b/2".to_owned()], None));
        let missing = "reference A points to a version 1, which is not there".to_owned();
        assert_eq!(texts("u"), (Vec::new(), Some(missing)));
    }

    #[test]
    fn level_is_that_of_the_nearest_scope_that_has_one() {
        let config =
            |level: &str| Map::from_iter([("compatibilityLevel".to_owned(), Value::from(level))]);
        let configs = BTreeMap::from([
            (DEFAULT.to_owned(), config("FULL")),
            (GLOBAL.to_owned(), config("BACKWARD_TRANSITIVE")),
            (":.c:".to_owned(), config("NONE")),
            ("s".to_owned(), config("FORWARD")),
            ("bare".to_owned(), Map::from_iter([("normalize".to_owned(), Value::from(true))])),
        ]);
        let level = |subject: &str| {
            let level = settings(subject, &configs).0.unwrap();
            format!("{} ({})", level.level, level.source)
        };
        assert_eq!(level("s"), "FORWARD (config of s)");
        assert_eq!(level(":.c:s"), "NONE (config of :.c:)");
        assert_eq!(level("t"), "FULL (config of the registry)");
        assert_eq!(level(":.d:s"), "BACKWARD_TRANSITIVE (config of the registry)");
        assert_eq!(level("bare"), "BACKWARD (config of bare)", "it hides the others");
        assert_eq!(settings("t", &BTreeMap::new()), (None, None));
    }
}
