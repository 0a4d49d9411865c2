//! A look at a `SQLite` file.

use std::path::Path;

use rusqlite::{Connection, Error, OpenFlags};

use super::BUSY_TIMEOUT;
use crate::storage::examine::Examination;
use crate::storage::migrations::newest_step;

/// Most faults that are told, of each kind.
const DAMAGE_MAX: usize = 5;

/// Reads through the whole file.
pub(crate) fn examine(path: &Path) -> Result<Examination, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let mut found = connection.prepare(&format!("PRAGMA integrity_check({DAMAGE_MAX})"))?;
    let found = found.query_map([], |row| row.get::<_, String>(0))?;
    let mut damage = found.collect::<Result<Vec<_>, _>>()?;
    damage.retain(|line| line != "ok");
    let newest = "SELECT max(version) FROM _sqlx_migrations WHERE success";
    let steps = connection.query_row(newest, [], |row| row.get::<_, Option<i64>>(0))?;
    let mut lost = connection.prepare("PRAGMA foreign_key_check")?;
    let lost = lost.query_map([], |row| {
        let (table, to) = (row.get::<_, String>(0)?, row.get::<_, String>(2)?);
        Ok(format!("a row of {table} belongs to one of {to} that is not there"))
    })?;
    damage.extend(lost.take(DAMAGE_MAX).collect::<Result<Vec<_>, _>>()?);
    let (steps, steps_known) = (steps.unwrap_or_default(), newest_step());
    Ok(Examination { steps, steps_known, damage })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_step_is_that_of_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/sqlite");
        let steps = std::fs::read_dir(folder).unwrap().map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.split('_').next().and_then(|number| number.parse().ok()).unwrap()
        });
        assert_eq!(steps.max(), Some(newest_step()));
    }

    #[test]
    fn file_that_is_no_database_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        std::fs::write(&path, "no database at all, but long enough to look at").unwrap();
        assert_eq!(examine(&path).unwrap_err().to_string(), "file is not a database");
    }
}
