//! Schema files in a `.tar.gz`, as `git archive` and build systems make them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use tar::Archive;

use crate::error::CheckFailure;
use crate::layout::Layout;
use crate::tree::{Content, Tree, join};

/// Most bytes that are unpacked, however small the file is.
const BYTES_MAX: u64 = 4 << 30;

/// The files of interest in the archive at `path`.
pub fn load(path: &Path, layout: &Layout, bytes_max: usize) -> Result<Tree, CheckFailure> {
    read(path, layout, bytes_max)
        .map_err(|source| CheckFailure::Unreadable { path: path.display().to_string(), source })
}

fn read(path: &Path, layout: &Layout, bytes_max: usize) -> io::Result<Tree> {
    let mut tree = Tree::default();
    let mut archive = Archive::new(GzDecoder::new(File::open(path)?).take(BYTES_MAX));
    for entry in archive.entries()? {
        let entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        // A name that is no text is none that a setting or a reference could say.
        let name = entry.path()?.to_str().and_then(|name| join("", name));
        let Some(name) = name.filter(|name| layout.is_of_interest(name)) else { continue };
        let mut bytes = Vec::new();
        let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        entry.take(most).read_to_end(&mut bytes)?;
        tree.files.insert(name, Content::of(bytes, bytes_max));
    }
    Ok(tree)
}
