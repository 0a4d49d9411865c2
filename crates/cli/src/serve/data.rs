//! Whether the data of a server is sound: its database, and the room that is left.

use std::path::{Path, PathBuf};

use clap::Args;
use levada_encryption::Secret;
use levada_registry_server::{Database, Examination, examine};

use super::settings::ServeTable;
use crate::doctor::Check;
use crate::exit::{self, Failure};
use crate::runtime;

/// Less room than this, in bytes, is soon none.
const FREE_BYTES_MIN: u64 = 1 << 30;

/// The data of a levada serve.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// The data folder of a levada serve on this machine
    /// [default: data-dir in the table [serve] of levada.toml]
    #[arg(long, env = "LEVADA_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Its database, if that is elsewhere: sqlite:PATH, or postgres://USER:PASSWORD@HOST:PORT/NAME
    /// [default: database in the table [serve] of levada.toml, else registry.db in the folder]
    #[arg(long, env = "LEVADA_DATABASE", value_name = "DATABASE", hide_env_values = true)]
    database: Option<Secret>,
}

pub(crate) fn look_at_data(
    args: &DataArgs,
    table: &ServeTable,
    checks: &mut Vec<Check>,
) -> Result<(), Failure> {
    let mut folder = args.data_dir.as_ref().or(table.data_dir.as_ref());
    if let Some(path) = folder {
        match rustix::fs::statvfs(path) {
            Ok(disk) => checks.push(room(path, disk.f_bavail.saturating_mul(disk.f_frsize))),
            Err(error) => {
                let found = format!("cannot read {}: {error}", path.display());
                let advice = "name the folder that levada serve has, as the user that it runs as";
                checks.push(Check::bad("data", found, advice));
                folder = None;
            }
        }
    }
    let elsewhere = args.database.clone().or_else(|| table.database.clone());
    let elsewhere = elsewhere.map(Database::try_from).transpose();
    let elsewhere = elsewhere.map_err(|error| Failure::new(exit::USAGE, error))?;
    let inside = folder.map(|folder| Database::Sqlite(folder.join("registry.db")));
    if let Some(database) = elsewhere.or(inside) {
        checks.push(kept(&database)?);
    }
    Ok(())
}

/// How the database is.
fn kept(database: &Database) -> Result<Check, Failure> {
    let name = match database {
        Database::Sqlite(path) if !path.exists() => {
            let found = format!("there is no {}", path.display());
            let advice = "start 'levada serve', which makes it; or name the one that the registry is on \
                          with --database";
            return Ok(Check::bad("database", found, advice));
        }
        Database::Sqlite(path) => path.display().to_string(),
        Database::Postgres(_) => "the PostgreSQL database".to_owned(),
    };
    let examined = runtime::new()?.block_on(examine(database));
    Ok(match (examined, database) {
        (Ok(found), _) => judged(&name, &found),
        (Err(reason), Database::Sqlite(_)) => {
            let advice = "look as the user that levada serve runs as; if the file is damaged, restore \
                          the last backup";
            Check::bad("database", format!("{name}: {reason}"), advice)
        }
        (Err(reason), Database::Postgres(_)) => {
            let advice = "mend what it says; 'psql' with the same address shows the way there";
            Check::bad("database", reason, advice)
        }
    })
}

fn judged(name: &str, Examination { steps, steps_known, damage }: &Examination) -> Check {
    if !damage.is_empty() {
        let said = format!("{name} is damaged: {}", damage.join("; "));
        let advice = "stop the server, keep a copy of the folder, and restore the last backup; what \
                      'levada export' still reads can be imported elsewhere";
        return Check::bad("database", said, advice);
    }
    if steps > steps_known {
        let said = format!("{name} was written by a newer levada");
        return Check::bad("database", said, "use that one, or a newer one still");
    }
    if steps < steps_known {
        let missing = steps_known - steps;
        let said = format!("{name} is sound; {missing} migrations are still to come");
        let advice = "start 'levada serve' of this version, which takes them";
        return Check::bad("database", said, advice);
    }
    Check::good("database", format!("{name} is sound and up to date"))
}

fn room(folder: &Path, free: u64) -> Check {
    let gib = free / (1 << 30);
    let found = format!("{gib} GiB are free for {}", folder.display());
    if free >= FREE_BYTES_MIN {
        return Check::good("data", found);
    }
    let mib = free / (1 << 20);
    let found = format!("only {mib} MiB are free for {}", folder.display());
    let advice = "make room, or let topics keep less: retention.ms, retention.bytes";
    Check::bad("data", found, advice)
}
