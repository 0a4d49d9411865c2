//! Appending, reading, flushing, waiting; opening and deleting.

use super::*;
use levada_kafka_wire::record_batch::BatchBuilder;

use crate::io::{Disk, Fault, MemoryDisk, RealDisk, Space};

#[tokio::test]
async fn flushed_records_are_read_back_across_segments() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    let values: Vec<String> = (0..40).map(|at| format!("value-{at}")).collect();
    for value in &values {
        let appended = append(&log, &[value]);
        log.flushed(appended.last_offset).await.unwrap();
    }
    assert!(exists(&bench, &Bench::partition_file("00000000000000000000.index")));
    let expected: Vec<_> = (0..).zip(values).collect();
    for from in 0..40_usize {
        assert_eq!(read_from(&log, i64::try_from(from).unwrap()), expected[from..]);
    }
}

#[tokio::test]
async fn nothing_is_readable_before_it_is_synced() {
    let bench = Bench::new();
    let (dir, log) = bench.start();
    append(&log, &["a"]);
    log.flushed(0).await.unwrap();
    drop(dir);
    // Without a flusher nothing is synced any more.
    let appended = log.append(&batch(&["b"]), AppendOrigin::Client);
    assert!(matches!(appended, Err(AppendError::Storage(LogError::Closed))));
}

#[test]
fn unsynced_records_lie_above_the_high_watermark() {
    let bench = Bench::new();
    let (dir, log) = bench.start();
    bench.disk.set_fault(Some(Fault::SyncFailsAt(u64::MAX)));
    let turn = log.flush_turn.lock();
    append(&log, &["a"]);
    let bounds = log.bounds();
    assert_eq!((bounds.high_watermark, bounds.log_end_offset), (0, 1));
    assert_eq!(all(&log), []);
    drop(turn);
    log.flush().unwrap();
    assert_eq!(all(&log), numbered(&["a"]));
    drop(dir);
}

#[tokio::test]
async fn policy_os_reads_and_acknowledges_without_a_sync() {
    let mut bench = Bench::new();
    bench.config.flush = FlushPolicy::Os;
    let (_dir, log) = bench.start();
    let _no_sync = log.flush_turn.lock();
    append(&log, &["a"]);
    assert_eq!(log.bounds().high_watermark, 1);
    assert_eq!(all(&log), numbered(&["a"]));
}

#[tokio::test]
async fn long_poll_wakes_when_records_become_readable_and_when_the_partition_goes() {
    let bench = Bench::new();
    let (dir, log) = bench.start();
    let waiter = Arc::new(Waiter::new());
    log.register(&waiter);
    append(&log, &["a"]);
    waiter.notified().await;
    assert_eq!(all(&log), numbered(&["a"]));
    log.register(&waiter);
    dir.delete(TOPIC, 0).unwrap();
    waiter.notified().await;
    assert!(matches!(log.read(0, ReadBound::HighWatermark, 100, true), Err(ReadError::Deleted)));
}

#[test]
fn ended_polls_do_not_pile_up() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    for _ in 0..1000 {
        log.register(&Arc::new(Waiter::new()));
    }
    assert!(log.waiters.lock().len() <= 64);
}

#[test]
fn hostile_batches_are_refused_and_leave_nothing() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    let refuse = |bytes: &[u8]| log.append(bytes, AppendOrigin::Client).unwrap_err();
    let patched = |at: usize, bytes: &[u8]| patched(batch(&["x", "y"]), at, bytes);
    assert!(matches!(refuse(&[]), AppendError::InvalidRecord(_)));
    assert!(matches!(refuse(&batch(&["x"]).repeat(2)), AppendError::InvalidRecord(_)));
    assert!(matches!(refuse(&batch(&["x"])[..65]), AppendError::InvalidRecord(_)));
    assert!(matches!(refuse(&batch(&["x"])[..60]), AppendError::Corrupt(_)));
    for magic in [0, 1] {
        assert!(matches!(refuse(&patched(16, &[magic])), AppendError::InvalidRecord(_)));
    }
    assert!(matches!(refuse(&patched(16, &[3])), AppendError::Corrupt(_)));
    for length in [-1, 0, i32::MIN] {
        assert!(matches!(refuse(&patched(8, &length.to_be_bytes())), AppendError::Corrupt(_)));
    }
    for count in [-1, 0, 1, 3, i32::MAX, i32::MIN] {
        let refused = refuse(&patched(57, &count.to_be_bytes()));
        assert!(matches!(refused, AppendError::InvalidRecord(_)), "{count}");
    }
    assert!(matches!(refuse(&patched(21, &[0, 0x20])), AppendError::InvalidRecord(_)));
    assert!(matches!(refuse(&patched(21, &[0, 7])), AppendError::InvalidRecord(_)));
    assert!(matches!(refuse(&patched(43, &[0; 8])), AppendError::InvalidRecord(_)));
    let late = batch_at(NOW_MS + 3_600_001, &["x"]);
    assert!(matches!(refuse(&late), AppendError::TimestampOutOfRange { .. }));
    let large = batch(&["x".repeat(600).as_str()]);
    assert!(matches!(refuse(&large), AppendError::LargerThanSegment { .. }));
    log.set_config(LogConfig { max_message_bytes: 70, ..bench.config.clone() });
    assert!(matches!(refuse(&batch(&["long enough"])), AppendError::TooLarge { .. }));
    assert_eq!((log.bounds().log_end_offset, log.size_bytes()), (0, 0));
}

