//! The lock that keeps a second process away from a database.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::storage::error::OpenError;

/// The lock of a database's file; dropped, it is free.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock of the database at `path`, whose directory is created when it is missing.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let unusable = |source| OpenError::Directory { path: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(unusable)?;
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(PathBuf::from(name))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}

impl Drop for Lock {
    /// Closing the file would not be enough: the lock lives as long as any copy of it, and a child
    /// process has one until it runs its own program.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the lock of the database is kept until this process ends");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_lock_is_free_at_once_while_programs_are_started_that_inherit_its_file() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("registry.db");
        std::thread::scope(|scope| {
            let starting = scope.spawn(|| {
                (0..300).for_each(|_| assert!(Command::new("true").status().unwrap().success()));
            });
            while !starting.is_finished() {
                drop(Lock::take(&path).unwrap());
            }
        });
    }
}
