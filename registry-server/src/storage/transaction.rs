//! Transactions of the rules as transactions of the database.

use std::collections::BTreeSet;

use levada_registry_core::{
    Config, Context, Mode, QualifiedSubject, ReadTransaction, Referrer, Revision, SchemaId,
    SchemaVersion, StoreError, StoreErrorKind, StoredSchema, StoredVersion, SubjectFilter,
    SubjectState, VersionKey, WriteTransaction,
};
use levada_schema_core::Fingerprint;
use sqlx::{Postgres, Sqlite, Transaction};

use super::error::{commit_failed, failed, refused};
use super::rows::{self, Row, get};
use super::statements::{Statement, filtered, of_id, of_scope};

/// A transaction of the database; dropped without a commit, it is rolled back.
#[derive(Debug)]
pub(crate) struct SqlTransaction {
    connection: Connection,
    is_write: bool,
    /// Whether a statement has failed. `PostgreSQL` would answer a commit with a silent rollback.
    has_failed: bool,
}

#[derive(Debug)]
pub(super) enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl From<Transaction<'static, Sqlite>> for Connection {
    fn from(tx: Transaction<'static, Sqlite>) -> Self {
        Self::Sqlite(tx)
    }
}

impl From<Transaction<'static, Postgres>> for Connection {
    fn from(tx: Transaction<'static, Postgres>) -> Self {
        Self::Postgres(tx)
    }
}

impl SqlTransaction {
    pub(super) fn new(tx: impl Into<Connection>, is_write: bool) -> Self {
        Self { connection: tx.into(), is_write, has_failed: false }
    }

    pub(super) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        if statement.has_nul() {
            let message = "a text with the character NUL cannot be stored".to_owned();
            return Err(StoreError { kind: StoreErrorKind::Unstorable, message });
        }
        let answer = match &mut self.connection {
            Connection::Sqlite(tx) => {
                let rows = statement.query::<Sqlite>().fetch_all(&mut **tx).await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            Connection::Postgres(tx) => {
                let rows = statement.query::<Postgres>().fetch_all(&mut **tx).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        };
        answer.map_err(|error| {
            self.has_failed = true;
            refused(&error, self.is_write)
        })
    }

    pub(super) async fn all<T>(
        &mut self,
        statement: Statement,
        value: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows(statement).await?.iter().map(value).collect()
    }

    pub(super) async fn one<T>(
        &mut self,
        statement: Statement,
        value: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.rows(statement).await?.first().map(value).transpose()
    }

    pub(super) async fn run(&mut self, statement: Statement) -> Result<(), StoreError> {
        self.rows(statement).await.map(drop)
    }

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

    async fn touch_settings(&mut self) -> Result<(), StoreError> {
        self.run(Statement::new("UPDATE settings_revision SET revision = revision + 1")).await
    }
}

impl ReadTransaction for SqlTransaction {
    async fn versions(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let query = of_scope(
            "SELECT * FROM versions JOIN schemas USING (context, id)
             WHERE context = $1 AND subject = $2 ORDER BY version",
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
             WHERE context = $1 AND subject = $2 AND version = $3",
            subject,
        );
        self.one(query.bind(version.0), rows::version).await
    }

