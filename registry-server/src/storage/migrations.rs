//! Every step of the databases' schemas, in order. A step that has shipped is never changed.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};

use super::error::OpenError;

/// A number, what the step does, and how.
type Step = (i64, &'static str, &'static str);

/// The steps of one database: the files of its folder.
macro_rules! steps {
    ($folder:literal: $($number:literal, $description:literal, $file:literal;)+) => {
        &[$((
            $number,
            $description,
            include_str!(concat!("../../../migrations/", $folder, "/", $file, ".sql")),
        )),+]
    };
    ($folder:literal) => {
        steps! { $folder:
            1, "create registry", "0001_create_registry";
            2, "unlist contexts", "0002_unlist_contexts";
            3, "add rule sets", "0003_add_rule_sets";
            4, "create associations", "0004_create_associations";
            5, "create encryption keys", "0005_create_encryption_keys";
            6, "index schema types", "0006_index_schema_types";
            7, "create audit", "0007_create_audit";
            8, "index subject names", "0008_index_subject_names";
            9, "join fingerprint indexes", "0009_join_fingerprint_indexes";
            10, "drop needless indexes", "0010_drop_needless_indexes";
        }
    };
}

pub(super) const SQLITE: &[Step] = steps!("sqlite");
pub(super) const POSTGRES: &[Step] = steps!("postgres");

/// The number of the last step for a database in a file.
pub(super) fn newest_step() -> i64 {
    SQLITE.last().map_or(0, |&(number, ..)| number)
}

/// Takes the steps that the database behind `connection` has not taken. Of several programs that
/// come at once to a database which knows such locks, one takes them and the others wait.
pub(super) async fn run<C: Migrate>(
    steps: &[Step],
    connection: &mut C,
    database: &str,
) -> Result<(), OpenError> {
    let migrations = steps.iter().map(|&(number, description, sql)| {
        let description = Cow::Borrowed(description);
        Migration::new(number, description, MigrationType::Simple, sql.into_sql_str(), false)
    });
    let migrator = Migrator { migrations: migrations.collect(), ..Migrator::DEFAULT };
    migrator.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(_) => OpenError::Newer { database: database.to_owned() },
        other => OpenError::Database { database: database.to_owned(), message: other.to_string() },
    })
}
