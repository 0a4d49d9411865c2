//! From rows to values. A row that makes no sense is an error, never a guess.

use std::str::FromStr;
use std::sync::Arc;

use levada_registry_core::{
    Context, Mode, QualifiedSubject, SchemaId, SchemaVersion, StoreError, StoredSchema,
    StoredVersion, VersionKey,
};
use levada_schema_core::{Contract, Fingerprint, Metadata, SchemaType};
use rusqlite::types::FromSql;
use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type};

use super::error::failed;
use super::sqlite::SqliteRow;

/// A row of whichever database.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

pub(super) fn get<'r, T>(row: &'r Row, column: &str) -> Result<T, StoreError>
where
    T: FromSql + Decode<'r, Postgres> + Type<Postgres>,
{
    match row {
        Row::Sqlite(row) => row.get(column).map_err(failed),
        Row::Postgres(row) => row.try_get(column).map_err(failed),
    }
}

pub(super) fn json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(failed)
}

fn optional_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, StoreError> {
    get::<Option<String>>(row, column)?.as_deref().map(json).transpose()
}

pub(super) fn context(row: &Row) -> Result<Context, StoreError> {
    Ok(Context::new(&get::<String>(row, "context")?))
}

pub(super) fn subject(row: &Row) -> Result<QualifiedSubject, StoreError> {
    Ok(QualifiedSubject { context: context(row)?, subject: get(row, "subject")? })
}

pub(super) fn mode(row: &Row) -> Result<Mode, StoreError> {
    get::<String>(row, "mode")?.parse().map_err(failed)
}

pub(super) fn version_key(row: &Row) -> Result<VersionKey, StoreError> {
    Ok(VersionKey {
        subject: subject(row)?,
        version: SchemaVersion(get(row, "version")?),
        id: SchemaId(get(row, "id")?),
        is_deleted: get(row, "is_deleted")?,
    })
}

pub(super) fn metadata(row: &Row) -> Result<Option<Metadata>, StoreError> {
    optional_json(row, "metadata")
}

pub(super) fn schema(row: &Row) -> Result<StoredSchema, StoreError> {
    let fingerprint: [u8; 16] = get(row, "fingerprint")?;
    Ok(StoredSchema {
        id: SchemaId(get(row, "id")?),
        fingerprint: Fingerprint::from_bytes(fingerprint),
        schema_type: SchemaType::from_str(&get::<String>(row, "schema_type")?).map_err(failed)?,
        text: get(row, "text")?,
        references: json(&get::<String>(row, "refs")?)?,
        contract: Contract { metadata: metadata(row)?, rule_set: optional_json(row, "rule_set")? },
    })
}

pub(super) fn version(row: &Row) -> Result<StoredVersion, StoreError> {
    let key = version_key(row)?;
    Ok(StoredVersion {
        subject: key.subject,
        version: key.version,
        is_deleted: key.is_deleted,
        ts_ms: get(row, "ts_ms")?,
        schema: Arc::new(schema(row)?),
    })
}
