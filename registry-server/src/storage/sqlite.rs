//! The store in the database: transactions of the rules become its transactions.

use std::fs::File;
use std::path::Path;

use levada_registry_core::{
    Config, Context, Mode, QualifiedSubject, ReadTransaction, Referrer, Revision, SchemaId,
    SchemaVersion, Store, StoreError, StoredSchema, StoredVersion, SubjectFilter, SubjectState,
    VersionKey, WriteTransaction,
};
use levada_schema_core::Fingerprint;
use sqlx::sqlite::{SqliteQueryResult, SqliteRow};
use sqlx::{Executor, Sqlite, SqlitePool, Transaction};

use super::open::{OpenError, open};
use super::rows::{self, failed, get};
use super::statements::{Query, filtered, of_id, of_scope};

/// One writer, some readers, and the lock that keeps other processes away.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    _lock: File,
}

/// A transaction of the database; dropped without a commit, it is rolled back.
#[derive(Debug)]
pub(crate) struct SqliteTransaction(Transaction<'static, Sqlite>);

impl SqliteStore {
    pub(super) fn new(writer: SqlitePool, readers: SqlitePool, lock: File) -> Self {
        Self { writer, readers, _lock: lock }
    }

    /// Opens or creates the database at `path`.
    pub(crate) async fn open(path: &Path) -> Result<Self, OpenError> {
        open(path).await
    }

    /// The connection that writes, for tests that reach below the rules.
    #[cfg(test)]
    pub(super) fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// Moves the write-ahead log into the database file and closes every connection.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        self.readers.close().await;
        let moved = self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
        self.writer.close().await;
        moved.map(drop).map_err(failed)
    }
}

impl Store for SqliteStore {
    type Read = SqliteTransaction;
    type Write = SqliteTransaction;

    async fn read(&self) -> Result<SqliteTransaction, StoreError> {
        self.readers.begin().await.map(SqliteTransaction).map_err(failed)
    }

    async fn write(&self) -> Result<SqliteTransaction, StoreError> {
        // IMMEDIATE takes the write lock now, so that what is read stays true until the commit.
        self.writer.begin_with("BEGIN IMMEDIATE").await.map(SqliteTransaction).map_err(failed)
    }
}

impl SqliteTransaction {
    pub(super) async fn all<T>(
        &mut self,
        query: Query,
        value: fn(&SqliteRow) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = query.fetch_all(&mut *self.0).await.map_err(failed)?;
        rows.iter().map(value).collect()
    }

    pub(super) async fn one<T>(
        &mut self,
        query: Query,
        value: fn(&SqliteRow) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let row = query.fetch_optional(&mut *self.0).await.map_err(failed)?;
        row.as_ref().map(value).transpose()
    }

    pub(super) async fn run(&mut self, query: Query) -> Result<SqliteQueryResult, StoreError> {
        query.execute(&mut *self.0).await.map_err(failed)
    }

    pub(super) async fn touch(&mut self, subject: &QualifiedSubject) -> Result<(), StoreError> {
        self.run(of_scope(
            "INSERT INTO subject_revisions (context, subject, revision) VALUES (?, ?, 1)
             ON CONFLICT DO UPDATE SET revision = revision + 1",
            subject,
        ))
        .await
        .map(drop)
    }

    async fn touch_settings(&mut self) -> Result<(), StoreError> {
        self.run(sqlx::query("UPDATE settings_revision SET revision = revision + 1"))
            .await
            .map(drop)
    }
}

impl ReadTransaction for SqliteTransaction {
    async fn versions(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let query = of_scope(
            "SELECT * FROM versions JOIN schemas USING (context, id)
             WHERE context = ? AND subject = ? ORDER BY version",
            subject,
        );
        self.all(query, rows::version).await
    }

    async fn version(
        &mut self,
        subject: &QualifiedSubject,
        version: SchemaVersion,
    ) -> Result<Option<StoredVersion>, StoreError> {
        let query = of_scope(
            "SELECT * FROM versions JOIN schemas USING (context, id)
             WHERE context = ? AND subject = ? AND version = ?",
            subject,
        );
        self.one(query.bind(version.0), rows::version).await
    }

