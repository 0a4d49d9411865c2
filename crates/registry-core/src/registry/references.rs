//! Following references: from what a schema names to the texts it is parsed with.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;

use levada_schema_core::{Limits, Reference, ResolvedReference};

use super::associations::is_owned;
use crate::StoredVersion;
use crate::names::is_bounded;
use crate::{Context, QualifiedSubject, ReadTransaction, RegistryError, Revision, SchemaVersion};

/// The references of one schema, followed to the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Closure {
    /// The direct references; -1 has become the number of the latest version.
    pub(super) references: Vec<Reference>,
    /// Direct and transitive targets, each name once, in dependency order.
    pub(super) targets: Vec<ResolvedReference>,
    /// A direct reference whose target is soft-deleted. New schemas must not have one.
    pub(super) deleted: Option<Reference>,
    /// A direct reference to a subject that a resource owns. No schema must get one.
    pub(super) owned: Option<QualifiedSubject>,
    /// The subjects that the direct references point to, as they were when they were read.
    pub(super) revisions: Vec<(QualifiedSubject, Revision)>,
}

/// Follows `references`, which stand in a schema of the context `home`.
pub(super) async fn closure<T: ReadTransaction>(
    tx: &mut T,
    home: &Context,
    references: &[Reference],
    limits: &Limits,
) -> Result<Closure, RegistryError> {
    if references.len() > limits.references_max {
        let most = limits.references_max;
        return Err(too_many(&format!("{most} direct references (setting references-max)")));
    }
    let mut walk = Walk { seen: HashSet::new(), targets: Vec::new(), bytes: 0, limits };
    let mut closure = Closure::default();
    for reference in references {
        if !is_bounded(&reference.name) {
            return Err(RegistryError::InvalidReferenceName(reference.name.clone()));
        }
        let (resolved, target) = target(tx, home, reference).await?;
        if target.is_deleted && closure.deleted.is_none() {
            closure.deleted = Some(resolved.clone());
        }
        if closure.owned.is_none() && is_owned(tx, &target.subject).await? {
            closure.owned = Some(target.subject.clone());
        }
        let revision = tx.revisions(&target.subject).await?.subject;
        closure.revisions.push((target.subject.clone(), revision));
        closure.references.push(resolved.clone());
        walk.visit(tx, resolved, target, 1).await?;
    }
    closure.targets = walk.targets;
    Ok(closure)
}

/// Depth-first, so that a target stands behind everything that it references itself.
struct Walk<'l> {
    seen: HashSet<String>,
    targets: Vec<ResolvedReference>,
    bytes: usize,
    limits: &'l Limits,
}

impl Walk<'_> {
    fn visit<'a, T: ReadTransaction>(
        &'a mut self,
        tx: &'a mut T,
        reference: Reference,
        version: StoredVersion,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Result<(), RegistryError>> + Send + 'a>> {
        Box::pin(async move {
            // Names are what a schema text uses, so a name counts once, as in the reference.
            if !self.seen.insert(reference.name.clone()) {
                return Ok(());
            }
            if depth > self.limits.reference_depth_max {
                let most = self.limits.reference_depth_max;
                let levels = format!("{most} levels of references (setting reference-depth-max)");
                return Err(too_many(&levels));
            }
            for inner in &version.schema.references {
                let (resolved, inner) = target(tx, &version.subject.context, inner).await?;
                self.visit(tx, resolved, inner, depth + 1).await?;
            }
            self.bytes += version.schema.text.len();
            if self.targets.len() >= self.limits.closure_max {
                let most = self.limits.closure_max;
                return Err(too_many(&format!("{most} referenced schemas (setting closure-max)")));
            }
            if self.bytes > self.limits.closure_bytes_max {
                let most = self.limits.closure_bytes_max;
                let bytes = format!("{most} bytes of references (setting closure-bytes-max)");
                return Err(too_many(&bytes));
            }
            self.targets.push(ResolvedReference { reference, text: version.schema.text.clone() });
            Ok(())
        })
    }
}

/// The version that a reference points to, soft-deleted or not.
async fn target<T: ReadTransaction>(
    tx: &mut T,
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
    let version = match reference.version {
        -1 => {
            let keys = tx.version_keys(&subject).await?;
            keys.into_iter().rev().find(|key| !key.is_deleted).map(|key| key.version)
        }
        number if number >= 1 => Some(SchemaVersion(number)),
        _ => return Err(invalid("the version is neither a version number nor -1")),
    };
    let found = match version {
        Some(version) => tx.version(&subject, version).await?,
        None => None,
    };
    let found = found.ok_or_else(|| invalid("no such version"))?;
    Ok((Reference { version: found.version.0, ..reference.clone() }, found))
}

fn too_many(limit: &str) -> RegistryError {
    RegistryError::InvalidSchema(format!("Invalid schema: more than {limit}"))
}
