//! What is asked of the database, statement for question.

use levada_registry_core::{
    Config, Context, DeletedFilter, History, KeyQuery, Mode, Page, QualifiedSubject,
    ReadTransaction, Referrer, Revision, Revisions, SchemaId, SchemaVersion, ScopeSettings,
    StoreError, StoredSchema, StoredVersion, SubjectFilter, VersionKey,
};
use levada_schema_core::{Fingerprint, Metadata};
use std::collections::HashMap;

use super::rows::{self, Row, get};
use super::statements::{Statement, filtered, in_filter, name, named, of_id, of_scope};
use super::transaction::SqlTransaction;

/// A number of rows as databases count them.
fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

impl ReadTransaction for SqlTransaction {
    async fn versions(
        &mut self,
        subject: &QualifiedSubject,
        deleted: bool,
    ) -> Result<Vec<StoredVersion>, StoreError> {
        let query = of_scope(
            "SELECT * FROM versions JOIN schemas USING (context, id)
             WHERE context = $1 AND subject = $2 AND ($3 OR NOT is_deleted) ORDER BY version",
            subject,
        );
        self.all(query.bind(deleted), rows::version).await
    }

    async fn history(&mut self, subject: &QualifiedSubject) -> Result<History, StoreError> {
        let query = of_scope(
            "SELECT v.*, s.fingerprint, s.schema_type, s.text, s.refs, s.metadata, s.rule_set
             FROM versions v LEFT JOIN schemas s
             ON s.context = v.context AND s.id = v.id AND NOT v.is_deleted
             WHERE v.context = $1 AND v.subject = $2 ORDER BY v.version",
            subject,
        );
        let mut history = History::default();
        for row in self.rows(query).await? {
            let key = rows::version_key(&row)?;
            if !key.is_deleted {
                history.live.push(rows::version(&row)?);
            }
            history.keys.push(key);
        }
        Ok(history)
    }

    async fn version_metadata(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Vec<(VersionKey, Option<Metadata>)>, StoreError> {
        let query = of_scope(
            "SELECT versions.*, metadata FROM versions JOIN schemas USING (context, id)
             WHERE context = $1 AND subject = $2 ORDER BY version",
            subject,
        );
        self.all(query, |row| Ok((rows::version_key(row)?, rows::metadata(row)?))).await
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

    async fn latest_version(
        &mut self,
        subject: &QualifiedSubject,
    ) -> Result<Option<StoredVersion>, StoreError> {
        let query = of_scope(
            "SELECT * FROM versions JOIN schemas USING (context, id)
             WHERE context = $1 AND subject = $2 AND NOT is_deleted ORDER BY version DESC LIMIT 1",
            subject,
        );
        self.one(query, rows::version).await
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

    async fn key_page(&mut self, query: KeyQuery<'_>) -> Result<Vec<VersionKey>, StoreError> {
        let KeyQuery { subjects, after, deleted, latest_only, limit } = query;
        let (name, version) = match after {
            Some((subject, version)) => (Some(subject.to_string()), version.0),
            None => (None, 0),
        };
        let statement = named(
            concat!(
                "SELECT v.context, v.subject, v.version, v.id, v.is_deleted
                 FROM subject_revisions s CROSS JOIN versions v
                 WHERE v.context = s.context AND v.subject = s.subject AND ",
                in_filter!(),
                " AND (",
                name!(),
                " > $4 OR v.version > $6) AND ($7 OR NOT v.is_deleted)
                 AND NOT ($8 AND EXISTS (
                     SELECT 1 FROM versions n
                     WHERE n.context = v.context AND n.subject = v.subject
                     AND n.version > v.version AND ($7 OR NOT n.is_deleted)
                 ))
                 ORDER BY ",
                name!(),
                ", v.version LIMIT $9"
            ),
            subjects,
            name,
        );
        let statement = statement.bind(version).bind(deleted).bind(latest_only).bind(count(limit));
        self.all(statement.long(), rows::version_key).await
    }

    async fn subjects(
        &mut self,
        filter: &SubjectFilter,
        shown: DeletedFilter,
        page: Page,
    ) -> Result<Vec<QualifiedSubject>, StoreError> {
        let statement = named(
            concat!(
                "SELECT s.context, s.subject FROM subject_revisions s WHERE ",
                in_filter!(),
                // Not EXISTS: SQLite makes a join of it, and its OFFSET then counts every version
                // (observed with 3.51).
                " AND 1 = (
                     SELECT 1 FROM versions v WHERE v.context = s.context AND v.subject = s.subject
                     AND ($6 OR NOT v.is_deleted) LIMIT 1
                 ) AND NOT ($7 AND EXISTS (
                     SELECT 1 FROM versions v WHERE v.context = s.context AND v.subject = s.subject
                     AND NOT v.is_deleted
                 ))
                 ORDER BY ",
                name!(),
                " LIMIT $8 OFFSET $9"
            ),
            filter,
            None,
        );
        let (with_deleted, without_live) = match shown {
            DeletedFilter::Live => (false, false),
            DeletedFilter::All => (true, false),
            DeletedFilter::OnlyDeleted => (true, true),
        };
        let statement = statement.bind(with_deleted).bind(without_live);
        let statement = statement.bind(count(page.limit())).bind(count(page.offset()));
        self.all(statement.long(), rows::subject).await
    }

    async fn contexts(&mut self) -> Result<Vec<Context>, StoreError> {
        let query = Statement::new("SELECT name FROM contexts WHERE is_listed ORDER BY name");
        self.all(query, |row| Ok(Context::new(&get::<String>(row, "name")?))).await
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
            // Each part has an index of its own.
            "SELECT context, id FROM schemas WHERE fingerprint = $1 AND NOT imported
             UNION ALL SELECT context, id FROM schemas WHERE fingerprint = $1 AND imported",
        );
        let query = query.bind(fingerprint.as_bytes().as_slice());
        let id = |row: &Row| Ok((rows::context(row)?, SchemaId(get(row, "id")?)));
        let mut ids = self.all(query, id).await?;
        ids.sort();
        Ok(ids)
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
        self.one(query, |row| rows::json(&get::<String>(row, "document")?)).await
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
        )
        .long();
        self.all(query, |row| {
            Ok((rows::subject(row)?, rows::json(&get::<String>(row, "document")?)?))
        })
        .await
    }

