//! Whether a data folder is sound: its database, and the room that is left.

use std::path::Path;

use levada_registry_server::examine;

use super::Check;

/// Less room than this, in bytes, is soon none.
const FREE_BYTES_MIN: u64 = 1 << 30;

pub(super) fn look(folder: &Path, checks: &mut Vec<Check>) {
    match rustix::fs::statvfs(folder) {
        Ok(disk) => checks.push(room(folder, disk.f_bavail.saturating_mul(disk.f_frsize))),
        Err(error) => {
            let found = format!("cannot read {}: {error}", folder.display());
            let advice = "name the folder that levada serve has, as the user that it runs as";
            return checks.push(Check::bad("data", found, advice));
        }
    }
    let path = folder.join("registry.db");
    if !path.exists() {
        let found = format!("there is no {}; the registry may be on PostgreSQL", path.display());
        return checks.push(Check::good("database", found));
    }
    checks.push(match examine(&path) {
        Err(reason) => {
            let advice = "look as the user that levada serve runs as; if the file is damaged, restore \
                          the last backup";
            Check::bad("database", format!("{}: {reason}", path.display()), advice)
        }
        Ok(found) if !found.damage.is_empty() => {
            let said = format!("{} is damaged: {}", path.display(), found.damage.join("; "));
            let advice = "stop the server, keep a copy of the folder, and restore the last backup; what \
                          'levada export' still reads can be imported elsewhere";
            Check::bad("database", said, advice)
        }
        Ok(found) if found.steps > found.steps_known => {
            let said = format!("{} was written by a newer levada", path.display());
            Check::bad("database", said, "use that one, or a newer one still")
        }
        Ok(found) if found.steps < found.steps_known => {
            let missing = found.steps_known - found.steps;
            let said = format!("{} is sound; {missing} migrations are still to come", path.display());
            Check::bad("database", said, "start 'levada serve' of this version, which takes them")
        }
        Ok(_) => Check::good("database", format!("{} is sound and up to date", path.display())),
    });
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
