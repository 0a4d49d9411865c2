//! Deleting from the front, and rolling by time.

use super::*;

fn segments(log: &PartitionLog) -> Vec<i64> {
    let core = log.core.lock();
    let sealed = core.sealed.iter().map(|sealed| sealed.segment.base_offset);
    sealed.chain([core.active.segment.base_offset]).collect()
}

#[test]
fn old_segments_go_by_age_and_the_last_record_too() {
    let mut bench = Bench::new();
    bench.config.retention_ms = Some(10_000);
    let (dir, log) = bench.start();
    for at in 0..20 {
        let time = NOW_MS + at * 1000;
        bench.clock.set(time);
        log.append(&batch_at(time, &["some value"]), AppendOrigin::Client).unwrap();
    }
    dir.maintain().unwrap();
    let start = log.bounds().log_start_offset;
    let bases = segments(&log);
    assert_eq!(bases.first(), Some(&start));
    // A segment stays as long as its newest record is within the retention.
    assert!((3..=9).contains(&start), "{start}");
    bench.clock.advance(11_000);
    dir.maintain().unwrap();
    assert_eq!(segments(&log), [20]);
    assert_eq!((log.bounds().log_start_offset, all(&log)), (20, Vec::new()));
    drop(dir);
    let (_dir, log) = bench.start();
    assert_eq!((log.bounds().log_start_offset, log.bounds().log_end_offset), (20, 20));
}

#[test]
fn old_segments_go_by_size() {
    let mut bench = Bench::new();
    bench.config.retention_bytes = Some(1000);
    let (dir, log) = bench.start();
    for _ in 0..40 {
        append(&log, &["some value"]);
    }
    dir.maintain().unwrap();
    let size = log.size_bytes();
    assert!((1000..1600).contains(&size), "{size}");
    let first = all(&log)[0].0;
    assert_eq!(first, log.bounds().log_start_offset);
}

#[test]
fn idle_segments_roll_when_they_are_old() {
    let mut bench = Bench::new();
    bench.config.segment_ms = 5000;
    let (dir, log) = bench.start();
    append(&log, &["a"]);
    bench.clock.advance(4999);
    dir.maintain().unwrap();
    assert_eq!(segments(&log), [0]);
    bench.clock.advance(1);
    dir.maintain().unwrap();
    dir.maintain().unwrap();
    assert_eq!(segments(&log), [0, 1]);
}

#[test]
fn segments_roll_earlier_by_their_share_of_the_jitter() {
    let mut bench = Bench::new();
    bench.config.segment_ms = 5000;
    bench.config.segment_jitter_ms = 1000;
    let (dir, log) = bench.start();
    log.core.lock().active.dice = 7_300;
    append(&log, &["a"]);
    bench.clock.advance(4699);
    dir.maintain().unwrap();
    assert_eq!(segments(&log), [0]);
    bench.clock.advance(1);
    dir.maintain().unwrap();
    assert_eq!(segments(&log), [0, 1]);
}

#[test]
fn deleted_records_stay_deleted_after_a_crash() {
    let bench = Bench::new();
    let (dir, log) = bench.start();
    for at in 0..20 {
        append(&log, &[&format!("value-{at}")]);
    }
    log.flush().unwrap();
    assert_eq!(log.delete_records(13).unwrap(), 13);
    assert_eq!(log.delete_records(5).unwrap(), 13, "the log start never goes back");
    assert!(matches!(log.delete_records(21), Err(ReadError::OffsetOutOfRange { .. })));
    let read = log.read(12, ReadBound::HighWatermark, 100, true);
    assert!(matches!(read, Err(ReadError::OffsetOutOfRange { offset: 12, .. })));
    let crashed = Bench::on(bench.disk.crash(0));
    drop(dir);
    let (_dir, log) = crashed.start();
    assert_eq!(log.bounds().log_start_offset, 13);
    let offsets: Vec<_> = all(&log).into_iter().map(|(offset, _)| offset).collect();
    assert_eq!(offsets, (13..20).collect::<Vec<_>>());
    assert_eq!(log.delete_records(-1).unwrap(), 20);
}
