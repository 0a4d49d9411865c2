//! What the broker asks of a file system.
//!
//! Nothing is durable before `sync` of the file and, for names, of its directory.

use std::fmt::Debug;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::Arc;

/// A file system. Paths are absolute or relative to the process, as the caller chose.
pub trait Disk: Debug + Send + Sync + 'static {
    /// Creates the directory and its parents, durably; an existing one is fine.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Names in the directory, sorted.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    fn is_dir(&self, path: &Path) -> bool;

    /// Opens for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Creates an empty file, emptying one that exists.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove_file(&self, path: &Path) -> io::Result<()>;

    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;

    /// To be opened before the change that it syncs: once names have changed, a process that can
    /// open no further file could not say whether they stay so.
    fn open_dir(&self, dir: &Path) -> io::Result<Box<dyn Dir>>;

    /// Makes what has happened in `dir` durable, where it may also fail to.
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.open_dir(dir)?.sync()
    }

    /// Takes the lock file exclusively; `WouldBlock` when somebody else holds it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn DirLock>>;

    fn space(&self, path: &Path) -> io::Result<Space>;
}

/// An open directory.
pub trait Dir: Debug + Send + Sync {
    /// Makes creations, renames and removals in it durable.
    fn sync(&self) -> io::Result<()>;
}

/// Held as long as it lives.
pub trait DirLock: Debug + Send + Sync {}

/// Bytes of the file system that holds a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    pub free: u64,
    pub total: u64,
}

/// An open file, addressed by position only: readers and the writer share it.
pub trait DiskFile: Debug + Send + Sync {
    /// Writes all parts one after another. After an error any prefix may have been written.
    fn write_at(&self, position: u64, parts: [&[u8]; 2]) -> io::Result<()>;

    /// Appends up to `len` bytes to `out`; fewer only where the file ends.
    fn read_at(&self, position: u64, len: usize, out: &mut Vec<u8>) -> io::Result<()>;

    fn len(&self) -> io::Result<u64>;

    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Makes content and length durable.
    fn sync(&self) -> io::Result<()>;

    /// Where the operating system itself can send from the file to a socket.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// A whole small file.
pub fn read_file(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    let file = disk.open(path)?;
    let len = usize::try_from(file.len()?).map_err(io::Error::other)?;
    let mut out = Vec::new();
    file.read_at(0, len, &mut out)?;
    Ok(out)
}

/// Replaces a small file so that a crash leaves the old or the new content, and the new one once
/// this returns. The temporary name ends in `.tmp`.
pub fn replace_file(disk: &dyn Disk, path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let temporary = Path::new(&name);
    let dir = disk.open_dir(path.parent().unwrap_or(Path::new(".")))?;
    let file = disk.create(temporary)?;
    file.write_at(0, [content, &[]])?;
    // Content before name: a rename that outlives the power cut must not show an empty file.
    file.sync()?;
    disk.rename(temporary, path)?;
    dir.sync()
}
