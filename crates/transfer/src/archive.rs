//! The archive: a registry in a text file, one JSON object a line.
//!
//! ```text
//! {"type":"header","format":"levada-archive","version":1,"source":"http://…","created":1764176400}
//! {"type":"kek","name":"payments","kmsType":"aws-kms","kmsKeyId":"arn:…","kmsProps":{},…}
//! {"type":"dek","kekName":"payments","subject":"cards-value","algorithm":"AES256_GCM","version":1,…}
//! {"type":"version","subject":"orders-value","version":1,"id":7,"guid":"…","schema":"…","deleted":false,…}
//! {"type":"config","scope":"orders-value","config":{"compatibilityLevel":"FULL"}}
//! {"type":"mode","scope":":.test:","mode":"READONLY"}
//! {"type":"trailer","keks":1,"deks":1,"versions":1,"configs":1,"modes":1}
//! ```
//!
//! * The header is the first line. `version` counts up when an older reader would misunderstand the
//!   file; `created` is in seconds since the epoch, `clusterId` there where the source has one.
//! * Records come in the order kek, dek, version, config, mode. A version stands behind every one
//!   that it references. Their members are those of the REST API: [`KekRecord`](crate::KekRecord),
//!   [`DekRecord`](crate::DekRecord), [`VersionRecord`](crate::VersionRecord),
//!   [`ConfigRecord`](crate::ConfigRecord), [`ModeRecord`](crate::ModeRecord).
//! * The trailer is the last line and says how many records there are, so that a cut file shows.
//!
//! A reader refuses what it does not know, types and members alike: to skip it would lose it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::record::{Counts, Key};
use crate::source::Outlet;
use crate::{Record, TransferError};

/// The name of the format in the header.
pub const FORMAT: &str = "levada-archive";
/// Its version.
pub const FORMAT_VERSION: u32 = 1;
/// Longest line that is read.
const LINE_BYTES_MAX: u64 = 32 << 20;

/// The first line of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArchiveHeader {
    pub format: String,
    pub version: u32,
    /// The URL of the source, without credentials.
    pub source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// When it was begun, in seconds since the epoch.
    pub created: u64,
}

/// The lines that are no records.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Frame {
    Header(ArchiveHeader),
    Trailer(Counts),
}

/// What a line says that is neither.
#[derive(Deserialize)]
struct Tag {
    #[serde(rename = "type")]
    tag: String,
}

/// Writes an archive, line by line.
pub(crate) struct ArchiveWriter<W> {
    out: W,
    counts: Counts,
}

impl<W: Write> ArchiveWriter<W> {
    pub(crate) fn begin(out: W, header: ArchiveHeader) -> Result<Self, TransferError> {
        let mut writer = Self { out, counts: Counts::default() };
        writer.line(&Frame::Header(header))?;
        Ok(writer)
    }

    pub(crate) fn write(&mut self, record: &Record) -> Result<(), TransferError> {
        self.counts.count(&record.key());
        self.line(record)
    }

    /// Writes the trailer; without it the archive counts as cut.
    pub(crate) fn end(mut self) -> Result<Counts, TransferError> {
        self.line(&Frame::Trailer(self.counts))?;
        self.out.flush().map_err(TransferError::Unwritable)?;
        Ok(self.counts)
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), TransferError> {
        let mut text =
            serde_json::to_vec(line).map_err(io::Error::from).map_err(TransferError::Unwritable)?;
        text.push(b'\n');
        self.out.write_all(&text).map_err(TransferError::Unwritable)
    }
}

/// An archive in a file, found to be whole.
#[derive(Clone, Debug)]
pub struct Archive {
    path: PathBuf,
    counts: Counts,
}

impl Archive {
    /// Reads the whole file once, so that nothing is begun with one that is cut or damaged.
    pub(crate) fn open(path: &Path) -> Result<Self, TransferError> {
        let mut lines = Lines::open(path)?;
        while lines.next()?.is_some() {}
        Ok(Self { path: path.to_owned(), counts: lines.counts })
    }

    /// Hands out every record.
    pub(crate) async fn read(&self, outlet: &Outlet) -> Result<(), TransferError> {
        outlet.observer.begin(self.counts.total());
        let mut lines = Lines::open(&self.path)?;
        while let Some(record) = lines.next()? {
            outlet.send(record).await?;
            outlet.observer.advance();
        }
        Ok(())
    }
}

