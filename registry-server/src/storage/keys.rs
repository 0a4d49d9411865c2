//! Encryption keys in the database.

use levada_registry_core::{
    Dek, DekSeries, Kek, QualifiedSubject, ReadKeys, StoreError, WriteKeys,
};

use super::error::failed;
use super::rows::{self, Row, get};
use super::statements::Statement;
use super::transaction::SqlTransaction;

fn kek(row: &Row) -> Result<Kek, StoreError> {
    Ok(Kek {
        name: get(row, "name")?,
        kms_type: get(row, "kms_type")?,
        kms_key_id: get(row, "kms_key_id")?,
        kms_props: rows::json(&get::<String>(row, "kms_props")?)?,
        doc: get(row, "doc")?,
        shared: get(row, "shared")?,
        is_deleted: get(row, "is_deleted")?,
        ts_ms: get(row, "ts_ms")?,
    })
}

fn dek(row: &Row) -> Result<Dek, StoreError> {
    Ok(Dek {
        series: DekSeries {
            kek: get(row, "kek")?,
            subject: rows::subject(row)?,
            algorithm: get::<String>(row, "algorithm")?.parse().map_err(failed)?,
        },
        version: get(row, "version")?,
        encrypted_key_material: get(row, "encrypted_key_material")?,
        is_deleted: get(row, "is_deleted")?,
        ts_ms: get(row, "ts_ms")?,
    })
}

fn count(row: &Row, column: &str) -> Result<usize, StoreError> {
    usize::try_from(get::<i64>(row, column)?).map_err(failed)
}

/// A statement whose first four parameters are the KEK, context, subject and algorithm.
fn of_series<'a>(statement: &'static str, series: &'a DekSeries) -> Statement<'a> {
    let QualifiedSubject { context, subject } = &series.subject;
    Statement::new(statement)
        .bind(&series.kek)
        .bind(context.as_str())
        .bind(subject)
        .bind(series.algorithm.as_str())
}

impl ReadKeys for SqlTransaction {
    async fn kek(&mut self, name: &str) -> Result<Option<Kek>, StoreError> {
        let query = Statement::new("SELECT * FROM keks WHERE name = $1").bind(name);
        self.one(query, kek).await
    }

    async fn keks(&mut self) -> Result<Vec<Kek>, StoreError> {
        self.all(Statement::new("SELECT * FROM keks ORDER BY name"), kek).await
    }

    async fn deks(&mut self, of: Option<&str>) -> Result<Vec<Dek>, StoreError> {
        let query = Statement::new(
            "SELECT * FROM deks WHERE $1 IS NULL OR kek = $1
             ORDER BY kek, context, subject, algorithm, version",
        );
        self.all(query.bind(of.map(str::to_owned)), dek).await
    }

    async fn dek_versions(&mut self, series: &DekSeries) -> Result<Vec<Dek>, StoreError> {
        let query = of_series(
            "SELECT * FROM deks WHERE kek = $1 AND context = $2 AND subject = $3 AND algorithm = $4
             ORDER BY version",
            series,
        );
        self.all(query, dek).await
    }

    async fn key_counts(&mut self) -> Result<(usize, usize), StoreError> {
        let query = Statement::new(
            "SELECT (SELECT count(*) FROM keks) AS keks, (SELECT count(*) FROM deks) AS deks",
        );
        let counts = self.one(query, |row| Ok((count(row, "keks")?, count(row, "deks")?)));
        Ok(counts.await?.unwrap_or_default())
    }
}

impl WriteKeys for SqlTransaction {
    async fn put_kek(&mut self, kek: &Kek) -> Result<(), StoreError> {
        let query = Statement::new(
            "INSERT INTO keks
             (name, kms_type, kms_key_id, kms_props, doc, shared, is_deleted, ts_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (name) DO UPDATE SET
                 kms_type = excluded.kms_type, kms_key_id = excluded.kms_key_id,
                 kms_props = excluded.kms_props, doc = excluded.doc, shared = excluded.shared,
                 is_deleted = excluded.is_deleted, ts_ms = excluded.ts_ms",
        )
        .bind(&kek.name)
        .bind(&kek.kms_type)
        .bind(&kek.kms_key_id)
        .bind(serde_json::to_string(&kek.kms_props).map_err(failed)?)
        .bind(kek.doc.clone())
        .bind(kek.shared)
        .bind(kek.is_deleted)
        .bind(kek.ts_ms);
        self.run(query).await
    }

    async fn remove_kek(&mut self, name: &str) -> Result<(), StoreError> {
        let query = Statement::new("DELETE FROM keks WHERE name = $1").bind(name);
        self.run(query).await
    }

    async fn put_dek(&mut self, dek: &Dek) -> Result<(), StoreError> {
        // PostgreSQL's index is over digests, so the two have no ON CONFLICT in common.
        self.remove_dek(&dek.series, dek.version).await?;
        let query = of_series(
            "INSERT INTO deks
             (kek, context, subject, algorithm, version, encrypted_key_material, is_deleted, ts_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &dek.series,
        )
        .bind(dek.version)
        .bind(&dek.encrypted_key_material)
        .bind(dek.is_deleted)
        .bind(dek.ts_ms);
        self.run(query).await
    }

    async fn remove_dek(&mut self, series: &DekSeries, version: i32) -> Result<(), StoreError> {
        let query = of_series(
            "DELETE FROM deks WHERE kek = $1 AND context = $2 AND subject = $3 AND algorithm = $4
             AND version = $5",
            series,
        );
        self.run(query.bind(version)).await
    }
}
