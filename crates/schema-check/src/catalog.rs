//! Subjects with their versions, wherever they come from: files, git, a lock file, a registry.

use std::collections::BTreeMap;
use std::sync::Arc;

use levada_schema_core::{CompatibilityPolicy, Limits, ResolvedReference, SchemaType};

use crate::closure::Resolver;
use crate::error::CheckFailure;
use crate::layout::{Layout, Level};
use crate::tree::{Content, Tree};

/// A schema with everything it refers to, and where it stands.
#[derive(Clone, Debug)]
pub struct Version {
    pub schema_type: SchemaType,
    pub text: Arc<str>,
    pub references: Vec<ResolvedReference>,
    /// The files that it refers to itself, by the name of the reference.
    pub direct: Vec<(String, String)>,
    /// The file, or the version of a subject, for people.
    pub place: String,
    /// Why it cannot be read, as far as that is known without parsing it.
    pub problem: Option<String>,
}

/// A subject and what is known of it.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// From the oldest to the newest.
    pub versions: Vec<Version>,
    /// What is asked of the next version, where the source says so.
    pub level: Option<Level>,
    pub policy: Option<CompatibilityPolicy>,
}

/// Subjects by name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Where all this comes from, for people.
    pub label: String,
    pub subjects: BTreeMap<String, Subject>,
    /// Whether the levels are the source's own and count more than those of the settings file.
    pub has_own_levels: bool,
    /// Whether there was any schema at all, in what was asked for or beside it.
    pub has_schemas: bool,
    pub source: Source,
}

/// What the places of versions are, and what is expected of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Versions of subjects, or files from a root of their own.
    #[default]
    Apart,
    /// Files by their paths from the root of those that are checked.
    SameRoot,
    /// A file that somebody named as the schema, so that it must be one.
    OneFile,
}

impl Version {
    /// Whether the two are the same to the byte, with everything that they refer to.
    pub fn is_same(&self, other: &Self) -> bool {
        let targets = |version: &Self| {
            let targets = version.references.iter();
            targets.map(|target| (target.reference.name.clone(), target.text.clone())).collect()
        };
        let (own, others): (Vec<_>, Vec<_>) = (targets(self), targets(other));
        self.schema_type == other.schema_type && self.text == other.text && own == others
    }
}

impl Catalog {
    /// The schemas of a tree, each the only version of its subject.
    pub fn of_tree(
        label: String,
        tree: &Tree,
        layout: &Layout,
        limits: &Limits,
    ) -> Result<Self, CheckFailure> {
        let catalog = Self::of_past(label, tree, layout, limits);
        for (name, subject) in &catalog.subjects {
            if let [first, second, ..] = subject.versions.as_slice() {
                let (first, second) = (first.place.clone(), second.place.clone());
                return Err(CheckFailure::SameSubject { subject: name.clone(), first, second });
            }
        }
        Ok(catalog)
    }

    /// The same of a state that nobody can change any more: files of one subject cannot be read.
    pub fn of_past(label: String, tree: &Tree, layout: &Layout, limits: &Limits) -> Self {
        let mut catalog = Self { label, ..Self::default() };
        let mut resolver = Resolver::new(tree, layout, limits);
        for (path, content) in &tree.files {
            let Some(placed) = layout.place(path, tree) else { continue };
            let mut version = Version {
                schema_type: placed.schema_type,
                text: Arc::from(""),
                references: Vec::new(),
                direct: Vec::new(),
                place: path.clone(),
                problem: None,
            };
            match content {
                Content::Unusable(problem) => version.problem = Some(problem.clone()),
                Content::Text(text) => {
                    let closure = resolver.closure(path, &placed);
                    version.text = Arc::clone(text);
                    version.references = closure.references;
                    version.direct = closure.direct;
                    version.problem = closure.problem;
                }
            }
            let name = placed.subject(path, &version.text, limits);
            let subject = catalog.subjects.entry(name).or_default();
            if let Some(first) = subject.versions.first() {
                let both = format!("{} is a file of the same subject there", first.place);
                version.problem = Some(both);
            }
            subject.versions.push(version);
            subject.level = Some(placed.level);
            subject.policy = Some(placed.policy);
        }
        catalog.has_schemas = !catalog.subjects.is_empty();
        catalog
    }
}
