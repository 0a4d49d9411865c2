//! `levada plan`, `apply` and `push`: schema files onto a registry, what they refer to first.
//!
//! A plan is made of questions alone. Whether a new version may follow is judged by the same check
//! as `levada check --against URL`, at the registry's levels; what is registered already, the
//! registry says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use levada_registry_api::{ConfigDocument, ConfigUpdate, Patch};
use levada_schema_core::{CompatibilityLevel, Reference};
use levada_serde::client::Call;
use levada_serde::{RegistryClient, SchemaDefinition};
use serde_json::Value;

use crate::catalog::{Catalog, Subject, Version};
use crate::context;
use crate::error::CheckFailure;
use crate::registered::lookup;
use crate::server::subjects_of;

/// What a plan may hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    /// The levels that the settings file gives subjects.
    pub levels: bool,
    /// The deletion of subjects that no file has, in the contexts that files have subjects of.
    pub prune: bool,
    /// Whether schemas are registered in their normalized form.
    pub normalize: bool,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The schema is registered already.
    Keep {
        subject: String,
        version: i32,
        id: i32,
    },
    Register {
        subject: String,
        place: String,
        is_new: bool,
    },
    SetLevel {
        subject: String,
        from: String,
        to: CompatibilityLevel,
    },
    /// Soft, so that it can be undone.
    Delete {
        subject: String,
    },
}

/// What is to be done, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Subjects that no file has, in the contexts that files have subjects of, and that stay.
    pub others: Vec<String>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep { subject, version, id } => {
                write!(f, "= {subject}: version {version} with id {id}")
            }
            Self::Register { subject, place, is_new: true } => {
                write!(f, "+ {subject}: new, from {place}")
            }
            Self::Register { subject, place, is_new: false } => {
                write!(f, "~ {subject}: next version, from {place}")
            }
            Self::SetLevel { subject, from, to } => write!(f, "~ {subject}: level {from} -> {to}"),
            Self::Delete { subject } => write!(f, "- {subject}: deleted (soft)"),
        }
    }
}

/// The error code of a subject that others still refer to.
const REFERENCED: u32 = 42206;

impl Step {
    /// Whether it failed with `error` because another deletion has to be made before.
    pub fn has_to_wait(&self, error: &CheckFailure) -> bool {
        let is_referenced = matches!(error, CheckFailure::Registry(error)
            if error.error_code() == Some(REFERENCED));
        is_referenced && matches!(self, Self::Delete { .. })
    }
}

impl Plan {
    /// How many steps change something.
    pub fn changes(&self) -> usize {
        self.steps.iter().filter(|step| !matches!(step, Step::Keep { .. })).count()
    }
}

/// The client, and what has been found out on the way.
#[derive(Debug)]
pub struct Deployment<'a> {
    client: RegistryClient,
    catalog: &'a Catalog,
    scope: Scope,
    /// Subject of each file.
    subjects: HashMap<&'a str, &'a str>,
    /// The versions in which files are registered.
    versions: BTreeMap<String, i32>,
}

impl<'a> Deployment<'a> {
    /// Nothing is sent yet.
    pub fn new(client: RegistryClient, catalog: &'a Catalog, scope: Scope) -> Self {
        let listed = catalog.subjects.iter();
        let subjects = listed.flat_map(|(name, subject)| {
            subject.versions.iter().map(|version| (version.place.as_str(), name.as_str()))
        });
        Self { client, catalog, scope, subjects: subjects.collect(), versions: BTreeMap::new() }
    }

    /// What would have to be done.
    pub async fn plan(&mut self) -> Result<Plan, CheckFailure> {
        let listed = self.listed().await?;
        let mut plan = Plan::default();
        for name in self.in_order()? {
            let Some((subject, version)) = newest(self.catalog, &name) else { continue };
            let step = match self.registered(&name, version).await? {
                Some((version, id)) => {
                    self.versions.insert(name.clone(), version);
                    Step::Keep { subject: name.clone(), version, id }
                }
                None => Step::Register {
                    subject: name.clone(),
                    place: version.place.clone(),
                    is_new: !listed.contains(&name),
                },
            };
            plan.steps.push(step);
            if self.scope.levels {
                plan.steps.extend(self.level(&name, subject).await?);
            }
        }
        let others: Vec<String> = listed.into_iter().filter(|name| !self.has_file(name)).collect();
        if self.scope.prune {
            plan.steps.extend(others.into_iter().map(|subject| Step::Delete { subject }));
        } else {
            plan.others = others;
        }
        Ok(plan)
    }