    async fn mode(&mut self, scope: &QualifiedSubject) -> Result<Option<Mode>, StoreError> {
        let query = of_scope("SELECT mode FROM modes WHERE context = $1 AND subject = $2", scope);
        self.one(query, rows::mode).await
    }

    async fn settings(&mut self, scope: &QualifiedSubject) -> Result<ScopeSettings, StoreError> {
        let (default, global) = (Context::default(), Context::global());
        let query = of_scope(
            // Each part finds one row by its key, which is cheaper than a list of the keys.
            "SELECT context, subject, document, NULL AS mode
             FROM configs WHERE context = $1 AND subject = $2
             UNION ALL SELECT context, subject, document, NULL
             FROM configs WHERE context = $1 AND subject = ''
             UNION ALL SELECT context, subject, document, NULL
             FROM configs WHERE context = $3 AND subject = ''
             UNION ALL SELECT context, subject, document, NULL
             FROM configs WHERE context = $4 AND subject = ''
             UNION ALL SELECT context, subject, NULL, mode
             FROM modes WHERE context = $1 AND subject = $2
             UNION ALL SELECT context, subject, NULL, mode
             FROM modes WHERE context = $1 AND subject = ''
             UNION ALL SELECT context, subject, NULL, mode
             FROM modes WHERE context = $4 AND subject = ''",
            scope,
        );
        let query = query.bind(default.as_str()).bind(global.as_str());
        let (mut configs, mut modes) = (HashMap::new(), HashMap::new());
        for row in self.rows(query).await? {
            let set_on = rows::subject(&row)?;
            match get::<Option<String>>(&row, "document")? {
                Some(document) => drop(configs.insert(set_on, rows::json::<Config>(&document)?)),
                None => drop(modes.insert(set_on, rows::mode(&row)?)),
            }
        }
        let config = |scope: &QualifiedSubject| configs.get(scope).cloned();
        let mode = |scope: &QualifiedSubject| modes.get(scope).copied();
        Ok(ScopeSettings::along_the_way(scope, config, mode))
    }

    async fn revisions(&mut self, subject: &QualifiedSubject) -> Result<Revisions, StoreError> {
        let query = of_scope(
            "SELECT settings_revision.revision AS settings, subject_revisions.revision AS subject
             FROM settings_revision
             LEFT JOIN subject_revisions ON context = $1 AND subject = $2",
            subject,
        );
        let revisions = self.one(query, |row| {
            Ok(Revisions {
                subject: Revision(get::<Option<i64>>(row, "subject")?.unwrap_or_default()),
                settings: Revision(get(row, "settings")?),
            })
        });
        revisions.await?.ok_or_else(|| StoreError::new("the revision of the settings is missing"))
    }
}
