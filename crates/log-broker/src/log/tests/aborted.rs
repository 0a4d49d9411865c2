//! What committed readers are told of aborted transactions while compaction and deletion go on.

use std::io;

use levada_kafka_wire::record_batch::ControlType;
use parking_lot::Mutex;

use super::compaction_bench::*;
use super::segment::Segment;
use super::*;
use crate::io::DiskFile;

/// A file during whose first read something else happens.
struct Meanwhile {
    file: Arc<dyn DiskFile>,
    work: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.file.fmt(f)
    }
}

impl DiskFile for Meanwhile {
    fn write_at(&self, position: u64, parts: [&[u8]; 2]) -> io::Result<()> {
        self.file.write_at(position, parts)
    }

    fn read_at(&self, position: u64, len: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let work = self.work.lock().take();
        if let Some(work) = work {
            work();
        }
        self.file.read_at(position, len, out)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}

/// Does `work` when the first segment is next read.
fn meanwhile(log: &PartitionLog, work: impl FnOnce() + Send + 'static) {
    let mut core = log.core.lock();
    let old = core.sealed[0].segment.clone();
    let (file, work) = (old.file.clone(), Mutex::new(Some(Box::new(work) as Box<_>)));
    let file = Arc::new(Meanwhile { file, work });
    core.sealed[0].segment = Arc::new(Segment { base_offset: old.base_offset, file });
}

#[test]
fn records_that_go_while_they_are_read_come_with_their_aborted_transaction() {
    let compact = |dir: &LogDir, _: &PartitionLog| clean(dir);
    let delete = |_: &LogDir, log: &PartitionLog| _ = log.delete_records(-1).unwrap();
    for remove in [compact as fn(&LogDir, &PartitionLog), delete] {
        let (dir, log) = compacted(SimDisk::new()).start();
        put_in_txn(&log, 11, 0, &[pair("a", "rolled back")]);
        end_txn(&log, 11, ControlType::Abort);
        seal(&log);
        put(&log, &[pair("a", "after")]);
        log.flush().unwrap();
        let (dir, own) = (Arc::new(dir), log.clone());
        let before = log.read(0, ReadBound::LastStable, 10_000, true).unwrap();
        meanwhile(&log, move || remove(&dir, &own));
        let read = log.read(0, ReadBound::LastStable, 10_000, true).unwrap();
        assert_eq!(log.core.lock().producers.all_aborted(), []);
        assert_eq!((&read.records, read.next_offset), (&before.records, 2));
        let aborted = vec![AbortedTransaction { producer_id: 11, first_offset: 0 }];
        assert_eq!(read.aborted, Some(aborted));
    }
}

#[test]
fn an_aborted_transaction_that_is_gone_does_not_come_back_with_an_old_snapshot() {
    let mut bench = compacted(SimDisk::new());
    bench.config.segment_bytes = 4_000;
    // One key a pass.
    bench.map_bytes = 0;
    let (dir, log) = bench.start();
    put_in_txn(&log, 11, 0, &[pair("a", "rolled back")]);
    let marker = end_txn(&log, 11, ControlType::Abort);
    for key in ["b", "c", "d", "e"] {
        put(&log, &[pair(key, "1")]);
        seal(&log);
    }
    log.flush().unwrap();
    // From here on there is no snapshot.
    clean(&dir);
    assert_eq!(log.core.lock().producers.all_aborted(), [], "its records are gone");
    for sequence in 1..7 {
        put_in_txn(&log, 11, sequence, &[pair("f", &format!("{sequence}"))]);
    }
    end_txn(&log, 11, ControlType::Commit);
    clean(&dir);
    bench.clock.advance(DELETE_RETENTION_MS);
    clean(&dir);
    let markers = |log: &PartitionLog| {
        let all = seen(log, ReadBound::HighWatermark).into_iter();
        all.filter(|seen| seen.marker.is_some()).map(|seen| seen.offset).collect::<Vec<_>>()
    };
    assert!(!markers(&log).contains(&marker), "its marker, too");
    let before = committed(&log);
    assert_eq!(before.last().map(|last| last.key.as_str()), Some("f"));
    drop((dir, log));
    let (_dir, log) = bench.start();
    assert_eq!(committed(&log), before);
}
