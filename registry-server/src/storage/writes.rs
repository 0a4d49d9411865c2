//! What is changed in the database, and the revisions that every change raises.

use std::collections::BTreeSet;

use levada_registry_core::{
    AuditEntry, Config, Context, Mode, QualifiedSubject, SchemaId, SchemaVersion, StoreError,
    StoredSchema, WriteTransaction,
};

use super::error::failed;
use super::rows::get;
use super::statements::{Statement, of_id, of_scope};
use super::transaction::SqlTransaction;

impl SqlTransaction {
    pub(super) async fn touch(&mut self, subject: &QualifiedSubject) -> Result<(), StoreError> {
        self.run(of_scope(
            "INSERT INTO subject_revisions (context, subject, revision) VALUES ($1, $2, 1)
             ON CONFLICT (context, subject)
             DO UPDATE SET revision = subject_revisions.revision + 1",
            subject,
        ))
        .await
        .map(drop)
    }

    pub(super) async fn touch_settings(&mut self) -> Result<(), StoreError> {
        self.run(Statement::new("UPDATE settings_revision SET revision = revision + 1")).await
    }
}

impl WriteTransaction for SqlTransaction {
    async fn allocate_id(&mut self, context: &Context) -> Result<Option<SchemaId>, StoreError> {
        let take = Statement::new(
            "INSERT INTO contexts (name, next_id) VALUES ($1, 2)
             ON CONFLICT (name) DO UPDATE
             SET next_id = contexts.next_id + 1, is_listed = TRUE
             WHERE contexts.next_id <= 2147483647
             RETURNING CAST(next_id - 1 AS INTEGER) AS id",
        );
        self.one(take.bind(context.as_str()), |row| get(row, "id").map(SchemaId)).await
    }

    async fn insert_schema(
        &mut self,
        context: &Context,
        schema: &StoredSchema,
        imported: bool,
    ) -> Result<(), StoreError> {
        if imported {
            let raise = Statement::new(
                "INSERT INTO contexts (name, next_id) VALUES ($1, $2)
                 ON CONFLICT (name) DO UPDATE SET is_listed = TRUE, next_id = CASE
                     WHEN contexts.next_id > excluded.next_id THEN contexts.next_id
                     ELSE excluded.next_id
                 END",
            );
            let next_id = i64::from(schema.id.0) + 1;
            self.run(raise.bind(context.as_str()).bind(next_id)).await?;
        }
        let metadata = schema.contract.metadata.as_ref().map(serde_json::to_string);
        let rule_set = schema.contract.rule_set.as_ref().map(serde_json::to_string);
        let insert = of_id(
            "INSERT INTO schemas
             (context, id, fingerprint, schema_type, text, refs, metadata, rule_set, imported)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            context,
            schema.id,
        )
        .bind(schema.fingerprint.as_bytes().as_slice())
        .bind(schema.schema_type.as_str())
        .bind(&schema.text)
        .bind(serde_json::to_string(&schema.references).map_err(failed)?)
        .bind(metadata.transpose().map_err(failed)?)
        .bind(rule_set.transpose().map_err(failed)?)
        .bind(imported);
        self.run(insert).await?;
        let targets: BTreeSet<_> = schema
            .references
            .iter()
            .map(|to| (QualifiedSubject::parse_within(&to.subject, context), to.version))
            .collect();
        for (target, version) in targets {
            let insert = of_id(
                "INSERT INTO reference_targets
                 (context, id, target_context, target_subject, target_version)
                 VALUES ($1, $2, $3, $4, $5)",
                context,
                schema.id,
            );
            let insert = insert.bind(target.context.as_str()).bind(target.subject).bind(version);
            self.run(insert).await?;
        }
        Ok(())
    }

    async fn put_version(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
        id: SchemaId,
        ts_ms: i64,
    ) -> Result<(), StoreError> {
        let query = of_scope(
            "INSERT INTO versions (context, subject, version, id, is_deleted, ts_ms)
             VALUES ($1, $2, $3, $4, FALSE, $5)
             ON CONFLICT (context, subject, version) DO UPDATE
             SET id = excluded.id, is_deleted = FALSE, ts_ms = excluded.ts_ms",
            subject,
        );
        self.run(query.bind(version.0).bind(id.0).bind(ts_ms)).await?;
        self.touch(subject).await
    }

    async fn soft_delete(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
        ts_ms: i64,
    ) -> Result<(), StoreError> {
        let query = of_scope(
            "UPDATE versions SET is_deleted = TRUE, ts_ms = $4
             WHERE context = $1 AND subject = $2 AND version = $3",
            subject,
        );
        self.run(query.bind(version.0).bind(ts_ms)).await?;
        self.touch(subject).await
    }

    async fn remove_version(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
    ) -> Result<(), StoreError> {
        let query = of_scope(
            "DELETE FROM versions WHERE context = $1 AND subject = $2 AND version = $3",
            subject,
        );
        self.run(query.bind(version.0)).await?;
        self.touch(subject).await
    }

    async fn remove_schema(&mut self, context: &Context, id: SchemaId) -> Result<(), StoreError> {
        let query = of_id("DELETE FROM schemas WHERE context = $1 AND id = $2", context, id);
        self.run(query).await
    }

    async fn put_config(
        &mut self,
        scope: &QualifiedSubject,
        config: Option<&Config>,
    ) -> Result<(), StoreError> {
        let query = match config {
            Some(config) => of_scope(
                "INSERT INTO configs (context, subject, document) VALUES ($1, $2, $3)
                 ON CONFLICT (context, subject) DO UPDATE SET document = excluded.document",
                scope,
            )
            .bind(serde_json::to_string(config).map_err(failed)?),
            None => of_scope("DELETE FROM configs WHERE context = $1 AND subject = $2", scope),
        };
        self.run(query).await?;
        self.touch_settings().await
    }

    async fn put_mode(
        &mut self,
        scope: &QualifiedSubject,
        mode: Option<Mode>,
    ) -> Result<(), StoreError> {
        let query = match mode {
            Some(mode) => of_scope(
                "INSERT INTO modes (context, subject, mode) VALUES ($1, $2, $3)
                 ON CONFLICT (context, subject) DO UPDATE SET mode = excluded.mode",
                scope,
            )
            .bind(mode.as_str()),
            None => of_scope("DELETE FROM modes WHERE context = $1 AND subject = $2", scope),
        };
        self.run(query).await?;
        self.touch_settings().await
    }

    async fn remove_subject_modes(&mut self, context: &Context) -> Result<(), StoreError> {
        let query = Statement::new("DELETE FROM modes WHERE context = $1 AND subject <> ''");
        self.run(query.bind(context.as_str())).await?;
        self.touch_settings().await
    }

    async fn unlist_context(&mut self, context: &Context) -> Result<(), StoreError> {
        let query = Statement::new("UPDATE contexts SET is_listed = FALSE WHERE name = $1");
        self.run(query.bind(context.as_str())).await.map(drop)
    }

    async fn commit(mut self, note: Option<&AuditEntry>) -> Result<(), StoreError> {
        if let Some(note) = note {
            self.note(note).await?;
        }
        self.finish().await
    }
}
