//! Associations in memory.

use super::MemoryTransaction;
use crate::StoreError;
use crate::associations::{Association, AssociationQuery, ReadAssociations, WriteAssociations};

impl ReadAssociations for MemoryTransaction {
    async fn associations(
        &mut self,
        query: AssociationQuery<'_>,
    ) -> Result<Vec<Association>, StoreError> {
        let is_asked = |found: &&Association| match query {
            AssociationQuery::OfSubject(subject) => found.subject == *subject,
            AssociationQuery::OfResource(id) => found.resource.id == id,
            AssociationQuery::Named { namespace, name } => {
                namespace.is_none_or(|wanted| wanted == found.resource.namespace)
                    && name.is_none_or(|wanted| wanted == found.resource.name)
            }
        };
        let mut found: Vec<Association> =
            self.state.associations.values().filter(is_asked).cloned().collect();
        found.sort_by_cached_key(|found| {
            let resource = &found.resource;
            (
                resource.name.clone(),
                resource.namespace.clone(),
                resource.resource_type.clone(),
                found.association_type,
                found.subject.clone(),
                resource.id.clone(),
            )
        });
        Ok(found)
    }
}

impl WriteAssociations for MemoryTransaction {
    async fn add_association(&mut self, association: &Association) -> Result<(), StoreError> {
        let state = self.change();
        state.touch(&association.subject);
        state.associations.insert(association.guid.clone(), association.clone());
        Ok(())
    }

    async fn remove_association(&mut self, association: &Association) -> Result<(), StoreError> {
        let state = self.change();
        state.touch(&association.subject);
        state.associations.remove(&association.guid);
        Ok(())
    }
}
