//! A disk in memory that can lose power: what was not synced may survive, vanish or be torn.
//!
//! Files keep their durable bytes and the writes since the last sync; directories keep their
//! durable names and every state since. [`SimDisk::crash`] picks, by a seed, which of these the
//! next start finds. Shared by clones, so a test can hold the disk while the log uses it.

mod content;

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use parking_lot::Mutex;

use content::{Change, Content, Dice};

use super::disk::{Dir, DirLock, Disk, DiskFile, Space};
use crate::seeded::seeded;

type Names = BTreeMap<String, usize>;

/// What goes wrong, counted in operations that change the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This operation and all later ones fail, as for a process that is cut off.
    PowerCutAt(u64),
    /// This one sync of a file fails; all that was unsynced is lost, as Linux may do it.
    SyncFailsAt(u64),
    /// Writes fail from this operation on until the fault is cleared.
    FullFrom(u64),
    /// No directory can be opened until the fault is cleared: a file has taken the last descriptor.
    NoDirOpens,
}

#[derive(Debug, Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    inodes: Vec<Inode>,
    operations: u64,
    fault: Option<Fault>,
    is_locked: bool,
    space: Space,
}

#[derive(Debug)]
enum Inode {
    Dir { current: Names, durable: Names, since: Vec<Names> },
    File(Content),
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: usize,
}

#[derive(Debug)]
struct SimDir {
    disk: SimDisk,
    inode: usize,
}

#[derive(Debug)]
struct SimLock(SimDisk);

impl DirLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.0.0.lock().is_locked = false;
    }
}

impl Default for SimDisk {
    fn default() -> Self {
        Self::with_root(vec![Inode::empty_dir()])
    }
}

impl SimDisk {
    pub fn new() -> Self {
        Self::default()
    }

    fn with_root(inodes: Vec<Inode>) -> Self {
        let space = Space { free: 1 << 40, total: 1 << 41 };
        let state = State { inodes, operations: 0, fault: None, is_locked: false, space };
        Self(Arc::new(Mutex::new(state)))
    }

    pub fn set_fault(&self, fault: Option<Fault>) {
        self.0.lock().fault = fault;
    }

    pub fn set_space(&self, space: Space) {
        self.0.lock().space = space;
    }

    /// Changing operations so far.
    pub fn operations(&self) -> u64 {
        self.0.lock().operations
    }

    /// The disk as a start after a power cut finds it; each seed is one possible outcome. Seed 0
    /// keeps exactly what was synced.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let state = self.0.lock();
        let inodes = state.inodes.iter().map(|inode| inode.after_crash(&mut dice)).collect();
        Self::with_root(inodes)
    }

    /// Changes one stored byte, current and durable alike.
    pub fn corrupt(&self, path: &Path, position: usize, mask: u8) -> io::Result<()> {
        let mut state = self.0.lock();
        let inode = state.find(path)?;
        let content = state.file(inode)?;
        for bytes in [&mut content.current, &mut content.durable] {
            if let Some(byte) = bytes.get_mut(position) {
                *byte ^= mask;
            }
        }
        Ok(())
    }
}

impl Inode {
    fn empty_dir() -> Self {
        Self::Dir { current: Names::new(), durable: Names::new(), since: Vec::new() }
    }

    fn after_crash(&self, dice: &mut Dice) -> Self {
        match self {
            Self::Dir { durable, since, .. } => {
                let names = match dice.below(since.len() + 1) {
                    0 => durable.clone(),
                    taken => since[taken - 1].clone(),
                };
                Self::Dir { current: names.clone(), durable: names, since: Vec::new() }
            }
            Self::File(content) => {
                let bytes = content.after_crash(dice);
                Self::File(Content { current: bytes.clone(), durable: bytes, ..Content::default() })
            }
        }
    }
}

impl State {
    /// Counts a changing operation; says whether it fails.
    fn step(&mut self, is_write: bool) -> io::Result<()> {
        let now = self.operations;
        self.operations += 1;
        match self.fault {
            Some(Fault::PowerCutAt(at)) if now >= at => Err(io::Error::other("power is off")),
            Some(Fault::FullFrom(at)) if now >= at && is_write => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        let mut at = 0;
        for part in names_of(path) {
            let Inode::Dir { current, .. } = &self.inodes[at] else {
                return Err(io::ErrorKind::NotADirectory.into());
            };
            at = *current.get(part).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(at)
    }

    fn file(&mut self, inode: usize) -> io::Result<&mut Content> {
        match &mut self.inodes[inode] {
            Inode::File(content) => Ok(content),
            Inode::Dir { .. } => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    /// Changes the names of the directory that holds `path`.
    fn change_names(&mut self, path: &Path, change: impl FnOnce(&mut Names)) -> io::Result<()> {
        let parent = self.find(path.parent().unwrap_or(Path::new("")))?;
        let Inode::Dir { current, since, .. } = &mut self.inodes[parent] else {
            return Err(io::ErrorKind::NotADirectory.into());
        };
        change(current);
        since.push(current.clone());
        Ok(())
    }

    fn sync_names(&mut self, inode: usize) -> io::Result<()> {
        let Inode::Dir { current, durable, since } = &mut self.inodes[inode] else {
            return Err(io::ErrorKind::NotADirectory.into());
        };
        durable.clone_from(current);
        since.clear();
        Ok(())
    }

    fn add(&mut self, path: &Path, inode: Inode) -> io::Result<usize> {
        let id = self.inodes.len();
        self.inodes.push(inode);
        let name = last_name(path)?;
        self.change_names(path, |names| _ = names.insert(name, id))?;
        Ok(id)
    }
}

fn names_of(path: &Path) -> impl Iterator<Item = &str> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    })
}

fn last_name(path: &Path) -> io::Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    Ok(name.ok_or(io::ErrorKind::InvalidInput)?.to_owned())
}

