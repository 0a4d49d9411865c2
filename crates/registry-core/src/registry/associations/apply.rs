//! Making the associations of a request, inside one write transaction: what the state allows.
//!
//! Schemas are parsed and compared while the transaction is open. Associations change seldom, and
//! a resource must never be left with half of them.

use super::request::{Checked, Link, check_frozen, invalid};
use super::{Associated, Association, AssociationQuery, Lifecycle};
use crate::associations::Resource;
use crate::registry::{Registry, scope};
use crate::{
    Mode, QualifiedSubject, ReadTransaction, RegistryError, Store, StoredVersion, WriteTransaction,
    registry::now_ms,
};

/// An association that is asked for, and the one of its type that is there.
struct Wish {
    link: Link,
    subject: QualifiedSubject,
    lifecycle: Lifecycle,
    existing: Option<Association>,
    importing: bool,
}

impl<S: Store> Registry<S> {
    /// Checks and makes what is asked for. The caller commits.
    pub(super) async fn apply<T: WriteTransaction>(
        &self,
        tx: &mut T,
        request: &Checked,
    ) -> Result<Vec<Associated>, RegistryError> {
        let existing = existing(tx, request).await?;
        let mut wishes = Vec::with_capacity(request.links.len());
        for link in &request.links {
            let of_type = |a: &&Association| a.association_type == link.association_type;
            let existing = existing.iter().find(of_type).cloned();
            wishes.push(wish(tx, request.is_create, link.clone(), existing).await?);
        }
        check_one_lifecycle(&existing, &wishes)?;
        for wish in &wishes {
            check_subject(tx, request, wish).await?;
        }
        let mut made = Vec::new();
        for wish in wishes {
            let schema = self.registered(tx, request, &wish).await?;
            if wish.existing.is_none() {
                let association = wish.into_association(request);
                tx.add_association(&association).await?;
                made.push(Associated { association, schema });
            }
        }
        Ok(made)
    }

    /// The schema of a wish, registered.
    async fn registered<T: WriteTransaction>(
        &self,
        tx: &mut T,
        request: &Checked,
        wish: &Wish,
    ) -> Result<Option<StoredVersion>, RegistryError> {
        let Some((draft, options)) = &wish.link.schema else { return Ok(None) };
        let subject = &wish.subject;
        let had = tx.latest_version(subject).await?;
        let registered = self.register_within(tx, subject, draft, *options).await?;
        if let Some(Association { association_type, .. }) = &wish.existing
            && !request.is_create
            && registered.is_new
        {
            return Err(RegistryError::AssociationFrozen(*association_type, subject.clone()));
        }
        if request.is_create && had.is_some() && registered.is_new {
            return Err(match &wish.existing {
                Some(existing) => exists(existing),
                None => invalid(
                    "frozen",
                    "cannot create a frozen association when schemas already exist in the subject",
                ),
            });
        }
        Ok(Some(registered.version))
    }
}

/// The associations that the resource has. In a dry run its id may not be known yet; then the one
/// with its name counts that was updated last.
async fn existing<T: ReadTransaction>(
    tx: &mut T,
    request: &Checked,
) -> Result<Vec<Association>, RegistryError> {
    if let Some(id) = &request.id {
        let mut found = tx.associations(AssociationQuery::OfResource(id)).await?;
        found.retain(|found| found.resource.resource_type == request.resource_type);
        return Ok(found);
    }
    let (namespace, name) = (Some(request.namespace.as_str()), Some(request.name.as_str()));
    let mut found = tx.associations(AssociationQuery::Named { namespace, name }).await?;
    found.retain(|found| found.resource.resource_type == request.resource_type);
    let newest = found
        .iter()
        .max_by_key(|found| (found.update_ts_ms, found.create_ts_ms, found.resource.id.clone()))
        .map(|found| found.resource.id.clone());
    found.retain(|found| Some(&found.resource.id) == newest.as_ref());
    Ok(found)
}

/// What is asked for, held against the association that is there.
async fn wish<T: ReadTransaction>(
    tx: &mut T,
    is_create: bool,
    mut link: Link,
    existing: Option<Association>,
) -> Result<Wish, RegistryError> {
    if let Some(subject) = link.subject.take() {
        let config = tx.config(&subject).await?;
        let subject = config.and_then(|config| config.alias_of(&subject)).unwrap_or(subject);
        scope::check_writable(tx, &subject).await?;
        link.subject = Some(subject);
    }
    let Some(existing) = existing else {
        let link = if is_create { link } else { link.of_new(false)? };
        return new_wish(tx, is_create, link).await;
    };
    let lifecycle = link.lifecycle.unwrap_or(existing.lifecycle);
    if lifecycle == Lifecycle::Weak && link.schema.is_some() {
        return Err(invalid("lifecycle", "cannot be WEAK when schema is provided"));
    }
    let is_strong = existing.lifecycle == Lifecycle::Strong;
    check_frozen(lifecycle, link.frozen.unwrap_or(is_strong))?;
    let subject = link.subject.get_or_insert_with(|| existing.subject.clone()).clone();
    if subject != existing.subject || lifecycle != existing.lifecycle {
        return Err(if is_create {
            exists(&existing)
        } else {
            let detail = format!(
                "the association with '{}' can be deleted, but its subject, lifecycle and frozen \
                 cannot be changed",
                existing.subject
            );
            invalid("subject", detail)
        });
    }
    let importing = scope::mode_in_scope(tx, &subject).await? == Mode::Import;
    Ok(Wish { link, subject, lifecycle, existing: Some(existing), importing })
}