#[tokio::test]
async fn log_append_time_replaces_the_clients_time() {
    let mut bench = Bench::new();
    bench.config.timestamp_type = TimestampType::LogAppendTime;
    let (_dir, log) = bench.start();
    let appended = log.append(&batch_at(5, &["a"]), AppendOrigin::Client).unwrap();
    assert_eq!(appended.log_append_time, Some(NOW_MS));
    log.flushed(0).await.unwrap();
    let found = log.offset_for_timestamp(6).unwrap();
    let expected = TimestampedOffset { offset: 0, timestamp: NOW_MS, leader_epoch: 0 };
    assert_eq!(found, Some(expected));
    assert_eq!(all(&log), numbered(&["a"]), "the checksum was made anew");
}

#[test]
fn records_are_found_by_time_to_the_record() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    // Each batch holds two times; batches go up and down in time.
    let times: Vec<i64> = (0..30).map(|at| 1000 + (at * 37) % 200).collect();
    for pair in times.chunks(2) {
        let built = BatchBuilder::new()
            .record(pair[0], None, Some(b"v"))
            .record(pair[1], None, Some(b"v"))
            .build()
            .unwrap();
        log.append(&built, AppendOrigin::Client).unwrap();
    }
    log.flush().unwrap();
    for wanted in 990..1210 {
        let expected = times.iter().position(|time| *time >= wanted);
        let found = log.offset_for_timestamp(wanted).unwrap();
        let found = found.map(|found| (usize::try_from(found.offset).unwrap(), found.timestamp));
        assert_eq!(found, expected.map(|at| (at, times[at])), "time {wanted}");
    }
    let newest = log.max_timestamp().unwrap().unwrap();
    assert_eq!(Some(&newest.timestamp), times.iter().max());
}

#[tokio::test]
async fn a_failed_sync_is_final_for_the_directory() {
    let bench = Bench::new();
    let (dir, log) = bench.start();
    let other = dir.create("other", 0, Uuid::new_v4(), bench.config.clone()).unwrap();
    append(&log, &["a"]);
    log.flushed(0).await.unwrap();
    let write = bench.disk.operations();
    bench.disk.set_fault(Some(Fault::SyncFailsAt(write + 1)));
    append(&log, &["b"]);
    assert!(matches!(log.flushed(1).await, Err(LogError::Offline { .. })));
    bench.disk.set_fault(None);
    for log in [&log, &other] {
        let refused = log.append(&batch(&["c"]), AppendOrigin::Client);
        assert!(matches!(refused, Err(AppendError::Storage(LogError::Offline { .. }))));
    }
    assert!(dir.maintain().is_err() && dir.close().is_err());
    assert_eq!(all(&log), numbered(&["a"]), "what was durable stays readable");
}

#[test]
fn a_failed_sync_of_a_new_segment_is_final_too() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    let half = "x".repeat(400);
    append(&log, &[&half]);
    log.flush().unwrap();
    // The segment is full: the next append creates a file and syncs it.
    bench.disk.set_fault(Some(Fault::SyncFailsAt(bench.disk.operations() + 1)));
    for _ in 0..2 {
        let refused = log.append(&batch(&[&half]), AppendOrigin::Client);
        assert!(matches!(refused, Err(AppendError::Storage(LogError::Offline { .. }))));
        bench.disk.set_fault(None);
    }
}

