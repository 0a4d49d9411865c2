//! Schema files in a `.tar.gz` or a `.zip`, as `git archive` and build systems make them.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use tar::Archive;
use zip::ZipArchive;

use crate::error::CheckFailure;
use crate::layout::Layout;
use crate::tree::{Content, Tree, join};

/// Most bytes that are unpacked, however small the file is.
const BYTES_MAX: u64 = 4 << 30;

/// The files of interest in the archive at `path`.
pub fn load(path: &Path, layout: &Layout, bytes_max: usize) -> Result<Tree, CheckFailure> {
    let is_zip = path.extension().is_some_and(|extension| extension == "zip");
    let read = if is_zip { zipped } else { tarred };
    read(path, layout, bytes_max)
        .map_err(|source| CheckFailure::Unreadable { path: path.display().to_string(), source })
}

fn tarred(path: &Path, layout: &Layout, bytes_max: usize) -> io::Result<Tree> {
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
        let bytes = unpacked(entry, bytes_max)?;
        tree.files.insert(name, Content::of(bytes, bytes_max));
    }
    Ok(tree)
}

fn zipped(path: &Path, layout: &Layout, bytes_max: usize) -> io::Result<Tree> {
    let mut tree = Tree::default();
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
    let mut left = BYTES_MAX;
    for index in 0..archive.len() {
        // What nobody asks for may be encrypted, or packed in a way that is not known here.
        let name = archive.name_for_index(index).and_then(|name| join("", name));
        let Some(name) = name.filter(|name| layout.is_of_interest(name)) else { continue };
        let entry = archive.by_index(index)?;
        if !entry.is_file() {
            continue;
        }
        let bytes = unpacked(entry, bytes_max)?;
        left = u64::try_from(bytes.len())
            .ok()
            .and_then(|length| left.checked_sub(length))
            .ok_or_else(|| io::Error::other("it unpacks to more than 4 GiB"))?;
        tree.files.insert(name, Content::of(bytes, bytes_max));
    }
    Ok(tree)
}

/// No more of a file than shows that it is too long.
fn unpacked(entry: impl Read, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    entry.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
