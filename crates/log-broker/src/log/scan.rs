//! Walking the batches of a segment file, in large reads.

use std::io;

use levada_kafka_wire::record_batch::{BatchError, BatchHeader, HEADER_BYTES};

use crate::io::DiskFile;

const CHUNK_BYTES: usize = 1 << 20;

/// The most that a batch may unfold to while its records are walked.
pub(super) const UNFOLDED_BYTES_MAX: usize = 64 << 20;

/// A cursor over whole batches from a position.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    file: &'a dyn DiskFile,
    position: u64,
    end: u64,
    buffer: Vec<u8>,
    /// What of the buffer was handed out.
    used: usize,
}

/// A batch at its place; the bytes are there only when they were asked for.
#[derive(Debug)]
pub(super) struct Scanned<'a> {
    pub(super) position: u64,
    pub(super) header: BatchHeader,
    pub(super) bytes: &'a [u8],
}

/// Why a scan cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScanError {
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<'a> Scan<'a> {
    /// Batches in `position..end` of the file.
    pub(super) fn new(file: &'a dyn DiskFile, position: u64, end: u64) -> Self {
        Self { file, position, end, buffer: Vec::new(), used: 0 }
    }

    /// Where the next batch begins; after an error, where the bad bytes begin.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next header; the bytes of the batch are skipped. `None` at the end.
    pub(super) fn next_header(&mut self) -> Result<Option<Scanned<'_>>, ScanError> {
        let Some(header) = self.peek()? else { return Ok(None) };
        let position = self.advance(header.total_bytes)?;
        Ok(Some(Scanned { position, header, bytes: &[] }))
    }

    /// The next batch with its bytes; the checksum is not compared.
    pub(super) fn next_batch(&mut self) -> Result<Option<Scanned<'_>>, ScanError> {
        let Some(header) = self.peek()? else { return Ok(None) };
        self.fill(header.total_bytes)?;
        let start = self.used;
        let have = self.buffer.len() - start;
        if have < header.total_bytes {
            return Err(BatchError::Extent { claimed: header.total_bytes, have }.into());
        }
        let position = self.advance(header.total_bytes)?;
        let bytes = &self.buffer[start..start + header.total_bytes];
        Ok(Some(Scanned { position, header, bytes }))
    }

    /// Reads the header at the position and checks that the batch ends inside the file, so that a
    /// hostile length sizes no allocation.
    fn peek(&mut self) -> Result<Option<BatchHeader>, ScanError> {
        let left = self.end.saturating_sub(self.position);
        if left == 0 {
            return Ok(None);
        }
        self.fill(HEADER_BYTES)?;
        let header = BatchHeader::parse(&self.buffer[self.used..])?;
        let have = usize::try_from(left).unwrap_or(usize::MAX);
        if header.total_bytes > have {
            return Err(BatchError::Extent { claimed: header.total_bytes, have }.into());
        }
        Ok(Some(header))
    }

    /// Makes `wanted` bytes from the position on present, as far as the file has them.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        if self.buffer.len() - self.used >= wanted {
            return Ok(());
        }
        self.buffer.drain(..self.used);
        self.used = 0;
        let have = self.buffer.len();
        let at = self.position + u64::try_from(have).map_err(io::Error::other)?;
        let left = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX);
        let len = (wanted - have).max(CHUNK_BYTES).min(left);
        self.file.read_at(at, len, &mut self.buffer)
    }

    fn advance(&mut self, bytes: usize) -> io::Result<u64> {
        let position = self.position;
        self.position += u64::try_from(bytes).map_err(io::Error::other)?;
        // Past the buffer's end nothing of it is left to hand out.
        self.used = (self.used + bytes).min(self.buffer.len());
        Ok(position)
    }
}