#[test]
fn a_full_disk_refuses_and_recovers_when_space_returns() {
    let bench = Bench::new();
    let (dir, log) = bench.start();
    append(&log, &["a"]);
    log.flush().unwrap();
    bench.disk.set_fault(Some(Fault::FullFrom(0)));
    let refused = log.append(&batch(&["b"]), AppendOrigin::Client);
    assert!(matches!(refused, Err(AppendError::Storage(_))));
    bench.disk.set_fault(None);
    bench.disk.set_space(Space { free: 1 << 20, total: 1 << 40 });
    dir.maintain().unwrap();
    let refused = log.append(&batch(&["b"]), AppendOrigin::Client);
    assert!(matches!(refused, Err(AppendError::Storage(LogError::DiskFull))));
    bench.disk.set_space(Space { free: 1 << 39, total: 1 << 40 });
    dir.maintain().unwrap();
    append(&log, &["c"]);
    log.flush().unwrap();
    assert_eq!(all(&log), numbered(&["a", "c"]));
}

#[test]
fn a_stop_of_many_partitions_leaves_each_of_them_for_a_clean_start() {
    let (disk, bench) = (Arc::new(MemoryDisk::default()), Bench::new());
    let open = || {
        let (disk, clock) = (disk.clone(), bench.clock.clone());
        LogDir::open_on(disk, &Bench::path(), clock, LogOptions::default()).unwrap()
    };
    let dir = open();
    for index in 0..250 {
        let log = dir.create(TOPIC, index, Uuid::new_v4(), bench.config.clone()).unwrap();
        append(&log, &["a"]);
    }
    dir.close().unwrap();
    drop(dir);
    let left = |log: Arc<PartitionLog>| {
        let stored_end = log.core.lock().stored_end;
        (stored_end, all(&log))
    };
    let found: Vec<_> = open().partitions().into_iter().map(left).collect();
    assert_eq!(found, vec![(Some(1), numbered(&["a"])); 250]);
}

#[test]
fn a_stop_writes_nothing_for_partitions_that_were_only_read() {
    let operations_of_stop = |bench: &Bench, dir: LogDir| {
        let before = bench.disk.operations();
        dir.close().unwrap();
        bench.disk.operations() - before
    };
    let empty = Bench::new();
    let of_nothing = operations_of_stop(&empty, empty.open().unwrap());

    let bench = Bench::new();
    let (dir, log) = bench.start();
    append(&log, &["a"]);
    let of_change = operations_of_stop(&bench, dir);
    let (dir, log) = bench.start();
    assert_eq!(all(&log), numbered(&["a"]));
    assert_eq!(operations_of_stop(&bench, dir), of_nothing);

    let (dir, log) = bench.start();
    append(&log, &["b"]);
    assert_eq!(operations_of_stop(&bench, dir), of_change);
    assert_eq!(all(&bench.start().1), numbered(&["a", "b"]));
}

#[test]
fn a_directory_belongs_to_one_process() {
    let bench = Bench::new();
    let (dir, _log) = bench.start();
    assert!(matches!(bench.open(), Err(LogError::Locked { .. })));
    drop(dir);
    assert!(bench.open().is_ok());

    let temp = tempfile::tempdir().unwrap();
    let open = || LogDir::open(temp.path(), bench.clock.clone(), LogOptions::default());
    let held = open().unwrap();
    assert!(matches!(open(), Err(LogError::Locked { .. })));
    drop(held);
    open().unwrap();
}

#[test]
fn a_newer_format_is_refused() {
    let bench = Bench::new();
    bench.start();
    let file = bench.disk.create(&Bench::path().join("meta.properties")).unwrap();
    file.write_at(0, [b"version=2\ncluster.id=x\n", b""]).unwrap();
    assert!(matches!(bench.open(), Err(LogError::NewerFormat { found: 2, .. })));
}

#[test]
fn foreign_files_are_left_alone() {
    let bench = Bench::new();
    bench.start();
    let foreign = [Bench::path().join("README"), Bench::partition_file("notes.txt")];
    for path in &foreign {
        bench.disk.create(path).unwrap();
    }
    let (_dir, log) = bench.start();
    append(&log, &["a"]);
    assert!(foreign.iter().all(|path| exists(&bench, path)));
}

#[tokio::test]
async fn the_real_disk_keeps_records_over_clean_and_abrupt_stops() {
    let temp = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(NOW_MS));
    let config = LogConfig { segment_bytes: 600, ..LogConfig::default() };
    let options = LogOptions { default_config: config.clone(), ..LogOptions::default() };
    let open = || LogDir::open(temp.path(), clock.clone(), options.clone()).unwrap();
    let id = Uuid::new_v4();
    let (cluster_id, mut expected) = {
        let dir = open();
        dir.create(TOPIC, 3, id, config.clone()).unwrap();
        (dir.cluster_id(), Vec::new())
    };
    for round in 0..6 {
        let dir = open();
        assert_eq!(dir.cluster_id(), cluster_id);
        let log = dir.partition(TOPIC, 3).unwrap();
        assert_eq!((log.topic_id(), all(&log)), (id, expected.clone()));
        for at in 0..5 {
            let value = format!("round-{round}-{at}");
            let appended = append(&log, &[&value]);
            log.flushed(appended.last_offset).await.unwrap();
            expected.push((appended.base_offset, value));
        }
        if round % 2 == 0 {
            dir.close().unwrap();
        }
    }
    assert!(RealDisk.list(&temp.path().join("orders-3")).unwrap().len() > 4);
}

