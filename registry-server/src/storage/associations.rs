//! Associations in the database.

use levada_registry_core::{
    Association, AssociationQuery, ReadAssociations, Resource, StoreError, WriteAssociations,
};

use super::error::failed;
use super::rows::{self, Row, get};
use super::statements::{Statement, of_scope};
use super::transaction::SqlTransaction;

fn association(row: &Row) -> Result<Association, StoreError> {
    Ok(Association {
        guid: get(row, "guid")?,
        subject: rows::subject(row)?,
        resource: Resource {
            name: get(row, "resource_name")?,
            namespace: get(row, "resource_namespace")?,
            id: get(row, "resource_id")?,
            resource_type: get(row, "resource_type")?,
        },
        association_type: get::<String>(row, "association_type")?.parse().map_err(failed)?,
        lifecycle: get::<String>(row, "lifecycle")?.parse().map_err(failed)?,
        create_ts_ms: get(row, "create_ts_ms")?,
        update_ts_ms: get(row, "update_ts_ms")?,
    })
}

impl ReadAssociations for SqlTransaction {
    async fn associations(
        &mut self,
        query: AssociationQuery<'_>,
    ) -> Result<Vec<Association>, StoreError> {
        let query = match query {
            AssociationQuery::OfSubject(subject) => of_scope(
                "SELECT * FROM associations WHERE context = $1 AND subject = $2
                 ORDER BY resource_name, resource_namespace, resource_type, association_type,
                 context, subject, resource_id",
                subject,
            ),
            AssociationQuery::OfResource(id) => Statement::new(
                "SELECT * FROM associations WHERE resource_id = $1
                 ORDER BY resource_name, resource_namespace, resource_type, association_type,
                 context, subject, resource_id",
            )
            .bind(id),
            AssociationQuery::Named { namespace, name } => Statement::new(
                "SELECT * FROM associations WHERE ($1 IS NULL OR resource_namespace = $1)
                 AND ($2 IS NULL OR resource_name = $2)
                 ORDER BY resource_name, resource_namespace, resource_type, association_type,
                 context, subject, resource_id",
            )
            .bind(namespace.map(str::to_owned))
            .bind(name.map(str::to_owned)),
        };
        self.all(query, association).await
    }
}

impl WriteAssociations for SqlTransaction {
    async fn add_association(&mut self, association: &Association) -> Result<(), StoreError> {
        let Association { guid, subject, resource, .. } = association;
        let query = of_scope(
            "INSERT INTO associations
             (context, subject, guid, resource_name, resource_namespace, resource_id,
              resource_type, association_type, lifecycle, create_ts_ms, update_ts_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            subject,
        )
        .bind(guid)
        .bind(&resource.name)
        .bind(&resource.namespace)
        .bind(&resource.id)
        .bind(&resource.resource_type)
        .bind(association.association_type.as_str())
        .bind(association.lifecycle.as_str())
        .bind(association.create_ts_ms)
        .bind(association.update_ts_ms);
        self.run(query).await?;
        self.touch(subject).await
    }

    async fn remove_association(&mut self, association: &Association) -> Result<(), StoreError> {
        let query = Statement::new("DELETE FROM associations WHERE guid = $1");
        self.run(query.bind(&association.guid)).await?;
        self.touch(&association.subject).await
    }
}
