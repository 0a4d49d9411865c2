//! The operating system's file system.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice};
#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::buffer::spare_capacity;
use rustix::fs::{FlockOperation, fdatasync, flock, statvfs};
use rustix::io::{pread, pwritev};

use super::disk::{Dir, DirLock, Disk, DiskFile, Space};

/// One write call, which ends where a multiple of this does. The page cache takes a page for each
/// call as large as the call (ext4 since Linux 6.16): larger ones it has to make room for first.
const WRITE_BYTES: usize = 256 << 10;

#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

#[derive(Debug)]
struct RealFile(File);

#[derive(Debug)]
struct RealDir(File);

#[derive(Debug)]
struct FileLock(File);

impl DirLock for FileLock {}

impl Drop for FileLock {
    /// Closing the file would not be enough: the lock lives as long as any copy of it, and a child
    /// process has one until it runs its own program.
    fn drop(&mut self) {
        if let Err(error) = flock(&self.0, FlockOperation::Unlock) {
            tracing::warn!(%error, "the lock of the data directory is kept until this process ends");
        }
    }
}

impl Disk for RealDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        if dir.as_os_str().is_empty() || dir.is_dir() {
            return Ok(());
        }
        let parent = dir.parent().unwrap_or(Path::new(""));
        self.create_dir(parent)?;
        match fs::create_dir(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => self.sync_dir(parent),
        }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn open_dir(&self, dir: &Path) -> io::Result<Box<dyn Dir>> {
        let is_here = dir.as_os_str().is_empty();
        Ok(Box::new(RealDir(File::open(if is_here { Path::new(".") } else { dir })?)))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn DirLock>> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Box::new(FileLock(file)))
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        let stat = statvfs(path)?;
        Ok(Space {
            free: stat.f_bavail.saturating_mul(stat.f_frsize),
            total: stat.f_blocks.saturating_mul(stat.f_frsize),
        })
    }
}

impl Dir for RealDir {
    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl DiskFile for RealFile {
    fn write_at(&self, mut position: u64, parts: [&[u8]; 2]) -> io::Result<()> {
        let [mut head, mut tail] = parts;
        while !(head.is_empty() && tail.is_empty()) {
            let room = WRITE_BYTES - usize::try_from(position % WRITE_BYTES as u64).unwrap_or(0);
            let (first, _) = head.split_at(room.min(head.len()));
            let (second, _) = tail.split_at((room - first.len()).min(tail.len()));
            match pwritev(&self.0, &[IoSlice::new(first), IoSlice::new(second)], position) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    position += u64::try_from(written).map_err(io::Error::other)?;
                    (_, head) = head.split_at(written.min(first.len()));
                    (_, tail) = tail.split_at(written.saturating_sub(first.len()));
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn read_at(&self, mut position: u64, len: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let end = out.len() + len;
        while out.len() < end {
            out.reserve_exact(end - out.len());
            match pread(&self.0, spare_capacity(out), position) {
                Ok(0) => break,
                Ok(read) => position += u64::try_from(read).map_err(io::Error::other)?,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        out.truncate(end);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(fdatasync(&self.0)?)
    }

    #[cfg(target_os = "linux")]
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
}
