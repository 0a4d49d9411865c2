//! Schema files as they lie in folders.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::error::CheckFailure;
use crate::layout::{Layout, is_skipped};
use crate::tree::{Content, Tree};

/// Deepest folder that is looked into.
const DEPTH_MAX: usize = 64;

/// The files of interest under `root`.
pub fn load(root: &Path, layout: &Layout, bytes_max: usize) -> Result<Tree, CheckFailure> {
    let mut tree = Tree::default();
    for (folder, is_deep) in layout.folders() {
        let depth = if is_deep { DEPTH_MAX } else { 0 };
        let walk = Walk { root, layout, bytes_max, tree: &mut tree };
        walk.folder(folder, depth)?;
    }
    Ok(tree)
}

struct Walk<'a> {
    root: &'a Path,
    layout: &'a Layout,
    bytes_max: usize,
    tree: &'a mut Tree,
}

impl Walk<'_> {
    fn folder(self, folder: String, depth: usize) -> Result<(), CheckFailure> {
        let mut left = vec![(folder, depth)];
        while let Some((folder, depth)) = left.pop() {
            let at = self.root.join(&folder);
            let entries = match fs::read_dir(&at) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(|error| unreadable(&at, error))?,
            };
            for entry in entries {
                let entry = entry.map_err(|error| unreadable(&at, error))?;
                // A name that is no text is none that a setting or a reference could say.
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path =
                    if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                // A link to a folder may lead round in circles.
                let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                if entry.path().is_dir() {
                    if depth > 0 && !is_skipped(&name) && !is_link {
                        left.push((path, depth - 1));
                    }
                } else if self.layout.is_of_interest(&path) && !self.tree.files.contains_key(&path)
                {
                    let content = read(&entry.path(), self.bytes_max)?;
                    self.tree.files.insert(path, content);
                }
            }
        }
        Ok(())
    }
}

/// The content of one file, which is read no further than a schema text may go.
pub fn read(path: &Path, bytes_max: usize) -> Result<Content, CheckFailure> {
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to know; a device may have no end.
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    file.take(most).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    Ok(Content::of(bytes, bytes_max))
}

fn unreadable(path: &Path, source: io::Error) -> CheckFailure {
    CheckFailure::Unreadable { path: path.display().to_string(), source }
}