impl Disk for SimDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step(true)?;
        let mut path = std::path::PathBuf::new();
        for part in names_of(dir) {
            path.push(part);
            if state.find(&path).is_err() {
                state.add(&path, Inode::empty_dir())?;
                let parent = state.find(path.parent().unwrap_or(Path::new("")))?;
                state.sync_names(parent)?;
            }
        }
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.0.lock();
        match &state.inodes[state.find(dir)?] {
            Inode::Dir { current, .. } => Ok(current.keys().cloned().collect()),
            Inode::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn is_dir(&self, path: &Path) -> bool {
        let state = self.0.lock();
        state.find(path).is_ok_and(|inode| matches!(state.inodes[inode], Inode::Dir { .. }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.0.lock();
        let inode = state.find(path)?;
        state.file(inode)?;
        Ok(Arc::new(SimFile { disk: self.clone(), inode }))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.0.lock();
        state.step(true)?;
        let inode = match state.find(path) {
            Ok(inode) => {
                state.file(inode)?.change(Change::Truncate(0));
                inode
            }
            Err(_) => state.add(path, Inode::File(Content::default()))?,
        };
        Ok(Arc::new(SimFile { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step(false)?;
        let inode = state.find(from)?;
        let (old, new) = (last_name(from)?, last_name(to)?);
        if from.parent() != to.parent() {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        // One change of one directory: a rename is seen whole or not at all.
        state.change_names(from, |names| {
            names.remove(&old);
            names.insert(new, inode);
        })
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step(false)?;
        state.find(path)?;
        let name = last_name(path)?;
        state.change_names(path, |names| _ = names.remove(&name))
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.remove_file(path)
    }

    fn open_dir(&self, dir: &Path) -> io::Result<Box<dyn Dir>> {
        let state = self.0.lock();
        if state.fault == Some(Fault::NoDirOpens) {
            return Err(io::Error::other("too many open files"));
        }
        let inode = state.find(dir)?;
        Ok(Box::new(SimDir { disk: self.clone(), inode }))
    }

    fn lock(&self, _path: &Path) -> io::Result<Box<dyn DirLock>> {
        let mut state = self.0.lock();
        if state.is_locked {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.is_locked = true;
        drop(state);
        Ok(Box::new(SimLock(self.clone())))
    }

    fn space(&self, _path: &Path) -> io::Result<Space> {
        Ok(self.0.lock().space)
    }
}

impl Dir for SimDir {
    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        state.step(false)?;
        seeded!(DirectoryNotSynced => return Ok(()));
        state.sync_names(self.inode)
    }
}

impl DiskFile for SimFile {
    fn write_at(&self, position: u64, parts: [&[u8]; 2]) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        let outcome = state.step(true);
        let position = usize::try_from(position).map_err(io::Error::other)?;
        let mut bytes = parts.concat();
        if outcome.is_err() {
            // A failed write may have written a part; half of it is the telling case.
            bytes.truncate(bytes.len() / 2);
        }
        state.file(self.inode)?.change(Change::Write { position, bytes });
        outcome
    }

    fn read_at(&self, position: u64, len: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        let content = state.file(self.inode)?;
        let start = usize::try_from(position).unwrap_or(usize::MAX).min(content.current.len());
        let end = start.saturating_add(len).min(content.current.len());
        out.extend_from_slice(&content.current[start..end]);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        let mut state = self.disk.0.lock();
        u64::try_from(state.file(self.inode)?.current.len()).map_err(io::Error::other)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        state.step(false)?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        state.file(self.inode)?.change(Change::Truncate(len));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        state.step(false)?;
        seeded!(SyncSkipped => return Ok(()));
        let now = state.operations - 1;
        let fails = state.fault == Some(Fault::SyncFailsAt(now));
        let content = state.file(self.inode)?;
        content.since.clear();
        if fails {
            content.is_lost = true;
            return Err(io::Error::other("sync failed"));
        }
        if !content.is_lost {
            content.durable.clone_from(&content.current);
        }
        Ok(())
    }
}
