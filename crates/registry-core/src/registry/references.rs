//! Following references: from what a schema names to the texts it is parsed with.

use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::future::Future;
use std::pin::Pin;

use levada_schema_core::{Limits, Reference};

use super::associations::is_owned;
use super::candidate::Loaded;
use crate::names::is_bounded;
use crate::parser::Target;
use crate::{Context, QualifiedSubject, ReadTransaction, RegistryError, Revision, SchemaVersion};
use crate::{StoreError, StoredVersion};

/// Schemas that are visited before others have their turn: where the store is asked in this very
/// thread, nothing else of a long walk waits.
const VISITED_AT_ONCE: usize = 32;

/// The references of one schema, followed to the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Closure {
    /// The direct references; -1 has become the number of the latest version.
    pub(super) references: Vec<Reference>,
    /// Direct and transitive targets, each name once, in dependency order.
    pub(super) targets: Vec<Target>,
    /// A direct reference whose target is soft-deleted. New schemas must not have one.
    pub(super) deleted: Option<Reference>,
    /// A direct reference to a subject that a resource owns. No schema must get one.
    pub(super) owned: Option<QualifiedSubject>,
    /// The subjects that the direct references point to, as they were when they were read.
    pub(super) revisions: Vec<(QualifiedSubject, Revision)>,
}

/// Follows references inside one transaction. A version that many of them point to is read once,
/// and its text is shared.
pub(super) struct References<'a, T> {
    tx: &'a mut T,
    limits: &'a Limits,
    read: HashMap<(QualifiedSubject, SchemaVersion), StoredVersion>,
    visited: usize,
}

impl<'a, T: ReadTransaction> References<'a, T> {
    pub(super) fn new(tx: &'a mut T, limits: &'a Limits) -> Self {
        Self { tx, limits, read: HashMap::new(), visited: 0 }
    }

    /// Follows the references of a draft, which is to stand in the context `home`.
    pub(super) async fn closure(
        &mut self,
        home: &Context,
        references: &[Reference],
    ) -> Result<Closure, RegistryError> {
        if references.len() > self.limits.references_max {
            let most = self.limits.references_max;
            return Err(too_many(&format!("{most} direct references (setting references-max)")));
        }
        let mut walk = Walk::default();
        let mut closure = Closure::default();
        for reference in references {
            if !is_bounded(&reference.name) {
                return Err(RegistryError::InvalidReferenceName(reference.name.clone()));
            }
            let (resolved, target) = self.target(home, reference).await?;
            if target.is_deleted && closure.deleted.is_none() {
                closure.deleted = Some(resolved.clone());
            }
            if closure.owned.is_none() && is_owned(self.tx, &target.subject).await? {
                closure.owned = Some(target.subject.clone());
            }
            let revision = self.tx.revisions(&target.subject).await?.subject;
            closure.revisions.push((target.subject.clone(), revision));
            closure.references.push(resolved.clone());
            if walk.seen.insert(resolved.name.clone()) {
                self.visit(&mut walk, resolved, target, 1).await?;
            }
        }
        closure.targets = walk.targets;
        Ok(closure)
    }

    /// A stored version, ready to be parsed.
    pub(super) async fn load(&mut self, stored: StoredVersion) -> Result<Loaded, RegistryError> {
        let mut walk = Walk::default();
        self.visit_all(&mut walk, &stored, 1).await?;
        Ok(Loaded { stored, closure: walk.targets })
    }

    async fn visit_all(
        &mut self,
        walk: &mut Walk,
        version: &StoredVersion,
        depth: usize,
    ) -> Result<(), RegistryError> {
        for reference in &version.schema.references {
            // Names are what a schema text uses, so a name counts once, as in the reference.
            if walk.seen.insert(reference.name.clone()) {
                let (resolved, target) = self.target(&version.subject.context, reference).await?;
                self.visit(walk, resolved, target, depth).await?;
            }
        }
        Ok(())
    }

    /// Depth-first, so that a target stands behind everything that it references itself.
    fn visit<'w>(
        &'w mut self,
        walk: &'w mut Walk,
        reference: Reference,
        version: StoredVersion,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Result<(), RegistryError>> + Send + 'w>> {
        Box::pin(async move {
            let limits = self.limits;
            if depth > limits.reference_depth_max {
                let most = limits.reference_depth_max;
                let levels = format!("{most} levels of references (setting reference-depth-max)");
                return Err(too_many(&levels));
            }
            self.visited += 1;
            if self.visited.is_multiple_of(VISITED_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            self.visit_all(walk, &version, depth + 1).await?;
            walk.bytes += version.schema.text.len();
            if walk.targets.len() >= limits.closure_max {
                let most = limits.closure_max;
                return Err(too_many(&format!("{most} referenced schemas (setting closure-max)")));
            }
            if walk.bytes > limits.closure_bytes_max {
                let most = limits.closure_bytes_max;
                let bytes = format!("{most} bytes of references (setting closure-bytes-max)");
                return Err(too_many(&bytes));
            }
            walk.targets.push(Target { reference, schema: version.schema });
            Ok(())
        })
    }

    /// The version that a reference points to, soft-deleted or not.
    async fn target(
        &mut self,
        home: &Context,
        reference: &Reference,
    ) -> Result<(Reference, StoredVersion), RegistryError> {
        let invalid = |why: &str| {
            let Reference { name, subject, version } = reference;
            RegistryError::InvalidSchema(format!(
                "Invalid schema reference {{name='{name}', subject='{subject}', version={version}}}: {why}"
            ))
        };
        if reference.name.is_empty() || reference.subject.is_empty() {
            return Err(invalid("a reference needs a name, a subject and a version"));
        }
        let subject = QualifiedSubject::parse_within(&reference.subject, home);
        let found = match reference.version {
            -1 => self.tx.latest_version(&subject).await?,
            number if number >= 1 => self.version(subject, SchemaVersion(number)).await?,
            _ => return Err(invalid("the version is neither a version number nor -1")),
        };
        let found = found.ok_or_else(|| invalid("no such version"))?;
        Ok((Reference { version: found.version.0, ..reference.clone() }, found))
    }

    async fn version(
        &mut self,
        subject: QualifiedSubject,
        version: SchemaVersion,
    ) -> Result<Option<StoredVersion>, StoreError> {
        match self.read.entry((subject, version)) {
            Entry::Occupied(known) => Ok(Some(known.get().clone())),
            Entry::Vacant(place) => {
                let found = self.tx.version(&place.key().0, version).await?;
                Ok(found.map(|found| place.insert(found).clone()))
            }
        }
    }
}

/// What a walk has come past.
#[derive(Default)]
struct Walk {
    seen: HashSet<String>,
    targets: Vec<Target>,
    bytes: usize,
}

fn too_many(limit: &str) -> RegistryError {
    RegistryError::InvalidSchema(format!("Invalid schema: more than {limit}"))
}
