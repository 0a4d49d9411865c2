//! [`SchemaBundle`]: schemas that a program carries with it, so that it starts while the registry is
//! down.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use levada_lock_file::StoredVersion;
use levada_schema_core::{Limits, RawSchema, Reference, ResolvedReference, Schema, Validation};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use uuid::Uuid;

use super::builder::DEFAULT_CONTEXT;
use super::references::{DEPTH_MAX, REFERENCES_MAX, within};
use super::types::{
    Contract, Registered, RegisteredSchema, SchemaDefinition, SubjectVersion, Submitted,
};
use crate::Error;
use crate::wire_format::SchemaRef;

/// The versions of a lock file, as `levada lock --from REGISTRY_URL` writes it, for
/// [`RegistryClientBuilder::bundle`](super::RegistryClientBuilder::bundle).
///
/// ```no_run
/// use levada_serde::RegistryClient;
/// use levada_serde::client::SchemaBundle;
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let bundle = SchemaBundle::parse(&std::fs::read_to_string("levada.lock")?)?;
/// let registry = RegistryClient::builder("http://127.0.0.1:8081").bundle(bundle).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SchemaBundle(Vec<StoredVersion>);

impl SchemaBundle {
    /// Reads the text of a lock file. `include_str!` puts it into the program itself.
    ///
    /// [`Error::Config`] if it was changed by hand, or has no ids because it was made of files.
    pub fn parse(lock_file: &str) -> Result<Self, Error> {
        let versions =
            levada_lock_file::read(lock_file).map_err(|error| Error::Config(error.to_string()))?;
        if !versions.is_empty() && versions.iter().all(|version| version.id.is_none()) {
            let hint = "this lock file was made of files and has no ids, which only a registry \
                        gives; make it with `levada lock --from http://HOST:8081`";
            return Err(Error::Config(hint.to_owned()));
        }
        Ok(Self(versions))
    }

    /// What a client of one context has of it.
    pub(super) fn in_context(&self, context: &str) -> Result<Bundled, Error> {
        let mut by_key = HashMap::new();
        for stored in &self.0 {
            by_key.insert((within(&stored.subject, DEFAULT_CONTEXT), stored.version), stored);
        }
        let mut bundled = Bundled::default();
        for stored in &self.0 {
            let (of, subject) = within(&stored.subject, DEFAULT_CONTEXT);
            let Some(id) = stored.id.and_then(|id| u32::try_from(id).ok()) else { continue };
            if of != context {
                continue;
            }
            let schema = Arc::new(registered(&by_key, of, stored)?);
            bundled.schemas.insert(SchemaRef::Id(id), Arc::clone(&schema));
            if let Some(guid) = schema.guid {
                bundled.schemas.insert(SchemaRef::Guid(guid), Arc::clone(&schema));
            }
            let references = stored.references.clone();
            let entry = Entry { id, references, is_deleted: stored.deleted, schema };
            let versions = bundled.subjects.entry(subject.to_owned()).or_default();
            versions.insert(stored.version, entry);
        }
        Ok(bundled)
    }
}

type ByKey<'a> = HashMap<((&'a str, &'a str), i32), &'a StoredVersion>;

fn registered(
    by_key: &ByKey<'_>,
    context: &str,
    stored: &StoredVersion,
) -> Result<RegisteredSchema, Error> {
    let invalid = |reason: String| {
        let StoredVersion { subject, version, .. } = stored;
        Error::Config(format!("the bundle's version {version} of subject '{subject}': {reason}"))
    };
    let schema_type =
        stored.schema_type.parse().map_err(|unknown| invalid(format!("{unknown}")))?;
    let mut references = Vec::new();
    let mut seen = HashSet::new();
    follow(by_key, (context, &stored.references, 0), &mut seen, &mut references)
        .map_err(&invalid)?;
    let contract = Contract {
        metadata: of_json(stored.metadata.as_ref()).map_err(&invalid)?,
        rule_set: of_json(stored.rule_set.as_ref()).map_err(&invalid)?,
    };
    Ok(RegisteredSchema {
        schema_type,
        text: stored.schema.clone(),
        references,
        guid: stored.guid.as_deref().and_then(|guid| Uuid::parse_str(guid).ok()),
        contract: Arc::new(contract),
    })
}

