//! Several changes of one resource in one request of a batch.

use super::request::{AssociationDraft, AssociationRequest, association_type, invalid};
use super::{Associated, AssociationFilter, AssociationQuery, ReadAssociations, remove};
use crate::registry::Registry;
use crate::{About, RegistryError, Store};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssociationOp {
    Create(AssociationDraft),
    Upsert(AssociationDraft),
    Delete { association_type: Option<String>, cascade: bool },
}

impl<S: Store> Registry<S> {
    /// Makes all changes of one resource, or none, and answers its associations. Creations that follow each other are judged
    /// together, and so are upserts. `resource` says whose they are; its own list is not read.
    pub async fn mutate_associations(
        &self,
        resource: &AssociationRequest,
        ops: Vec<AssociationOp>,
        dry_run: bool,
    ) -> Result<Vec<Associated>, RegistryError> {
        if ops.is_empty() {
            return Err(invalid("associations", "cannot be null or empty"));
        }
        let mut tx = self.store.write().await?;
        let mut made = Vec::new();
        let mut ops = ops.into_iter().peekable();
        while let Some(op) = ops.next() {
            let (first, is_create) = match op {
                AssociationOp::Delete { association_type: name, cascade } => {
                    let id = resource.resource_id.as_deref().unwrap_or_default();
                    remove(&mut tx, id, &of_type(name.as_deref())?, cascade).await?;
                    continue;
                }
                AssociationOp::Create(draft) => (draft, true),
                AssociationOp::Upsert(draft) => (draft, false),
            };
            let mut associations = vec![first];
            while let Some(next) = ops.next_if(|next| match next {
                AssociationOp::Create(_) => is_create,
                AssociationOp::Upsert(_) => !is_create,
                AssociationOp::Delete { .. } => false,
            }) {
                if let AssociationOp::Create(draft) | AssociationOp::Upsert(draft) = next {
                    associations.push(draft);
                }
            }
            let request = AssociationRequest { associations, ..resource.clone() };
            let request = request.checked(is_create, dry_run)?;
            made.extend(self.apply(&mut tx, &request).await?);
        }
        if dry_run {
            return Ok(Vec::new());
        }
        let id = resource.resource_id.as_deref().unwrap_or_default();
        let all = tx.associations(AssociationQuery::OfResource(id)).await?;
        self.commit(tx, About::name(id)).await?;
        let schema_of = |guid: &str| {
            let made = made.iter().find(|made| made.association.guid == guid);
            made.and_then(|made| made.schema.clone())
        };
        let shown = all.into_iter().map(|association| {
            let schema = schema_of(&association.guid);
            Associated { association, schema }
        });
        Ok(shown.collect())
    }
}

fn of_type(name: Option<&str>) -> Result<AssociationFilter, RegistryError> {
    let association_types = vec![association_type(name)?.to_string()];
    Ok(AssociationFilter { association_types, ..AssociationFilter::default() })
}
