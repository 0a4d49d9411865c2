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
    /// Whether there was anything at all, in what was asked for or beside it.
    pub has_files: bool,
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
        let mut catalog = Self { label, has_files: !tree.files.is_empty(), ..Self::default() };
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
            let name = with_record(&placed.subject, &version, limits);
            let subject = catalog.subjects.entry(name.clone()).or_default();
            if let Some(first) = subject.versions.first() {
                let (first, second) = (first.place.clone(), version.place);
                return Err(CheckFailure::SameSubject { subject: name, first, second });
            }
            subject.versions.push(version);
            subject.level = Some(placed.level);
            subject.policy = Some(placed.policy);
        }
        Ok(catalog)
    }
}

/// The subject with the name of the main type in the place of `{record}`.
fn with_record(template: &str, version: &Version, limits: &Limits) -> String {
    if !template.contains("{record}") {
        return template.to_owned();
    }
    let outline =
        levada_schema_core::Outline::read(version.schema_type, &version.text, None, limits);
    let main = outline.ok().and_then(|outline| outline.main);
    template.replace(
        "{record}",
        main.as_deref().unwrap_or_else(|| crate::tree::stem_of(&version.place)),
    )
}