#[test]
fn deleted_partitions_stay_deleted_and_may_be_made_again() {
    let bench = Bench::new();
    let (dir, log) = bench.start();
    append(&log, &["old"]);
    log.flush().unwrap();
    dir.maintain().unwrap();
    dir.delete(TOPIC, 0).unwrap();
    assert!(matches!(log.append(&batch(&["x"]), AppendOrigin::Client), Err(AppendError::Deleted)));
    assert!(matches!(dir.delete(TOPIC, 0), Err(LogError::UnknownPartition { .. })));
    let old = log;
    let log = dir.create(TOPIC, 0, Uuid::new_v4(), bench.config.clone()).unwrap();
    assert_eq!(log.bounds().log_end_offset, 0);
    let again = dir.create(TOPIC, 0, Uuid::new_v4(), bench.config.clone());
    assert!(matches!(again, Err(LogError::PartitionExists { .. })));
    assert!(matches!(old.delete_records(1), Err(ReadError::Deleted)));
    assert!(matches!(old.flush(), Err(LogError::Deleted)));
    dir.maintain().unwrap();
    assert_eq!(log.bounds().log_start_offset, 0);
    let evil = dir.create("../evil", 0, Uuid::new_v4(), bench.config.clone());
    assert!(matches!(evil, Err(LogError::InvalidTopicName { .. })));
}

#[tokio::test]
async fn many_partitions_and_waiters_are_all_answered() {
    let bench = Bench::new();
    let (dir, _log) = bench.start();
    let mut tasks = Vec::new();
    for index in 1..9 {
        let log = dir.create(TOPIC, index, Uuid::new_v4(), bench.config.clone()).unwrap();
        for _ in 0..4 {
            let log = log.clone();
            tasks.push(tokio::spawn(async move {
                for _ in 0..25 {
                    let appended = append(&log, &["v"]);
                    log.flushed(appended.last_offset).await.unwrap();
                    assert!(log.bounds().high_watermark > appended.last_offset);
                }
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    for log in dir.partitions().iter().skip(1) {
        assert_eq!(all(log).len(), 100);
    }
}

#[tokio::test]
async fn waiters_end_with_the_directory() {
    let bench = Bench::new();
    let (dir, log) = bench.start();
    let turn = log.flush_turn.lock();
    append(&log, &["a"]);
    log.shared.flusher.stop();
    let waiting = log.flushed(0);
    drop(turn);
    // The flush under way may still succeed; hanging is what must not happen.
    match waiting.await {
        Ok(()) => assert_eq!(log.bounds().high_watermark, 1),
        Err(error) => assert!(matches!(error, LogError::Closed), "{error}"),
    }
    drop(dir);
}

#[test]
fn committed_readers_stop_at_open_transactions_and_learn_of_aborted_ones() {
    use levada_kafka_wire::record_batch::{ControlType, EndTxnMarker};
    let bench = Bench::new();
    let (dir, log) = bench.start();
    append(&log, &["before"]);
    let open = BatchBuilder::new().producer(5, 0, 0).transactional();
    log.append(&build(open, NOW_MS, &["undecided"]), AppendOrigin::Client).unwrap();
    append(&log, &["after"]);
    log.flush().unwrap();
    let committed = |log: &PartitionLog| {
        records_of(&log.read(0, ReadBound::LastStable, 1000, true).unwrap().records).len()
    };
    assert_eq!((committed(&log), log.bounds().last_stable_offset), (1, 1));
    let marker = EndTxnMarker { control_type: ControlType::Abort, coordinator_epoch: 0 };
    let marker = marker.to_batch(NOW_MS, 5, 0).unwrap();
    log.append(&marker, AppendOrigin::Coordinator).unwrap();
    log.flush().unwrap();
    let aborted = [AbortedTransaction { producer_id: 5, first_offset: 1 }];
    assert_eq!(log.bounds().last_stable_offset, 4);
    let told = |log: &PartitionLog| log.read(0, ReadBound::LastStable, 1000, true).unwrap().aborted;
    assert_eq!(told(&log).unwrap(), aborted);
    drop(dir);
    let (_dir, log) = bench.start();
    assert_eq!(log.bounds().last_stable_offset, 4);
    assert_eq!(told(&log).unwrap(), aborted, "rebuilt from the log");
}
