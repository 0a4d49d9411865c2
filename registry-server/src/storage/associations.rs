//! Associations in the database.

use levada_registry_core::{
    Association, AssociationQuery, ReadAssociations, Resource, StoreError, WriteAssociations,
};
use sqlx::sqlite::SqliteRow;

use super::rows::{self, failed, get};
use super::sqlite::SqliteTransaction;
use super::statements::of_scope;

fn association(row: &SqliteRow) -> Result<Association, StoreError> {
    Ok(Association {
        guid: get(row, "guid")?,
        subject: rows::subject(row)?,
        resource: Resource {
            name: get(row, "resource_name")?,
            namespace: get(row, "resource_namespace")?,
            id: get(row, "resource_id")?,
            resource_type: get(row, "resource_type")?,
        },
        association_type: get::<&str>(row, "association_type")?.parse().map_err(failed)?,
        lifecycle: get::<&str>(row, "lifecycle")?.parse().map_err(failed)?,
        create_ts_ms: get(row, "create_ts_ms")?,
        update_ts_ms: get(row, "update_ts_ms")?,
    })
}

impl ReadAssociations for SqliteTransaction {
    async fn associations(
        &mut self,
        query: AssociationQuery<'_>,
    ) -> Result<Vec<Association>, StoreError> {
        let query = match query {
            AssociationQuery::OfSubject(subject) => of_scope(
                "SELECT * FROM associations WHERE context = ? AND subject = ?
                 ORDER BY resource_name, resource_namespace, resource_type, association_type,
                 context, subject, resource_id",
                subject,
            ),
            AssociationQuery::OfResource(id) => sqlx::query(
                "SELECT * FROM associations WHERE resource_id = ?
                 ORDER BY resource_name, resource_namespace, resource_type, association_type,
                 context, subject, resource_id",
            )
            .bind(id.to_owned()),
            AssociationQuery::Named { namespace, name } => sqlx::query(
                "SELECT * FROM associations WHERE (?1 IS NULL OR resource_namespace = ?1)
                 AND (?2 IS NULL OR resource_name = ?2)
                 ORDER BY resource_name, resource_namespace, resource_type, association_type,
                 context, subject, resource_id",
            )
            .bind(namespace.map(str::to_owned))
            .bind(name.map(str::to_owned)),
        };
        self.all(query, association).await
    }
}

impl WriteAssociations for SqliteTransaction {
    async fn add_association(&mut self, association: &Association) -> Result<(), StoreError> {
        let Association { guid, subject, resource, .. } = association;
        let query = of_scope(
            "INSERT INTO associations
             (context, subject, guid, resource_name, resource_namespace, resource_id,
              resource_type, association_type, lifecycle, create_ts_ms, update_ts_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            subject,
        )
        .bind(guid.clone())
        .bind(resource.name.clone())
        .bind(resource.namespace.clone())
        .bind(resource.id.clone())
        .bind(resource.resource_type.clone())
        .bind(association.association_type.as_str())
        .bind(association.lifecycle.as_str())
        .bind(association.create_ts_ms)
        .bind(association.update_ts_ms);
        self.run(query).await?;
        self.touch(subject).await
    }

    async fn remove_association(&mut self, association: &Association) -> Result<(), StoreError> {
        let query = sqlx::query("DELETE FROM associations WHERE guid = ?");
        self.run(query.bind(association.guid.clone())).await?;
        self.touch(&association.subject).await
    }
}
