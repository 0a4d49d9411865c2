//! `PostgreSQL`'s own programs, run as a user whom they take.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs do not run as root; Debian's package brings this user for them.
const UNPRIVILEGED: &str = "postgres";

/// The folder of the programs, and the user and group to run them as, unless we can ourselves.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    user: Option<(u32, u32)>,
}

impl Programs {
    pub(crate) fn find() -> Self {
        let is_root = fs::metadata("/proc/self").is_ok_and(|us| us.uid() == 0);
        Self { folder: folder(), user: is_root.then(unprivileged_user) }
    }

    /// A command of the right user; he also needs a working folder that he can enter.
    pub(crate) fn command(&self, program: &str) -> Command {
        self.as_user(&self.folder.join(program))
    }

    pub(crate) fn as_user(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    /// Gives a folder to the user of the programs.
    pub(crate) fn give(&self, folder: &Path) {
        if let Some((user, group)) = self.user {
            chown(folder, Some(user), Some(group)).expect("root can give a folder away");
        }
    }
}

/// From `PATH`, or the newest version where Debian puts them.
fn folder() -> PathBuf {
    let has_programs = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "psql"].iter().all(|program| folder.join(program).is_file())
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    versions.sort_by_key(|folder| (folder.as_os_str().len(), folder.clone()));
    folders.extend(versions.into_iter().rev());
    folders.into_iter().find(has_programs).unwrap_or_else(|| {
        panic!(
            "PostgreSQL's programs initdb, pg_ctl and psql are neither on PATH nor under \
             /usr/lib/postgresql; install it (Debian: apt-get install postgresql)"
        )
    })
}

fn unprivileged_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let ids = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(UNPRIVILEGED)).then_some(())?;
        let ids: Vec<u32> = fields.skip(1).take(2).filter_map(|id| id.parse().ok()).collect();
        <[u32; 2]>::try_from(ids).ok()
    });
    let [user, group] = ids.unwrap_or_else(|| {
        panic!("PostgreSQL does not run as root, and there is no user {UNPRIVILEGED} to run it as")
    });
    (user, group)
}