fn of_json<T: DeserializeOwned>(json: Option<&Json>) -> Result<Option<T>, String> {
    json.map(|json| T::deserialize(json)).transpose().map_err(|error| error.to_string())
}

/// Collects what a schema refers to, in dependency order. Its depth is bounded.
fn follow(
    by_key: &ByKey<'_>,
    (context, references, depth): (&str, &[Reference], usize),
    seen: &mut HashSet<String>,
    found: &mut Vec<ResolvedReference>,
) -> Result<(), String> {
    for reference in references {
        let Reference { name, subject, version } = reference;
        if !seen.insert(name.clone()) {
            continue;
        }
        if seen.len() > REFERENCES_MAX || depth >= DEPTH_MAX {
            return Err("it refers to too many schemas".to_owned());
        }
        let key = within(subject, context);
        let target = by_key.get(&(key, *version)).ok_or_else(|| {
            format!("it refers to version {version} of '{subject}', which is not in the bundle")
        })?;
        follow(by_key, (key.0, &target.references, depth + 1), seen, found)?;
        let text = target.schema.clone();
        found.push(ResolvedReference { reference: reference.clone(), text });
    }
    Ok(())
}

/// The bundle of a client, by what it is asked for.
#[derive(Debug, Default)]
pub(super) struct Bundled {
    schemas: HashMap<SchemaRef, Arc<RegisteredSchema>>,
    subjects: HashMap<String, BTreeMap<i32, Entry>>,
}

#[derive(Debug)]
struct Entry {
    id: u32,
    /// Only those that the text itself names.
    references: Vec<Reference>,
    is_deleted: bool,
    schema: Arc<RegisteredSchema>,
}

impl Bundled {
    pub(super) fn schema(&self, schema: SchemaRef) -> Option<Arc<RegisteredSchema>> {
        self.schemas.get(&schema).cloned()
    }

    /// What a registration or lookup of this schema answered when the bundle was made.
    pub(super) fn submitted(&self, subject: &str, own: &SchemaDefinition) -> Option<Submitted> {
        let mut newest = self.live(subject).rev();
        let (version, entry) = newest.find(|(_, entry)| entry.is(own))?;
        let Entry { id, schema, .. } = entry;
        let registered = Registered { id: *id, guid: schema.guid, version: Some(version) };
        Some(Submitted { registered, contract: Arc::clone(&schema.contract) })
    }

    pub(super) fn latest(&self, subject: &str) -> Option<SubjectVersion> {
        let (version, Entry { id, schema, .. }) = self.live(subject).next_back()?;
        let (subject, schema) = (subject.to_owned(), (**schema).clone());
        Some(SubjectVersion { subject, version, id: *id, schema })
    }

    /// Text and references of a version, deleted or not: neither ever changes.
    pub(super) fn target(&self, subject: &str, version: i32) -> Option<(&str, &[Reference])> {
        let entry = self.subjects.get(subject)?.get(&version)?;
        Some((&entry.schema.text, &entry.references))
    }

    fn live(&self, subject: &str) -> impl DoubleEndedIterator<Item = (i32, &Entry)> {
        let versions = self.subjects.get(subject).into_iter().flatten();
        versions.filter(|(_, entry)| !entry.is_deleted).map(|(version, entry)| (*version, entry))
    }
}

impl Entry {
    /// Whether the registry would find this version for a schema.
    fn is(&self, own: &SchemaDefinition) -> bool {
        let Self { schema, references, .. } = self;
        if schema.schema_type != own.schema_type || *references != own.references {
            return false;
        }
        if schema.text == own.text {
            return true;
        }
        // The registry stores texts as it prints them.
        let raw = RawSchema { text: &own.text, ..schema.raw() };
        let parsed = Schema::parse(raw, Validation::Stored, &Limits::default());
        parsed.is_ok_and(|parsed| parsed.canonical() == schema.text)
    }
}