/// Hands out every record of the archive at `path`; that it is whole shows at the end alone.
pub fn each_record(path: &Path, mut each: impl FnMut(Record)) -> Result<(), TransferError> {
    let mut lines = Lines::open(path)?;
    while let Some(record) = lines.next()? {
        each(record);
    }
    Ok(())
}

/// The records of a file, checked on the way.
struct Lines<'a> {
    path: &'a Path,
    file: BufReader<File>,
    /// The number of the line that was read last.
    number: u64,
    counts: Counts,
    /// The kind of the last record.
    stage: u8,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self, TransferError> {
        let unreadable = |source| TransferError::Unreadable { path: path.to_owned(), source };
        let file = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut lines = Self { path, file, number: 0, counts: Counts::default(), stage: 0 };
        let first = lines.text()?;
        let header = serde_json::from_slice(&first.unwrap_or_default());
        let Ok(Frame::Header(header)) = header else {
            return Err(lines.invalid("this is no archive of levada export: it has no header"));
        };
        if header.format != FORMAT || header.version > FORMAT_VERSION {
            let ArchiveHeader { format, version, .. } = header;
            return Err(lines.invalid(format!(
                "the format is {format} version {version}, and this levada reads {FORMAT} up to \
                 version {FORMAT_VERSION}; use a newer one"
            )));
        }
        Ok(lines)
    }

    /// The next record; none behind the trailer, which must be right and last.
    fn next(&mut self) -> Result<Option<Record>, TransferError> {
        let Some(text) = self.text()? else {
            return Err(self.invalid("the archive is cut: it has no trailer; export it again"));
        };
        let tag: Tag = self.parse(&text)?;
        if tag.tag == "trailer" {
            let counts: Counts = match self.parse(&text)? {
                Frame::Trailer(counts) => counts,
                Frame::Header(_) => return Err(self.invalid("a header that is not the first line")),
            };
            return self.end(counts).map(|()| None);
        }
        let record: Record = self.parse(&text)?;
        let key = record.key();
        let stage = stage(&key);
        if stage < self.stage {
            return Err(self.invalid(format!(
                "{key} is out of order: KEKs, DEKs, versions, configs and modes come in this order"
            )));
        }
        self.stage = stage;
        self.counts.count(&key);
        Ok(Some(record))
    }

    fn end(&mut self, told: Counts) -> Result<(), TransferError> {
        let found = self.counts;
        if told != found {
            return Err(self.invalid(format!(
                "the archive is damaged: the trailer counts {told}; there are {found}"
            )));
        }
        match self.text()? {
            None => Ok(()),
            Some(_) => Err(self.invalid("there is something behind the trailer")),
        }
    }

    fn parse<T: for<'de> Deserialize<'de>>(&self, text: &[u8]) -> Result<T, TransferError> {
        serde_json::from_slice(text).map_err(|error| {
            self.invalid(format!(
                "{error}; this levada reads {FORMAT} version {FORMAT_VERSION}: \
                 use a newer one if the file comes from there"
            ))
        })
    }

    /// The next line, if there is one.
    fn text(&mut self) -> Result<Option<Vec<u8>>, TransferError> {
        let mut line = Vec::new();
        let mut limited = (&mut self.file).take(LINE_BYTES_MAX + 1);
        let read = limited.read_until(b'\n', &mut line);
        read.map_err(|source| TransferError::Unreadable { path: self.path.to_owned(), source })?;
        self.number += 1;
        if line.len() as u64 > LINE_BYTES_MAX {
            return Err(self.invalid(format!("the line is longer than {LINE_BYTES_MAX} bytes")));
        }
        Ok((!line.is_empty()).then_some(line))
    }

    fn invalid(&self, reason: impl Into<String>) -> TransferError {
        let (path, line) = (self.path.to_owned(), self.number);
        TransferError::InvalidArchive { path, line, reason: reason.into() }
    }
}

/// Where in the order of the archive a record belongs.
fn stage(key: &Key) -> u8 {
    match key {
        Key::Kek(_) => 0,
        Key::Dek { .. } => 1,
        Key::Version { .. } => 2,
        Key::Config(_) => 3,
        Key::Mode(_) => 4,
    }
}
