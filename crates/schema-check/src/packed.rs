//! Schema files in a `.tar.gz` or a `.zip`, as `git archive` and build systems make them.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use tar::{Archive, EntryType, PaxExtensions};
use zip::ZipArchive;

use crate::error::CheckFailure;
use crate::layout::Layout;
use crate::tree::{Content, Tree, join};

/// Most bytes that are unpacked on the way to the files of interest, however small the archive is.
const STREAM_BYTES_MAX: u64 = 4 << 30;
/// Most bytes that the files of interest may have together, names included.
const KEPT_BYTES_MAX: usize = 256 << 20;
/// Most bytes of what an archive says about its next entry, such as a long name.
const HEADER_BYTES_MAX: usize = 1 << 20;
/// What a file of interest counts at least: there may be no end of empty ones.
const FILE_BYTES: usize = 512;

/// The files of interest in the archive at `path`.
pub fn load(path: &Path, layout: &Layout, bytes_max: usize) -> Result<Tree, CheckFailure> {
    let is_zip = path.extension().is_some_and(|extension| extension == "zip");
    let mut kept = Kept { tree: Tree::default(), layout, bytes_max, left: KEPT_BYTES_MAX };
    let read = File::open(path)
        .and_then(|file| if is_zip { zipped(file, &mut kept) } else { tarred(file, &mut kept) });
    read.map(|()| kept.tree)
        .map_err(|source| CheckFailure::Unreadable { path: path.display().to_string(), source })
}

/// The files of interest that were found so far.
struct Kept<'l> {
    tree: Tree,
    layout: &'l Layout,
    bytes_max: usize,
    left: usize,
}

impl Kept<'_> {
    /// The path from the root of a file of interest.
    fn name(&self, name: &str) -> Option<String> {
        join("", name).filter(|name| self.layout.is_of_interest(name))
    }

    /// No more of a file than shows that it is too long.
    fn add(&mut self, name: String, entry: impl Read) -> io::Result<()> {
        let bytes = at_most(entry, self.bytes_max)?;
        let length = FILE_BYTES.saturating_add(name.len()).saturating_add(bytes.len());
        self.left = self.left.checked_sub(length).ok_or_else(|| {
            io::Error::other(format!(
                "the schema files in it have more than {KEPT_BYTES_MAX} bytes"
            ))
        })?;
        self.tree.files.insert(name, Content::of(bytes, self.bytes_max));
        Ok(())
    }
}

/// The bytes of an entry, one more than `bytes_max` of a longer one.
fn at_most(entry: impl Read, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    entry.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn tarred(file: File, kept: &mut Kept<'_>) -> io::Result<()> {
    let mut archive = Archive::new(GzDecoder::new(BufReader::new(file)).take(STREAM_BYTES_MAX));
    // The name that an entry of its own says for the next one. The crate would read any length of it.
    let mut said: Option<Vec<u8>> = None;
    for entry in archive.entries()?.raw(true) {
        let entry = entry?;
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                let mut name = header(entry)?;
                name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
                said = Some(name);
            }
            EntryType::XHeader => said = path_of_pax(&header(entry)?)?.or(said),
            EntryType::XGlobalHeader | EntryType::GNULongLink => {}
            kind => {
                let name = said.take().unwrap_or_else(|| entry.path_bytes().into_owned());
                // A name that is no text is none that a setting or a reference could say.
                let name = String::from_utf8(name).ok().and_then(|name| kept.name(&name));
                if let Some(name) = name.filter(|_| kind.is_file()) {
                    kept.add(name, entry)?;
                }
            }
        }
    }
    Ok(())
}

fn header(entry: impl Read) -> io::Result<Vec<u8>> {
    let bytes = at_most(entry, HEADER_BYTES_MAX)?;
    if bytes.len() > HEADER_BYTES_MAX {
        let reason = format!("a name or header in it has more than {HEADER_BYTES_MAX} bytes");
        return Err(io::Error::other(reason));
    }
    Ok(bytes)
}

