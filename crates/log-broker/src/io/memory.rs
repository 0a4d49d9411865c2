//! A disk in memory, for brokers whose data may end with them.
//!
//! All of it is durable as long as the process lives, so syncs have nothing to do.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;

use super::disk::{Dir, DirLock, Disk, DiskFile, Space};

/// What a disk says that has no size of its own: memory ends where the system says so.
const UNLIMITED: Space = Space { free: i64::MAX.cast_unsigned(), total: i64::MAX.cast_unsigned() };

#[derive(Debug, Default)]
pub struct MemoryDisk {
    names: RwLock<Names>,
    is_locked: Arc<AtomicBool>,
}

/// Every path there is; its parents are all among the directories.
#[derive(Debug, Default)]
struct Names {
    dirs: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Arc<MemoryFile>>,
}

#[derive(Debug, Default)]
struct MemoryFile(RwLock<Vec<u8>>);

#[derive(Debug)]
struct MemoryLock(Arc<AtomicBool>);

impl DirLock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Names {
    fn is_dir(&self, path: &Path) -> bool {
        path.as_os_str().is_empty() || self.dirs.contains(path)
    }

    fn parent_of(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(parent) if self.is_dir(parent) => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Takes out the path and all below it, each without `path` in front.
    fn take_all(&mut self, path: &Path) -> (BTreeSet<PathBuf>, BTreeMap<PathBuf, Arc<MemoryFile>>) {
        let rest = |found: &Path| found.strip_prefix(path).map(Path::to_owned);
        let dirs = self.dirs.extract_if(.., |found| found.starts_with(path));
        let dirs = dirs.filter_map(|found| rest(&found).ok()).collect();
        let files = self.files.extract_if(.., |found, _| found.starts_with(path));
        (dirs, files.filter_map(|(found, file)| Some((rest(&found).ok()?, file))).collect())
    }
}

impl Disk for MemoryDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut names = self.names.write();
        if dir.ancestors().any(|path| names.files.contains_key(path)) {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        names.dirs.extend(dir.ancestors().map(Path::to_owned));
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let names = self.names.read();
        if !names.is_dir(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let paths = names.dirs.iter().chain(names.files.keys());
        let inside = paths.filter(|path| path.parent() == Some(dir)).filter_map(|p| p.file_name());
        let mut found: Vec<_> = inside.map(|name| name.to_string_lossy().into_owned()).collect();
        found.sort_unstable();
        Ok(found)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.names.read().is_dir(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let names = self.names.read();
        let file = names.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::<MemoryFile>::clone(file))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut names = self.names.write();
        if names.is_dir(path) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        names.parent_of(path)?;
        let file = Arc::clone(names.files.entry(path.to_owned()).or_default());
        file.truncate(0)?;
        Ok(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut names = self.names.write();
        names.parent_of(to)?;
        if let Some(file) = names.files.remove(from) {
            names.files.insert(to.to_owned(), file);
            return Ok(());
        }
        if !names.is_dir(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let (dirs, files) = names.take_all(from);
        // Joining nothing would leave a slash behind.
        let at = |rest: PathBuf| {
            if rest.as_os_str().is_empty() { to.to_owned() } else { to.join(rest) }
        };
        names.dirs.extend(dirs.into_iter().map(at));
        names.files.extend(files.into_iter().map(|(rest, file)| (at(rest), file)));
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let removed = self.names.write().files.remove(path);
        removed.map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut names = self.names.write();
        if !names.is_dir(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        names.take_all(path);
        Ok(())
    }

    fn open_dir(&self, _dir: &Path) -> io::Result<Box<dyn Dir>> {
        Ok(Box::new(MemoryDir))
    }

    fn lock(&self, _path: &Path) -> io::Result<Box<dyn DirLock>> {
        if self.is_locked.swap(true, Ordering::AcqRel) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(MemoryLock(Arc::clone(&self.is_locked))))
    }

    fn space(&self, _path: &Path) -> io::Result<Space> {
        Ok(UNLIMITED)
    }
}

/// Nothing of it outlives the process.
#[derive(Debug)]
struct MemoryDir;

impl Dir for MemoryDir {
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for MemoryFile {
    fn write_at(&self, position: u64, parts: [&[u8]; 2]) -> io::Result<()> {
        let mut start = usize::try_from(position).map_err(io::Error::other)?;
        let mut bytes = self.0.write();
        // Writing nothing makes no file longer.
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            if bytes.len() < start {
                bytes.resize(start, 0);
            }
            let (over, new) = part.split_at(part.len().min(bytes.len() - start));
            bytes[start..start + over.len()].copy_from_slice(over);
            bytes.extend_from_slice(new);
            start += part.len();
        }
        Ok(())
    }

    fn read_at(&self, position: u64, len: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let bytes = self.0.read();
        let start = usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
        let end = start.saturating_add(len).min(bytes.len());
        out.extend_from_slice(&bytes[start..end]);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        u64::try_from(self.0.read().len()).map_err(io::Error::other)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.write().resize(usize::try_from(len).map_err(io::Error::other)?, 0);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::io::{RealDisk, read_file};

    #[derive(Debug, Clone)]
    enum Step {
        CreateDir(String),
        Create(String),
        Write(String, u64, Vec<u8>),
        Truncate(String, u64),
        Rename(String, String),
        RemoveFile(String),
        RemoveDirAll(String),
    }

    fn path() -> impl Strategy<Value = String> {
        proptest::sample::select(vec!["a", "b", "a/b", "a/c", "ab", "a/b/c"]).prop_map(String::from)
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            path().prop_map(Step::CreateDir),
            path().prop_map(Step::Create),
            (path(), 0_u64..20, proptest::collection::vec(any::<u8>(), 0..20))
                .prop_map(|(path, at, bytes)| Step::Write(path, at, bytes)),
            (path(), 0_u64..20).prop_map(|(path, len)| Step::Truncate(path, len)),
            (path(), path())
                .prop_filter("what contains the other", |(from, to)| {
                    !Path::new(to).starts_with(from) && !Path::new(from).starts_with(to)
                })
                .prop_map(|(from, to)| Step::Rename(from, to)),
            path().prop_map(Step::RemoveFile),
            path().prop_map(Step::RemoveDirAll),
        ]
    }

    fn take(disk: &dyn Disk, root: &Path, step: &Step) -> Option<()> {
        let at = |path: &String| root.join(path);
        let done = match step {
            // A file in the way is no case of the log's; the real disk finds out only later.
            Step::CreateDir(path) if disk.open(&at(path)).is_ok() => Ok(()),
            Step::CreateDir(path) => disk.create_dir(&at(path)),
            Step::Create(path) => disk.create(&at(path)).map(drop),
            Step::Write(path, position, bytes) => {
                let (first, second) = bytes.split_at(bytes.len() / 2);
                disk.open(&at(path)).and_then(|file| file.write_at(*position, [first, second]))
            }
            Step::Truncate(path, len) => disk.open(&at(path)).and_then(|file| file.truncate(*len)),
            // Only onto a free name or over a file, as the log does.
            Step::Rename(_, to) if disk.is_dir(&at(to)) => Ok(()),
            Step::Rename(from, to) if disk.is_dir(&at(from)) && disk.open(&at(to)).is_ok() => {
                Ok(())
            }
            Step::Rename(from, to) => disk.rename(&at(from), &at(to)),
            Step::RemoveFile(path) => disk.remove_file(&at(path)),
            Step::RemoveDirAll(path) if !disk.is_dir(&at(path)) => Ok(()),
            Step::RemoveDirAll(path) => disk.remove_dir_all(&at(path)),
        };
        done.ok()
    }

    /// Every directory with its names, every file with its bytes.
    fn content(disk: &dyn Disk, dir: &Path, root: &Path, into: &mut Vec<(PathBuf, Vec<u8>)>) {
        for name in disk.list(dir).unwrap() {
            let path = dir.join(name);
            let shown = path.strip_prefix(root).unwrap().to_owned();
            if disk.is_dir(&path) {
                into.push((shown, Vec::new()));
                content(disk, &path, root, into);
            } else {
                into.push((shown, read_file(disk, &path).unwrap()));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn it_holds_what_a_real_disk_holds(steps in proptest::collection::vec(step(), 0..40)) {
            let directory = tempfile::tempdir().unwrap();
            let (real, memory, root) = (RealDisk, MemoryDisk::default(), directory.path());
            memory.create_dir(root).unwrap();
            for step in &steps {
                prop_assert_eq!(take(&memory, root, step), take(&real, root, step), "{:?}", step);
                let (mut found, mut expected) = (Vec::new(), Vec::new());
                content(&memory, root, root, &mut found);
                content(&real, root, root, &mut expected);
                prop_assert_eq!(found, expected, "after {:?}", step);
            }
        }
    }

    #[test]
    fn the_lock_is_free_again_when_its_holder_is_gone() {
        let disk = MemoryDisk::default();
        let held = disk.lock(Path::new("l")).unwrap();
        assert_eq!(disk.lock(Path::new("l")).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(held);
        assert!(disk.lock(Path::new("l")).is_ok());
    }
}
