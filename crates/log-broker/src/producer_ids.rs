//! Producer ids: never given out twice, not even across a crash.
//!
//! Ids come in blocks. A block's end is durable before its first id is given out, so a crash skips
//! the rest of a block and repeats nothing.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::io::{Disk, read_file, replace_file};

const BLOCK: i64 = 1_000;
const FILE_NAME: &str = "next-producer-id";

#[derive(Debug)]
pub(crate) struct ProducerIds {
    disk: Arc<dyn Disk>,
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
    pub(crate) fn open(disk: Arc<dyn Disk>, directory: &Path) -> io::Result<Self> {
        let file = directory.join(FILE_NAME);
        let next = match read_file(&*disk, &file) {
            Ok(text) => parse(&text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(Self { disk, file, block: Mutex::new(Block { next, end: next }) })
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
        replace_file(&*self.disk, &self.file, format!("{end}\n").as_bytes())?;
        *block = Block { next: block.end + 1, end };
        Ok(block.next - 1)
    }
}

fn parse(text: &[u8]) -> io::Result<i64> {
    let text = String::from_utf8_lossy(text);
    let wrong = || format!("'{}' is no number", text.trim());
    text.trim().parse().map_err(|_| io::Error::new(ErrorKind::InvalidData, wrong()))
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
    use crate::io::MemoryDisk;

    #[tokio::test]
    async fn ids_are_dense_within_a_run_and_never_repeat_after_a_crash() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
        let mut seen = Vec::new();
        for _ in 0..2 {
            let ids = Arc::new(ProducerIds::open(Arc::clone(&disk), Path::new("")).unwrap());
            for _ in 0..1_001 {
                seen.push(ids.next().await.unwrap());
            }
        }
        let expected: Vec<i64> = (0..=1_000).chain(2_000..=3_000).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn file_that_is_no_number_is_refused() {
        let disk = MemoryDisk::default();
        replace_file(&disk, Path::new(FILE_NAME), b"many").unwrap();
        let error = ProducerIds::open(Arc::new(disk), Path::new("")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}
