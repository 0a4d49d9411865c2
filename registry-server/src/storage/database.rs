//! Which database a registry is on, as a setting says it.

use std::path::PathBuf;
use std::str::FromStr;

use levada_registry_core::Secret;
use sqlx::postgres::PgConnectOptions;

/// A database that may not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// The file; its directory is created when it is missing.
    Sqlite(PathBuf),
    /// The address, with the password in it.
    Postgres(Secret),
}

/// A setting that names no database. It is not repeated, for there may be a password in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabase {
    #[error("the database is neither sqlite:PATH nor postgres://USER:PASSWORD@HOST:PORT/NAME")]
    Unknown,
    #[error("the database is no address like postgres://USER:PASSWORD@HOST:PORT/NAME: {0}")]
    Postgres(String),
}

impl From<PathBuf> for Database {
    fn from(path: PathBuf) -> Self {
        Self::Sqlite(path)
    }
}

impl TryFrom<Secret> for Database {
    type Error = InvalidDatabase;

    /// `sqlite:PATH`, or the `postgres://` address that `PostgreSQL`'s own tools take.
    fn try_from(setting: Secret) -> Result<Self, InvalidDatabase> {
        let text = setting.expose();
        if let Some(path) = text.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            return Ok(Self::Sqlite(path.into()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            postgres_options(&setting)?;
            return Ok(Self::Postgres(setting));
        }
        Err(InvalidDatabase::Unknown)
    }
}

/// The parts of an address; what it leaves out comes from `PG…` variables and `~/.pgpass`, as with
/// `PostgreSQL`'s own tools.
pub(super) fn postgres_options(address: &Secret) -> Result<PgConnectOptions, InvalidDatabase> {
    PgConnectOptions::from_str(address.expose())
        .map_err(|error| InvalidDatabase::Postgres(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(text: &str) -> Result<Database, InvalidDatabase> {
        Database::try_from(Secret::from(text))
    }

    #[test]
    fn settings_name_a_file_or_a_server() {
        assert_eq!(database("sqlite:a/b.db"), Ok(Database::Sqlite("a/b.db".into())));
        for address in ["postgres://u:p@h:1/n?sslmode=require", "postgresql:///n"] {
            assert_eq!(database(address), Ok(Database::Postgres(Secret::from(address))));
        }
    }

    #[test]
    fn a_wrong_setting_is_refused_without_its_password() {
        for text in ["", "sqlite:", "mysql://u:pass@h/n", "postgres:u", "postgres://u:pass@h:x/n"] {
            let refused = database(text).unwrap_err();
            assert!(!format!("{refused} {refused:?}").contains("pass@"), "{refused}");
        }
    }
}