    async fn version_keys(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Vec<VersionKey>, StoreError> {
        let query = of_scope(
            "SELECT * FROM versions WHERE context = ? AND subject = ? ORDER BY version",
            subject,
        );
        self.all(query, rows::version_key).await
    }

    async fn all_version_keys(
        &mut self,
        filter: &SubjectFilter,
    ) -> Result<Vec<VersionKey>, StoreError> {
        let query = filtered(
            "SELECT * FROM versions WHERE (?1 IS NULL OR context = ?1)
             AND substr(context, 1, length(?2)) = ?2 AND substr(subject, 1, length(?3)) = ?3
             ORDER BY context, subject, version",
            filter,
        );
        self.all(query, rows::version_key).await
    }

    async fn subjects(&mut self, filter: &SubjectFilter) -> Result<Vec<SubjectState>, StoreError> {
        let query = filtered(
            "SELECT context, subject, min(is_deleted) = 0 AS has_live, max(is_deleted) AS has_deleted
             FROM versions WHERE (?1 IS NULL OR context = ?1)
             AND substr(context, 1, length(?2)) = ?2 AND substr(subject, 1, length(?3)) = ?3
             GROUP BY context, subject ORDER BY context, subject",
            filter,
        );
        self.all(query, |row| {
            Ok(SubjectState {
                subject: rows::subject(row)?,
                has_live: get(row, "has_live")?,
                has_deleted: get(row, "has_deleted")?,
            })
        })
        .await
    }

    async fn contexts(&mut self) -> Result<Vec<Context>, StoreError> {
        let query = sqlx::query("SELECT name FROM contexts WHERE is_listed ORDER BY name");
        self.all(query, |row| Ok(Context::new(get(row, "name")?))).await
    }

    async fn schema(
        &mut self,
        context: &Context,
        id: SchemaId,
    ) -> Result<Option<StoredSchema>, StoreError> {
        let query = of_id("SELECT * FROM schemas WHERE context = ? AND id = ?", context, id);
        self.one(query, rows::schema).await
    }

    async fn holder(
        &mut self,
        context: &Context,
        id: SchemaId,
        subject: Option<&str>,
    ) -> Result<Option<StoredVersion>, StoreError> {
        let query = match subject {
            Some(subject) => of_id(
                "SELECT * FROM versions JOIN schemas USING (context, id)
                 WHERE context = ? AND id = ? AND subject = ? ORDER BY version DESC LIMIT 1",
                context,
                id,
            )
            .bind(subject.to_owned()),
            None => of_id(
                "SELECT * FROM versions JOIN schemas USING (context, id)
                 WHERE context = ? AND id = ? ORDER BY is_deleted, subject, version LIMIT 1",
                context,
                id,
            ),
        };
        self.one(query, rows::version).await
    }

    async fn holders(
        &mut self,
        context: &Context,
        id: SchemaId,
    ) -> Result<Vec<VersionKey>, StoreError> {
        let query = of_id(
            "SELECT * FROM versions WHERE context = ? AND id = ? ORDER BY subject, version",
            context,
            id,
        );
        self.all(query, rows::version_key).await
    }

    async fn ids_of(
        &mut self,
        fingerprint: Fingerprint,
    ) -> Result<Vec<(Context, SchemaId)>, StoreError> {
        let query = sqlx::query(
            "SELECT context, id FROM schemas WHERE fingerprint = ? ORDER BY context, id",
        );
        let query = query.bind(fingerprint.as_bytes().to_vec());
        self.all(query, |row| Ok((Context::new(get(row, "context")?), SchemaId(get(row, "id")?))))
            .await
    }

    async fn referrers(&mut self, subject: &QualifiedSubject) -> Result<Vec<Referrer>, StoreError> {
        let query = of_scope(
            "SELECT versions.*, target_version
             FROM reference_targets JOIN versions USING (context, id)
             WHERE target_context = ? AND target_subject = ?
             ORDER BY context, versions.subject, version, target_version",
            subject,
        );
        self.all(query, |row| {
            let target = SchemaVersion(get(row, "target_version")?);
            Ok(Referrer { holder: rows::version_key(row)?, target })
        })
        .await
    }

    async fn max_id(&mut self, context: &Context) -> Result<Option<SchemaId>, StoreError> {
        let query = sqlx::query("SELECT next_id - 1 AS max_id FROM contexts WHERE name = ?");
        let query = query.bind(context.as_str().to_owned());
        self.one(query, |row| Ok(SchemaId(get(row, "max_id")?))).await
    }

    async fn config(&mut self, scope: &QualifiedSubject) -> Result<Option<Config>, StoreError> {
        let query =
            of_scope("SELECT document FROM configs WHERE context = ? AND subject = ?", scope);
        self.one(query, |row| rows::json(get(row, "document")?)).await
    }

    async fn configs(
        &mut self,
        filter: &SubjectFilter,
    ) -> Result<Vec<(QualifiedSubject, Config)>, StoreError> {
        let query = filtered(
            "SELECT * FROM configs WHERE (?1 IS NULL OR context = ?1)
             AND substr(context, 1, length(?2)) = ?2 AND substr(subject, 1, length(?3)) = ?3
             ORDER BY context, subject",
            filter,
        );
        self.all(query, |row| Ok((rows::subject(row)?, rows::json(get(row, "document")?)?))).await
    }

    async fn mode(&mut self, scope: &QualifiedSubject) -> Result<Option<Mode>, StoreError> {
        let query = of_scope("SELECT mode FROM modes WHERE context = ? AND subject = ?", scope);
        self.one(query, |row| get::<&str>(row, "mode")?.parse().map_err(failed)).await
    }

    async fn subject_revision(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Revision, StoreError> {
        let query = of_scope(
            "SELECT revision FROM subject_revisions WHERE context = ? AND subject = ?",
            subject,
        );
        let revision = self.one(query, |row| get(row, "revision").map(Revision)).await?;
        Ok(revision.unwrap_or_default())
    }

    async fn settings_revision(&mut self) -> Result<Revision, StoreError> {
        let query = sqlx::query("SELECT revision FROM settings_revision");
        let revision = self.one(query, |row| get(row, "revision").map(Revision)).await?;
        revision.ok_or_else(|| StoreError::new("the revision of the settings is missing"))
    }
}

impl WriteTransaction for SqliteTransaction {
    async fn allocate_id(&mut self, context: &Context) -> Result<Option<SchemaId>, StoreError> {
        let name = context.as_str().to_owned();
        let insert = "INSERT INTO contexts (name, next_id) VALUES (?, 1) ON CONFLICT DO NOTHING";
        self.run(sqlx::query(insert).bind(name.clone())).await?;
        let take = sqlx::query(
            "UPDATE contexts SET next_id = next_id + 1, is_listed = 1
             WHERE name = ? AND next_id <= 2147483647 RETURNING next_id - 1 AS id",
        );
        self.one(take.bind(name), |row| get(row, "id").map(SchemaId)).await
    }

    async fn insert_schema(
        &mut self,
        context: &Context,
        schema: &StoredSchema,
        imported: bool,
    ) -> Result<(), StoreError> {
        if imported {
            let raise = sqlx::query(
                "INSERT INTO contexts (name, next_id) VALUES (?1, max(1, ?2 + 1))
                 ON CONFLICT DO UPDATE SET next_id = max(next_id, ?2 + 1), is_listed = 1",
            );
            self.run(raise.bind(context.as_str().to_owned()).bind(schema.id.0)).await?;
        }
        let metadata = schema.contract.metadata.as_ref().map(serde_json::to_string);
        let rule_set = schema.contract.rule_set.as_ref().map(serde_json::to_string);
        let insert = of_id(
            "INSERT INTO schemas
             (context, id, fingerprint, schema_type, text, refs, metadata, rule_set, imported)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            context,
            schema.id,
        )
        .bind(schema.fingerprint.as_bytes().to_vec())
        .bind(schema.schema_type.as_str())
        .bind(schema.text.clone())
        .bind(serde_json::to_string(&schema.references).map_err(failed)?)
        .bind(metadata.transpose().map_err(failed)?)
        .bind(rule_set.transpose().map_err(failed)?)
        .bind(imported);
        self.run(insert).await?;
        for reference in &schema.references {
            let target = QualifiedSubject::parse_within(&reference.subject, context);
            let insert = of_id(
                "INSERT INTO reference_targets
                 (context, id, target_context, target_subject, target_version)
                 VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                context,
                schema.id,
            )
            .bind(target.context.as_str().to_owned())
            .bind(target.subject)
            .bind(reference.version);
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
             VALUES (?, ?, ?, ?, 0, ?)
             ON CONFLICT DO UPDATE SET id = excluded.id, is_deleted = 0, ts_ms = excluded.ts_ms",
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
            "UPDATE versions SET is_deleted = 1, ts_ms = ?4
             WHERE context = ?1 AND subject = ?2 AND version = ?3",
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
            "DELETE FROM versions WHERE context = ? AND subject = ? AND version = ?",
            subject,
        );
        self.run(query.bind(version.0)).await?;
        self.touch(subject).await
    }

    async fn remove_schema(&mut self, context: &Context, id: SchemaId) -> Result<(), StoreError> {
        let query = of_id("DELETE FROM schemas WHERE context = ? AND id = ?", context, id);
        self.run(query).await.map(drop)
    }

    async fn put_config(
        &mut self,
        scope: &QualifiedSubject,
        config: Option<&Config>,
    ) -> Result<(), StoreError> {
        let query = match config {
            Some(config) => of_scope("REPLACE INTO configs VALUES (?, ?, ?)", scope)
                .bind(serde_json::to_string(config).map_err(failed)?),
            None => of_scope("DELETE FROM configs WHERE context = ? AND subject = ?", scope),
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
            Some(mode) => {
                of_scope("REPLACE INTO modes VALUES (?, ?, ?)", scope).bind(mode.as_str())
            }
            None => of_scope("DELETE FROM modes WHERE context = ? AND subject = ?", scope),
        };
        self.run(query).await?;
        self.touch_settings().await
    }

    async fn remove_subject_modes(&mut self, context: &Context) -> Result<(), StoreError> {
        let query = sqlx::query("DELETE FROM modes WHERE context = ? AND subject <> ''");
        self.run(query.bind(context.as_str().to_owned())).await?;
        self.touch_settings().await
    }

    async fn unlist_context(&mut self, context: &Context) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE contexts SET is_listed = 0 WHERE name = ?");
        self.run(query.bind(context.as_str().to_owned())).await.map(drop)
    }

    async fn commit(self) -> Result<(), StoreError> {
        self.0
            .commit()
            .await
            .map_err(|error| StoreError { message: error.to_string(), outcome_unknown: true })
    }
}