/// An association that is not there yet.
async fn new_wish<T: ReadTransaction>(
    tx: &mut T,
    is_create: bool,
    link: Link,
) -> Result<Wish, RegistryError> {
    let lifecycle = link.lifecycle.unwrap_or(Lifecycle::Weak);
    link.check_subject(lifecycle)?;
    let subject = link.subject.clone().unwrap_or_else(|| link.own_subject.clone());
    let importing = scope::mode_in_scope(tx, &subject).await? == Mode::Import;
    if lifecycle == Lifecycle::Strong && !importing {
        if !is_create {
            let detail = "cannot be STRONG when creating an association; \
                STRONG associations must be created with the topic";
            return Err(invalid("lifecycle", detail));
        }
        if link.schema.is_none() {
            let detail = "schema must be provided when creating a frozen association";
            return Err(invalid("schema", detail));
        }
        let has_more = tx.latest_version(&subject).await?.is_some_and(|found| found.version.0 != 1);
        if has_more {
            let detail =
                "cannot create a frozen association when schemas already exist in the subject";
            return Err(invalid("frozen", detail));
        }
    }
    Ok(Wish { link, subject, lifecycle, existing: None, importing })
}

fn exists(existing: &Association) -> RegistryError {
    let resource = existing.resource.name.clone();
    RegistryError::AssociationExists { association_type: existing.association_type, resource }
}

/// A resource owns all of its subjects or none.
fn check_one_lifecycle(existing: &[Association], wishes: &[Wish]) -> Result<(), RegistryError> {
    let asked = wishes.iter().map(|wish| (wish.link.association_type, wish.lifecycle));
    let kept = existing.iter().map(|found| (found.association_type, found.lifecycle));
    let all: Vec<_> = asked.chain(kept).collect();
    match all.split_first() {
        Some((first, others)) if others.iter().any(|other| other.1 != first.1) => {
            let shown: Vec<String> =
                all.iter().map(|(kind, lifecycle)| format!("{kind}={lifecycle}")).collect();
            let detail = format!(
                "all associations for a resource must have the same lifecycle, but got {}",
                shown.join(", ")
            );
            Err(invalid("lifecycle", detail))
        }
        _ => Ok(()),
    }
}

/// What the subject and its other associations allow.
async fn check_subject<T: ReadTransaction>(
    tx: &mut T,
    request: &Checked,
    wish: &Wish,
) -> Result<(), RegistryError> {
    let subject = &wish.subject;
    if wish.link.schema.is_some() && wish.importing {
        let detail = format!("cannot be provided while subject '{subject}' is in IMPORT mode");
        return Err(invalid("schema", detail));
    }
    if wish.link.schema.is_none() && tx.latest_version(subject).await?.is_none() {
        return Err(RegistryError::NoLiveVersion(subject.clone()));
    }
    let mut others = tx.associations(AssociationQuery::OfSubject(subject)).await?;
    others.retain(|other| wish.existing.as_ref().is_none_or(|own| own.guid != other.guid));
    match wish.lifecycle {
        Lifecycle::Strong if !others.is_empty() => {
            Err(RegistryError::SubjectAssociated(subject.clone()))
        }
        Lifecycle::Strong => check_unreferenced(tx, request, subject).await,
        Lifecycle::Weak if others.iter().any(|other| other.lifecycle == Lifecycle::Strong) => {
            Err(RegistryError::SubjectOwned(subject.clone()))
        }
        Lifecycle::Weak => Ok(()),
    }
}

/// A subject that is owned must not be referenced, not even by what comes with the same request.
async fn check_unreferenced<T: ReadTransaction>(
    tx: &mut T,
    request: &Checked,
    subject: &QualifiedSubject,
) -> Result<(), RegistryError> {
    let referrers = tx.referrers(subject).await?;
    let blocking = referrers.iter().find(|referrer| !referrer.holder.is_deleted);
    if let Some(referrer) = blocking {
        return Err(RegistryError::ReferenceExists(subject.clone(), referrer.target));
    }
    let drafts = request.links.iter().filter_map(|link| Some((link, &link.schema.as_ref()?.0)));
    for (link, draft) in drafts {
        let home = link.subject.as_ref().map(|subject| &subject.context);
        let home = home.unwrap_or(&link.own_subject.context);
        for reference in &draft.references {
            if QualifiedSubject::parse_within(&reference.subject, home) == *subject {
                let version = crate::SchemaVersion(reference.version);
                return Err(RegistryError::ReferenceExists(subject.clone(), version));
            }
        }
    }
    Ok(())
}

impl Wish {
    fn into_association(self, request: &Checked) -> Association {
        let now = now_ms();
        Association {
            guid: uuid::Uuid::new_v4().to_string(),
            subject: self.subject,
            resource: Resource {
                name: request.name.clone(),
                namespace: request.namespace.clone(),
                id: request.id.clone().unwrap_or_default(),
                resource_type: request.resource_type.clone(),
            },
            association_type: self.link.association_type,
            lifecycle: self.lifecycle,
            create_ts_ms: now,
            update_ts_ms: now,
        }
    }
}
