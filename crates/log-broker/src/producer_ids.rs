//! Producer ids: never given out twice, not even across a crash.
//!
//! Ids come in blocks. A block's end is durable before its first id is given out, so a crash skips
//! the rest of a block and repeats nothing.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::io::{RealDisk, replace_file};

const BLOCK: i64 = 1_000;
const FILE_NAME: &str = "next-producer-id";

#[derive(Debug)]
pub(crate) struct ProducerIds {
    file: PathBuf,
    block: Mutex<Block>,
}

/// `next..end` may be given out.
#[derive(Debug)]
struct Block {
    next: i64,
    end: i64,
}

impl ProducerIds {
    /// Blocks.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let file = directory.join(FILE_NAME);
        let next = match fs::read_to_string(&file) {
            Ok(text) => text.trim().parse().map_err(|_| {
                io::Error::new(ErrorKind::InvalidData, format!("'{}' is no number", text.trim()))
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(Self { file, block: Mutex::new(Block { next, end: next }) })
    }

    pub(crate) async fn next(self: &Arc<Self>) -> io::Result<i64> {
        if let Some(id) = self.block.lock().take() {
            return Ok(id);
        }
        let ids = Arc::clone(self);
        let refilled = tokio::task::spawn_blocking(move || ids.refill_and_take());
        refilled.await.map_err(io::Error::other)?
    }

    fn refill_and_take(&self) -> io::Result<i64> {
        let mut block = self.block.lock();
        // Another caller may have filled it while this one waited.
        if let Some(id) = block.take() {
            return Ok(id);
        }
        let end = block.end.checked_add(BLOCK).ok_or(ErrorKind::StorageFull)?;
        replace_file(&RealDisk, &self.file, format!("{end}\n").as_bytes())?;
        *block = Block { next: block.end + 1, end };
        Ok(block.next - 1)
    }
}

impl Block {
    fn take(&mut self) -> Option<i64> {
        let id = self.next;
        (id < self.end).then(|| {
            self.next += 1;
            id
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ids_are_dense_within_a_run_and_never_repeat_after_a_crash() {
        let directory = tempfile::tempdir().unwrap();
        let mut seen = Vec::new();
        for _ in 0..2 {
            let ids = Arc::new(ProducerIds::open(directory.path()).unwrap());
            for _ in 0..1_001 {
                seen.push(ids.next().await.unwrap());
            }
        }
        let expected: Vec<i64> = (0..=1_000).chain(2_000..=3_000).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn file_that_is_no_number_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FILE_NAME), "many").unwrap();
        let error = ProducerIds::open(directory.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}