    async fn version_keys(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Vec<VersionKey>, StoreError> {
        let query = of_scope(
            "SELECT * FROM versions WHERE context = $1 AND subject = $2 ORDER BY version",
            subject,
        );
        self.all(query, rows::version_key).await
    }

    async fn all_version_keys(
        &mut self,
        filter: &SubjectFilter,
    ) -> Result<Vec<VersionKey>, StoreError> {
        let query = filtered(
            "SELECT * FROM versions WHERE ($1 IS NULL OR context = $1)
             AND substr(context, 1, length($2)) = $2 AND substr(subject, 1, length($3)) = $3
             ORDER BY context, subject, version",
            filter,
        );
        self.all(query, rows::version_key).await
    }

    async fn subjects(&mut self, filter: &SubjectFilter) -> Result<Vec<SubjectState>, StoreError> {
        let query = filtered(
            "SELECT context, subject, count(CASE WHEN NOT is_deleted THEN 1 END) > 0 AS has_live,
             count(CASE WHEN is_deleted THEN 1 END) > 0 AS has_deleted
             FROM versions WHERE ($1 IS NULL OR context = $1)
             AND substr(context, 1, length($2)) = $2 AND substr(subject, 1, length($3)) = $3
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
        let query = Statement::new("SELECT name FROM contexts WHERE is_listed ORDER BY name");
        self.all(query, |row| Ok(Context::new(get(row, "name")?))).await
    }

    async fn schema(
        &mut self,
        context: &Context,
        id: SchemaId,
    ) -> Result<Option<StoredSchema>, StoreError> {
        let query = of_id("SELECT * FROM schemas WHERE context = $1 AND id = $2", context, id);
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
                 WHERE context = $1 AND id = $2 AND subject = $3 ORDER BY version DESC LIMIT 1",
                context,
                id,
            )
            .bind(subject),
            None => of_id(
                "SELECT * FROM versions JOIN schemas USING (context, id)
                 WHERE context = $1 AND id = $2 ORDER BY is_deleted, subject, version LIMIT 1",
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
            "SELECT * FROM versions WHERE context = $1 AND id = $2 ORDER BY subject, version",
            context,
            id,
        );
        self.all(query, rows::version_key).await
    }

    async fn ids_of(
        &mut self,
        fingerprint: Fingerprint,
    ) -> Result<Vec<(Context, SchemaId)>, StoreError> {
        let query = Statement::new(
            "SELECT context, id FROM schemas WHERE fingerprint = $1 ORDER BY context, id",
        );
        let query = query.bind(fingerprint.as_bytes().as_slice());
        self.all(query, |row| Ok((Context::new(get(row, "context")?), SchemaId(get(row, "id")?))))
            .await
    }

    async fn referrers(&mut self, subject: &QualifiedSubject) -> Result<Vec<Referrer>, StoreError> {
        let query = of_scope(
            "SELECT versions.*, target_version
             FROM reference_targets JOIN versions USING (context, id)
             WHERE target_context = $1 AND target_subject = $2
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
        let query = Statement::new(
            "SELECT CAST(next_id - 1 AS INTEGER) AS max_id FROM contexts WHERE name = $1",
        );
        let query = query.bind(context.as_str());
        self.one(query, |row| Ok(SchemaId(get(row, "max_id")?))).await
    }

    async fn config(&mut self, scope: &QualifiedSubject) -> Result<Option<Config>, StoreError> {
        let query =
            of_scope("SELECT document FROM configs WHERE context = $1 AND subject = $2", scope);
        self.one(query, |row| rows::json(get(row, "document")?)).await
    }

    async fn configs(
        &mut self,
        filter: &SubjectFilter,
    ) -> Result<Vec<(QualifiedSubject, Config)>, StoreError> {
        let query = filtered(
            "SELECT * FROM configs WHERE ($1 IS NULL OR context = $1)
             AND substr(context, 1, length($2)) = $2 AND substr(subject, 1, length($3)) = $3
             ORDER BY context, subject",
            filter,
        );
        self.all(query, |row| Ok((rows::subject(row)?, rows::json(get(row, "document")?)?))).await
    }

    async fn mode(&mut self, scope: &QualifiedSubject) -> Result<Option<Mode>, StoreError> {
        let query = of_scope("SELECT mode FROM modes WHERE context = $1 AND subject = $2", scope);
        self.one(query, |row| get::<&str>(row, "mode")?.parse().map_err(failed)).await
    }

    async fn subject_revision(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Revision, StoreError> {
        let query = of_scope(
            "SELECT revision FROM subject_revisions WHERE context = $1 AND subject = $2",
            subject,
        );
        let revision = self.one(query, |row| get(row, "revision").map(Revision)).await?;
        Ok(revision.unwrap_or_default())
    }

    async fn settings_revision(&mut self) -> Result<Revision, StoreError> {
        let query = Statement::new("SELECT revision FROM settings_revision");
        let revision = self.one(query, |row| get(row, "revision").map(Revision)).await?;
        revision.ok_or_else(|| StoreError::new("the revision of the settings is missing"))
    }
}

impl WriteTransaction for SqlTransaction {
    async fn allocate_id(&mut self, context: &Context) -> Result<Option<SchemaId>, StoreError> {
        let name = context.as_str();
        let insert = "INSERT INTO contexts (name, next_id) VALUES ($1, 1) ON CONFLICT DO NOTHING";
        self.run(Statement::new(insert).bind(name)).await?;
        let take = Statement::new(
            "UPDATE contexts SET next_id = next_id + 1, is_listed = TRUE
             WHERE name = $1 AND next_id <= 2147483647
             RETURNING CAST(next_id - 1 AS INTEGER) AS id",
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

    async fn commit(self) -> Result<(), StoreError> {
        if self.has_failed {
            return Err(StoreError::new("a statement of the transaction has failed"));
        }
        let committed = match self.connection {
            Connection::Sqlite(tx) => tx.commit().await,
            Connection::Postgres(tx) => tx.commit().await,
        };
        committed.map_err(|error| commit_failed(&error))
    }
}