fn path_of_pax(header: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut path = None;
    for extension in PaxExtensions::new(header) {
        let extension = extension?;
        if extension.key_bytes() == b"path" {
            path = Some(extension.value_bytes().to_vec());
        }
    }
    Ok(path)
}

fn zipped(file: File, kept: &mut Kept<'_>) -> io::Result<()> {
    let mut archive = ZipArchive::new(BufReader::new(file))?;
    for index in 0..archive.len() {
        // What nobody asks for may be encrypted, or packed in a way that is not known here.
        let name = archive.name_for_index(index).and_then(|name| kept.name(name));
        let Some(name) = name else { continue };
        let entry = archive.by_index(index)?;
        if entry.is_file() {
            kept.add(name, entry)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use tar::{Builder, Header};

    use super::*;
    use crate::settings::Project;

    /// An archive of these entries: type, name in the header, content.
    fn packed(entries: &[(EntryType, &str, &[u8])]) -> tempfile::NamedTempFile {
        let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (kind, name, content) in entries {
            let mut header = Header::new_ustar();
            header.set_path(name).unwrap();
            header.set_entry_type(*kind);
            header.set_size(content.len().try_into().unwrap());
            header.set_cksum();
            tar.append(&header, *content).unwrap();
        }
        let mut file = tempfile::Builder::new().suffix(".tar.gz").tempfile().unwrap();
        file.write_all(&tar.into_inner().unwrap().finish().unwrap()).unwrap();
        file
    }

    /// The names of the files that are kept within so many bytes, or why there are none.
    fn names(entries: &[(EntryType, &str, &[u8])], left: usize) -> Result<Vec<String>, String> {
        let file = packed(entries);
        let layout = Layout::new(&Project::default(), Vec::new(), None).unwrap();
        let mut kept = Kept { tree: Tree::default(), layout: &layout, bytes_max: 1_000, left };
        tarred(file.reopen().unwrap(), &mut kept).map_err(|error| error.to_string())?;
        Ok(kept.tree.files.into_keys().collect())
    }

    #[test]
    fn names_of_any_kind_are_read_and_only_files_are_kept() {
        let found = names(
            &[
                (EntryType::XGlobalHeader, "g", b"13 comment=a\n"),
                (EntryType::GNULongName, "l", b"./long/a.avsc\0"),
                (EntryType::GNULongLink, "l", b"x\0"),
                (EntryType::Regular, "cut.avsc", b"{}"),
                (EntryType::XHeader, "x", b"17 path=p/b.avsc\n"),
                (EntryType::Regular, "cut.avsc", b"{}"),
                (EntryType::Regular, "c.avsc", b"{}"),
                (EntryType::Symlink, "link.avsc", b""),
                (EntryType::Regular, "README", b"{}"),
            ],
            KEPT_BYTES_MAX,
        );
        assert_eq!(found.unwrap(), ["c.avsc", "long/a.avsc", "p/b.avsc"]);
    }

    #[test]
    fn long_names_headers_and_files_without_end_are_refused() {
        let long = vec![b'a'; HEADER_BYTES_MAX + 1];
        for kind in [EntryType::GNULongName, EntryType::XHeader] {
            let told = names(&[(kind, "n", &long)], KEPT_BYTES_MAX).unwrap_err();
            assert_eq!(told, "a name or header in it has more than 1048576 bytes");
        }
        let three = ["a.avsc", "b.avsc", "c.avsc"].map(|name| (EntryType::Regular, name, &b""[..]));
        assert_eq!(names(&three, 3 * (FILE_BYTES + 6)).unwrap().len(), 3);
        let told = names(&three, 3 * (FILE_BYTES + 6) - 1).unwrap_err();
        assert_eq!(told, "the schema files in it have more than 268435456 bytes");
    }
}
