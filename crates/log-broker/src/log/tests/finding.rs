//! Batches that are found on a real disk against the same ones read.

use std::iter;

use bytes::Bytes;

use super::*;
use crate::io::RealDisk;

const SIZES: [usize; 6] = [50, 8_000, 8_300, 100, 20_000, 300];

/// A log of one segment on a real disk.
fn log(dir: &Path) -> (LogDir, Arc<PartitionLog>) {
    let clock = Arc::new(ManualClock::at(NOW_MS));
    let dir = LogDir::open_on(Arc::new(RealDisk), dir, clock, LogOptions::default()).unwrap();
    let log = dir.create(TOPIC, 0, Uuid::new_v4(), LogConfig::default()).unwrap();
    (dir, log)
}

fn fill(log: &Arc<PartitionLog>, sizes: impl Iterator<Item = usize>) {
    for size in sizes {
        append(log, &["y", &"x".repeat(size)]);
    }
    log.flush().unwrap();
}

fn bytes_of(records: Option<FoundRecords>) -> Vec<u8> {
    match records {
        None => Vec::new(),
        Some(FoundRecords::Read(bytes)) => bytes.to_vec(),
        Some(FoundRecords::Stored(FileRange { file, position, len })) => {
            let mut bytes = Vec::new();
            file.read_at(position, len, &mut bytes).unwrap();
            bytes
        }
    }
}

#[test]
fn records_keep_no_more_memory_than_twice_themselves() {
    let temp = tempfile::tempdir().unwrap();
    let (_dir, log) = log(temp.path());
    fill(&log, std::iter::repeat_n(100, 1_000));
    // One batch of a probe, what a probe holds, and the first of many that were read together: the
    // transaction behind it is open.
    let open = BatchBuilder::new().producer(5, 0, 0).transactional();
    let open = open.record(0, None, Some(b"undecided")).build().unwrap();
    log.append(&open, AppendOrigin::Client).unwrap();
    fill(&log, std::iter::repeat_n(100, 1_000));
    log.flush().unwrap();
    let before_open = log.bounds().last_stable_offset - 1;
    for (from, max_bytes) in [(0, 1), (0, 1_000), (0, 16_000), (0, 60_000), (before_open, 1 << 20)]
    {
        let read = log.read(from, ReadBound::LastStable, max_bytes, true).unwrap().records;
        let bytes = read.len();
        let held = Vec::from(read).capacity();
        assert!(held <= 2 * bytes, "{held} bytes for {bytes}");
    }
}

#[test]
fn found_batches_are_those_that_would_be_read() {
    let temp = tempfile::tempdir().unwrap();
    let (_dir, log) = log(temp.path());
    fill(&log, SIZES.into_iter().cycle().take(40));
    let mut stored = 0;
    for from in 0..=log.bounds().log_end_offset {
        for max_bytes in [0, 60, 8_100, 9_000, 30_000, 70_000, 1 << 20] {
            for whole in [false, true] {
                let bound = ReadBound::HighWatermark;
                let read = log.read(from, bound, max_bytes, whole).unwrap();
                let found = log.find(from, bound, max_bytes, whole).unwrap();
                stored += usize::from(matches!(found.records, Some(FoundRecords::Stored(_))));
                let ReadRecords { records, volume, next_offset, bounds, aborted } = found;
                let records = Bytes::from(bytes_of(records));
                let found = ReadRecords { records, volume, next_offset, bounds, aborted };
                assert_eq!(found, read, "from {from}, {max_bytes} bytes, whole {whole}");
                assert_eq!(read.volume, Volume::of(&read.records));
            }
        }
    }
    assert!(stored > 200, "{stored} finds did not read");
}

#[test]
fn as_many_batches_are_found_at_once_as_have_their_headers_read() {
    let temp = tempfile::tempdir().unwrap();
    let (_dir, log) = log(temp.path());
    fill(&log, iter::once(9_000).chain(iter::repeat_n(10, 99)));
    let found = log.find(0, ReadBound::HighWatermark, 1 << 20, true).unwrap();
    assert_eq!((found.volume.batches, found.next_offset), (64, 128));
    assert_eq!(Volume::of(&bytes_of(found.records)), found.volume);
}

#[test]
fn a_found_range_can_be_read_after_its_partition_was_deleted() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, log) = log(temp.path());
    fill(&log, iter::once(20_000));
    let read = log.read(0, ReadBound::HighWatermark, 1 << 20, true).unwrap();
    let found = log.find(0, ReadBound::HighWatermark, 1 << 20, true).unwrap();
    dir.delete(TOPIC, 0).unwrap();
    assert!(matches!(found.records, Some(FoundRecords::Stored(_))));
    assert_eq!(bytes_of(found.records), read.records);
}
