//! Associations: made, looked up and deleted, one by one and in batches.

mod apply;
mod batch;
mod request;

pub use batch::AssociationOp;
pub use request::{AssociationDraft, AssociationRequest};

use super::{Registry, delete, scope};
use crate::associations::{
    Association, AssociationQuery, AssociationType, Lifecycle, ReadAssociations,
};
use crate::{
    About, Mode, Page, QualifiedSubject, ReadTransaction, RegistryError, Store, StoredVersion,
    WriteTransaction,
};

/// What is shown of the associations that a query finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssociationFilter {
    pub resource_type: Option<String>,
    /// Names of types; none stands for any.
    pub association_types: Vec<String>,
    pub lifecycle: Option<Lifecycle>,
}

impl AssociationFilter {
    pub(super) fn shows(&self, association: &Association) -> bool {
        let kind = association.association_type.as_str();
        let types = &self.association_types;
        self.resource_type
            .as_ref()
            .is_none_or(|wanted| *wanted == association.resource.resource_type)
            && (types.is_empty() || types.iter().any(|wanted| wanted == kind))
            && self.lifecycle.is_none_or(|wanted| wanted == association.lifecycle)
    }
}

/// An association that was made, with the schema that was registered for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Associated {
    pub association: Association,
    pub schema: Option<StoredVersion>,
}

impl<S: Store> Registry<S> {
    pub async fn associations(
        &self,
        query: AssociationQuery<'_>,
        filter: &AssociationFilter,
        page: Page,
    ) -> Result<Vec<Association>, RegistryError> {
        let mut found = self.store.read().await?.associations(query).await?;
        found.retain(|association| filter.shows(association));
        Ok(page.cut(found))
    }

    /// Associates a new resource. Associations that are there already are left out of the answer.
    /// A dry run answers none and changes nothing.
    pub async fn create_associations(
        &self,
        request: AssociationRequest,
        dry_run: bool,
    ) -> Result<Vec<Associated>, RegistryError> {
        self.change_associations(&request.checked(true, dry_run)?, dry_run).await
    }

    /// Adds associations to a resource; those that are there must not change.
    pub async fn upsert_associations(
        &self,
        request: AssociationRequest,
        dry_run: bool,
    ) -> Result<Vec<Associated>, RegistryError> {
        self.change_associations(&request.checked(false, dry_run)?, dry_run).await
    }

    async fn change_associations(
        &self,
        request: &request::Checked,
        dry_run: bool,
    ) -> Result<Vec<Associated>, RegistryError> {
        let mut tx = self.store.write().await?;
        let made = self.apply(&mut tx, request).await?;
        if dry_run {
            return Ok(Vec::new());
        }
        self.commit(tx, About::name(request.id.as_deref().unwrap_or_default())).await?;
        Ok(made)
    }

    /// Removes the associations of a resource that `filter` shows. With `cascade` frozen ones go
    /// too, and the subjects that the resource owns.
    pub async fn delete_associations(
        &self,
        resource_id: &str,
        filter: &AssociationFilter,
        cascade: bool,
        dry_run: bool,
    ) -> Result<(), RegistryError> {
        let mut tx = self.store.write().await?;
        if !remove(&mut tx, resource_id, filter, cascade).await? {
            return Err(RegistryError::AssociationNotFound(resource_id.to_owned()));
        }
        if !dry_run {
            self.commit(tx, About::name(resource_id)).await?;
        }
        Ok(())
    }

    /// The newest live version of each associated subject, in the same order.
    pub async fn schemas_of(
        &self,
        associations: Vec<Association>,
    ) -> Result<Vec<Associated>, RegistryError> {
        let mut tx = self.store.read().await?;
        let mut shown = Vec::with_capacity(associations.len());
        for association in associations {
            let schema = tx.latest_version(&association.subject).await?;
            shown.push(Associated { association, schema });
        }
        Ok(shown)
    }
}

/// Whether there was anything to remove.
async fn remove<T: WriteTransaction>(
    tx: &mut T,
    resource_id: &str,
    filter: &AssociationFilter,
    cascade: bool,
) -> Result<bool, RegistryError> {
    let mut found = tx.associations(AssociationQuery::OfResource(resource_id)).await?;
    found.retain(|association| filter.shows(association));
    for association in &found {
        scope::check_writable(tx, &association.subject).await?;
        if association.lifecycle == Lifecycle::Strong && !cascade {
            let Association { association_type, subject, .. } = association;
            return Err(RegistryError::AssociationFrozen(*association_type, subject.clone()));
        }
    }
    for association in &found {
        tx.remove_association(association).await?;
        let subject = &association.subject;
        let importing = scope::mode_in_scope(tx, subject).await? == Mode::Import;
        if association.lifecycle == Lifecycle::Strong && !importing {
            delete::erase_subject(tx, subject).await?;
        }
    }
    Ok(!found.is_empty())
}

/// Whether a resource owns the subject.
pub(super) async fn is_owned<T: ReadAssociations>(
    tx: &mut T,
    subject: &QualifiedSubject,
) -> Result<bool, RegistryError> {
    let found = tx.associations(AssociationQuery::OfSubject(subject)).await?;
    Ok(found.iter().any(|association| association.lifecycle == Lifecycle::Strong))
}

/// Refuses the deletion of a subject that is associated.
pub(super) async fn check_unassociated<T: ReadAssociations>(
    tx: &mut T,
    subject: &QualifiedSubject,
    refusal: impl FnOnce(QualifiedSubject) -> RegistryError,
) -> Result<(), RegistryError> {
    if tx.associations(AssociationQuery::OfSubject(subject)).await?.is_empty() {
        return Ok(());
    }
    Err(refusal(subject.clone()))
}