    /// Does one step, and says what came of it.
    pub async fn apply(&mut self, step: &Step) -> Result<String, CheckFailure> {
        match step {
            Step::Keep { .. } => Ok(step.to_string()),
            Step::Register { subject, .. } => {
                let Some((_, version)) = newest(self.catalog, subject) else {
                    return Ok(String::new());
                };
                let definition = self.definition(version)?.ok_or_else(|| missing(version))?;
                let registered =
                    self.client.register(subject, &definition, self.scope.normalize).await?;
                let number = match registered.version {
                    Some(number) => number,
                    None => {
                        self.registered(subject, version).await?.map_or(1, |(number, _)| number)
                    }
                };
                self.versions.insert(subject.clone(), number);
                Ok(format!("{step}: version {number} with id {}", registered.id))
            }
            Step::SetLevel { subject, to, .. } => {
                let update = ConfigUpdate {
                    compatibility: Patch::Set(to.to_string()),
                    ..ConfigUpdate::default()
                };
                // Texts always are JSON.
                let body = serde_json::to_vec(&update).unwrap_or_default();
                let path = ["config", subject.as_str()];
                let _: Value = self.client.call(Call::put(&path, body)).await?;
                Ok(step.to_string())
            }
            Step::Delete { subject } => {
                let path = ["subjects", subject.as_str()];
                let _: Value = self.client.call(Call::delete(&path)).await?;
                Ok(step.to_string())
            }
        }
    }

    /// The subjects that there are in the contexts of the files, called as files call them.
    async fn listed(&self) -> Result<BTreeSet<String>, CheckFailure> {
        let files = self.catalog.subjects.keys();
        let contexts: BTreeSet<&str> = files.map(|name| context::split(name).0).collect();
        let mut names = BTreeSet::new();
        for context in contexts {
            for name in subjects_of(&self.client, context).await? {
                let is_own = context.is_empty() && !self.has_file(&name);
                names.insert(if is_own { context::split(&name).1.to_owned() } else { name });
            }
        }
        Ok(names)
    }

    /// Whether a file is of the subject, also where it names the default context.
    fn has_file(&self, name: &str) -> bool {
        let has = |name: &str| self.catalog.subjects.contains_key(name);
        has(name) || (context::split(name).0.is_empty() && has(&format!(":.:{name}")))
    }

    /// Subjects so that each stands behind those that it refers to.
    fn in_order(&self) -> Result<Vec<String>, CheckFailure> {
        let mut order: Vec<String> = Vec::new();
        let mut left: Vec<&String> = self.catalog.subjects.keys().collect();
        while !left.is_empty() {
            let before = left.len();
            left.retain(|name| {
                let is_ready = newest(self.catalog, name).is_none_or(|(_, version)| {
                    version.direct.iter().all(|(_, file)| {
                        let target = self.subjects.get(file.as_str());
                        target.is_none_or(|target| order.iter().any(|done| done == target))
                    })
                });
                if is_ready {
                    order.push((*name).clone());
                }
                !is_ready
            });
            if left.len() == before {
                let names = left.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
                return Err(CheckFailure::Usage(format!(
                    "a registry takes no schemas that refer to each other in a circle: {names}"
                )));
            }
        }
        Ok(order)
    }

    /// Version and id of a schema that the subject has already.
    async fn registered(
        &self,
        subject: &str,
        version: &Version,
    ) -> Result<Option<(i32, i32)>, CheckFailure> {
        // What refers to something that is not there yet cannot be there itself.
        let Some(definition) = self.definition(version)? else { return Ok(None) };
        Ok(lookup(&self.client, subject, definition, self.scope.normalize).await?)
    }

    /// The schema with references to versions; none while one of them is not registered.
    fn definition(&self, version: &Version) -> Result<Option<SchemaDefinition>, CheckFailure> {
        let mut references = Vec::new();
        for (name, file) in &version.direct {
            let Some(subject) = self.subjects.get(file.as_str()) else {
                return Err(CheckFailure::Usage(format!(
                    "{} refers to {file}, which is no schema of a subject: no table [[schemas]] of \
                     levada.toml has a path for it",
                    version.place
                )));
            };
            let Some(number) = self.versions.get(*subject) else { return Ok(None) };
            let (name, subject) = (name.clone(), (*subject).to_owned());
            references.push(Reference { name, subject, version: *number });
        }
        let (schema_type, text) = (version.schema_type, version.text.to_string());
        Ok(Some(SchemaDefinition { schema_type, text, references }))
    }

    /// The step that gives the subject the level of the settings file, if it has another one.
    async fn level(&self, name: &str, subject: &Subject) -> Result<Option<Step>, CheckFailure> {
        let Some(wanted) = subject.level.as_ref().filter(|level| level.is_of_settings()) else {
            return Ok(None);
        };
        let path = ["config", name];
        let call = Call::get(&path).query(&[("defaultToGlobal", "true")]);
        let config: ConfigDocument = self.client.call(call).await?;
        let from = config.compatibility_level.unwrap_or_default();
        let step = Step::SetLevel { subject: name.to_owned(), from, to: wanted.level };
        let differs = matches!(&step, Step::SetLevel { from, to, .. } if from != to.as_str());
        Ok(differs.then_some(step))
    }
}

fn newest<'c>(catalog: &'c Catalog, name: &str) -> Option<(&'c Subject, &'c Version)> {
    let subject = catalog.subjects.get(name)?;
    Some((subject, subject.versions.last()?))
}

fn missing(version: &Version) -> CheckFailure {
    CheckFailure::Usage(format!("something that {} refers to is not registered", version.place))
}
