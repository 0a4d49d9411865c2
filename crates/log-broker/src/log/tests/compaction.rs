//! Compaction: what goes, what stays, and for how long.

use levada_kafka_wire::compression::Codec;
use levada_kafka_wire::record_batch::{
    BatchBuilder, BatchHeader, CRC_START, ControlType, EndTxnMarker, HEADER_BYTES, crc32c,
};

use super::compaction_bench::*;
use super::*;
use crate::io::{Disk as _, Fault, read_file};

fn start() -> (Bench, LogDir, Arc<PartitionLog>) {
    let bench = compacted(SimDisk::new());
    let (dir, log) = bench.start();
    (bench, dir, log)
}

/// Offsets, keys and values that every reader sees.
fn records(log: &PartitionLog) -> Vec<(i64, String, Option<String>)> {
    let all = seen(log, ReadBound::HighWatermark).into_iter();
    all.filter(|seen| seen.marker.is_none()).map(|s| (s.offset, s.key, s.value)).collect()
}

fn record(offset: i64, key: &str, value: Option<&str>) -> (i64, String, Option<String>) {
    (offset, key.to_owned(), value.map(str::to_owned))
}

#[test]
fn the_last_record_of_each_key_stays_where_it_was() {
    let (_bench, dir, log) = start();
    put(&log, &[pair("a", "1"), pair("b", "1"), pair("a", "2")]);
    put(&log, &[pair("b", "2"), pair("c", "1")]);
    seal(&log);
    put(&log, &[pair("c", "active")]);
    clean(&dir);
    let expected = [
        record(2, "a", Some("2")),
        record(3, "b", Some("2")),
        record(4, "c", Some("1")),
        record(5, "c", Some("active")),
    ];
    assert_eq!(records(&log), expected);
    assert_eq!(log.bounds().log_start_offset, 0);
    // An offset that is gone leads to the next one that is there.
    assert_eq!(log.read(0, ReadBound::HighWatermark, 10_000, true).unwrap().next_offset, 5);
}

#[test]
fn the_active_segment_and_open_transactions_are_left_alone() {
    let (_bench, dir, log) = start();
    put(&log, &[pair("a", "1"), pair("a", "2")]);
    clean(&dir);
    assert_eq!(records(&log).len(), 2, "nothing is sealed");
    put_in_txn(&log, 11, 0, &[pair("a", "3")]);
    seal(&log);
    clean(&dir);
    assert_eq!(records(&log).len(), 3, "the segment holds an open transaction");
    end_txn(&log, 11, ControlType::Commit);
    log.flush().unwrap();
    clean(&dir);
    assert_eq!(records(&log), [record(2, "a", Some("3"))]);
}

#[test]
fn a_tombstone_goes_its_retention_after_it_became_clean() {
    let (bench, dir, log) = start();
    put(&log, &[pair("a", "1"), pair("b", "1")]);
    put(&log, &[tombstone("a")]);
    seal(&log);
    clean(&dir);
    let left = [record(1, "b", Some("1")), record(2, "a", None)];
    assert_eq!(records(&log), left);
    let horizon = |log: &PartitionLog| {
        let all = batches(log, ReadBound::HighWatermark);
        let headers = all.iter().map(|batch| BatchHeader::parse_whole(batch).unwrap());
        headers.filter_map(|header| header.delete_horizon_ms()).collect::<Vec<_>>()
    };
    assert_eq!(horizon(&log), [NOW_MS + DELETE_RETENTION_MS]);
    let times: Vec<_> =
        seen(&log, ReadBound::HighWatermark).iter().map(|seen| seen.timestamp).collect();
    assert_eq!(times, [NOW_MS, NOW_MS], "timestamps count from the horizon now");
    bench.clock.advance(DELETE_RETENTION_MS - 1);
    put(&log, &[pair("c", "1")]);
    seal(&log);
    clean(&dir);
    assert_eq!(records(&log)[..2], left, "the horizon does not move");
    bench.clock.advance(1);
    put(&log, &[pair("c", "2")]);
    seal(&log);
    clean(&dir);
    assert_eq!(records(&log), [record(1, "b", Some("1")), record(4, "c", Some("2"))]);
    assert_eq!(log.bounds().log_end_offset, 5);
}

#[test]
fn records_of_aborted_transactions_go_and_markers_follow() {
    let (bench, dir, log) = start();
    put(&log, &[pair("a", "before")]);
    put_in_txn(&log, 11, 0, &[pair("a", "aborted")]);
    put_in_txn(&log, 12, 0, &[pair("b", "committed")]);
    let abort = end_txn(&log, 11, ControlType::Abort);
    let commit = end_txn(&log, 12, ControlType::Commit);
    put(&log, &[pair("c", "1")]);
    seal(&log);
    clean(&dir);
    let expected = [
        record(0, "a", Some("before")),
        record(2, "b", Some("committed")),
        record(5, "c", Some("1")),
    ];
    assert_eq!(records(&log), expected);
    let markers = |log: &PartitionLog| {
        let all = seen(log, ReadBound::HighWatermark).into_iter();
        all.filter(|seen| seen.marker.is_some()).map(|seen| seen.offset).collect::<Vec<_>>()
    };
    assert_eq!(markers(&log), [abort, commit]);
    let index = Bench::partition_file("00000000000000000000.txnindex");
    assert!(!exists(&bench, &index), "nothing in the segment is rolled back");
    assert_eq!(table(&committed(&log)).len(), 3);
    // The producer writes on, so its old batch need not be kept for its sequence.
    for sequence in 1..7 {
        put_in_txn(&log, 11, sequence, &[pair("d", "1")]);
    }
    end_txn(&log, 11, ControlType::Commit);
    seal(&log);
    clean(&dir);
    assert_eq!(markers(&log)[..2], [abort, commit], "its delete horizon has just been set");
    bench.clock.advance(DELETE_RETENTION_MS);
    put(&log, &[pair("c", "2")]);
    seal(&log);
    clean(&dir);
    assert_eq!(markers(&log)[..1], [commit], "something of the other transaction is left");
    assert_eq!(log.core.lock().producers.all_aborted(), []);
}

#[test]
fn retries_are_recognised_after_a_replay_of_the_cleaned_log() {
    let (bench, dir, log) = start();
    let batch = |sequence| {
        let builder = BatchBuilder::new().producer(77, 0, sequence);
        keyed(builder, NOW_MS, &[pair("a", &format!("value {sequence}"))])
    };
    for sequence in 0..8 {
        log.append(&batch(sequence), AppendOrigin::Client).unwrap();
    }
    seal(&log);
    put(&log, &[pair("a", "newest")]);
    seal(&log);
    clean(&dir);
    assert_eq!(records(&log), [record(8, "a", Some("newest"))]);
    assert_eq!(replayed(&log).windows(), log.core.lock().producers.windows());
    drop((dir, log));
    lose_snapshots(&bench.disk);
    let (_dir, log) = bench.start();
    let again = log.append(&batch(7), AppendOrigin::Client).unwrap();
    assert_eq!((again.base_offset, again.is_duplicate), (7, true));
    assert_eq!(log.append(&batch(8), AppendOrigin::Client).unwrap().base_offset, 9);
}

#[test]
fn the_marker_that_fences_a_producer_outlives_its_horizon() {
    let (bench, dir, log) = start();
    put_in_txn(&log, 11, 0, &[pair("a", "rolled back")]);
    let marker = EndTxnMarker { control_type: ControlType::Abort, coordinator_epoch: 3 };
    let marker = marker.to_batch(NOW_MS, 11, 1).unwrap();
    log.append(&marker, AppendOrigin::Coordinator).unwrap();
    for value in ["1", "2", "3"] {
        put(&log, &[pair("a", value)]);
        seal(&log);
        clean(&dir);
        bench.clock.advance(DELETE_RETENTION_MS);
    }
    assert_eq!(records(&log), [record(4, "a", Some("3"))]);
    assert_eq!(replayed(&log).windows(), [(11, 1, Vec::new())]);
}

#[test]
fn batches_keep_their_codec() {
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let (_bench, dir, log) = start();
        let batch = keyed(BatchBuilder::new(), NOW_MS, &[pair("a", "1"), pair("b", "1")]);
        log.append(&compressed(codec, &batch), AppendOrigin::Client).unwrap();
        put(&log, &[pair("a", "2")]);
        seal(&log);
        clean(&dir);
        assert_eq!(records(&log), [record(1, "b", Some("1")), record(2, "a", Some("2"))]);
        let first = BatchHeader::parse_whole(&batches(&log, ReadBound::HighWatermark)[0]).unwrap();
        assert_eq!(Codec::try_from(first.codec_id()), Ok(codec));
    }
}

#[test]
fn small_segments_become_one_and_the_last_offset_stays() {
    let (bench, dir, log) = start();
    for _ in 0..20 {
        put(&log, &[pair("a", "some value")]);
        seal(&log);
    }
    put(&log, &[pair("a", "last")]);
    clean(&dir);
    // Four fit into one, of which the last batch keeps the end of the offsets.
    let sealed = log.core.lock().sealed.len();
    assert!(sealed <= 6, "{sealed} segments");
    assert_eq!(records(&log), [record(19, "a", Some("some value")), record(20, "a", Some("last"))]);
    let bases = |extension: &str| -> Vec<String> {
        let names = bench.disk.list(&Bench::partition_file("")).unwrap();
        let stems = names.iter().filter_map(|name| name.strip_suffix(extension));
        stems.map(str::to_owned).collect()
    };
    let active = bases(".log").pop();
    assert_eq!([bases(".index"), active.into_iter().collect()].concat(), bases(".log"));
    clean(&dir);
    drop((dir, log));
    let (_dir, log) = bench.start();
    assert_eq!(records(&log).len(), 2);
}

#[test]
fn readers_of_the_old_files_are_not_disturbed() {
    let (_bench, dir, log) = start();
    put(&log, &[pair("a", "1")]);
    put(&log, &[pair("a", "2")]);
    seal(&log);
    log.flush().unwrap();
    let old = log.core.lock().sealed[0].segment.clone();
    let before = old.file.len().unwrap();
    clean(&dir);
    assert_eq!(old.file.len().unwrap(), before);
    assert!(!Arc::ptr_eq(&old, &log.core.lock().sealed[0].segment));
}

#[test]
fn a_map_that_is_too_small_cleans_in_several_passes() {
    let mut bench = compacted(SimDisk::new());
    bench.map_bytes = 100;
    let (dir, log) = bench.start();
    for round in 0..2 {
        for key in 0..9 {
            put(&log, &[pair(&format!("key {key}"), &format!("value {round}"))]);
        }
    }
    seal(&log);
    let mut passes = 0;
    loop {
        let before = log.shared.clean_offsets.offset(TOPIC, 0);
        clean(&dir);
        if log.shared.clean_offsets.offset(TOPIC, 0) == before {
            break;
        }
        passes += 1;
    }
    assert_eq!(passes, 6, "three keys a pass");
    let offsets: Vec<_> = records(&log).into_iter().map(|(offset, ..)| offset).collect();
    assert_eq!(offsets, (9..18).collect::<Vec<_>>());
}

#[test]
fn what_a_pass_does_not_reach_stays_rolled_back() {
    let mut bench = compacted(SimDisk::new());
    bench.map_bytes = 0;
    let (dir, log) = bench.start();
    put(&log, &[pair("a", "1")]);
    put(&log, &[pair("a", "2")]);
    put(&log, &[pair("b", "1")]);
    put_in_txn(&log, 11, 0, &[pair("c", "rolled back")]);
    end_txn(&log, 11, ControlType::Abort);
    seal(&log);
    clean(&dir);
    assert_eq!(log.shared.clean_offsets.offset(TOPIC, 0), Some(2), "the map holds one key");
    assert_eq!(records(&log).len(), 3);
    let keys: Vec<_> = table(&committed(&log)).into_keys().collect();
    assert_eq!(keys, ["a", "b"]);
}

#[test]
fn ratio_and_lags_decide_when_a_log_is_cleaned() {
    let mut bench = compacted(SimDisk::new());
    bench.config.min_cleanable_dirty_ratio = 0.5;
    bench.config.min_compaction_lag_ms = 1000;
    let (dir, log) = bench.start();
    let put_two = |value: &str| {
        let now = NOW_MS + value.parse::<i64>().unwrap();
        for at in 0..2 {
            let pairs = [pair(&format!("{value} {at}"), value)];
            let batch = keyed(BatchBuilder::new(), now, &pairs);
            log.append(&batch, AppendOrigin::Client).unwrap();
        }
        seal(&log);
    };
    let clean_to = || {
        clean(&dir);
        log.shared.clean_offsets.offset(TOPIC, 0)
    };
    put_two("0");
    bench.clock.set(NOW_MS + 999);
    assert_eq!(clean_to(), None, "too young");
    bench.clock.set(NOW_MS + 1000);
    assert_eq!(clean_to(), Some(2));
    put_two("1");
    bench.clock.set(NOW_MS + 2000);
    assert_eq!(clean_to(), Some(2), "half of it is not more than half");
    let limit = LogConfig { max_compaction_lag_ms: 1000, ..log.config() };
    bench.clock.set(NOW_MS + 1001);
    log.set_config(limit);
    assert_eq!(clean_to(), Some(2), "one millisecond to wait");
    bench.clock.set(NOW_MS + 1002);
    assert_eq!(clean_to(), Some(4));
}

#[test]
fn an_idle_segment_is_sealed_before_its_compaction_is_due() {
    let mut bench = compacted(SimDisk::new());
    bench.config.max_compaction_lag_ms = 500;
    let (dir, log) = bench.start();
    put(&log, &[pair("a", "1"), pair("a", "2")]);
    bench.clock.advance(501);
    dir.maintain().unwrap();
    clean(&dir);
    assert_eq!(records(&log), [record(1, "a", Some("2"))]);
}

#[test]
fn compacted_topics_expire_only_when_they_are_deleted_too() {
    for deletes in [false, true] {
        let mut bench = compacted(SimDisk::new());
        bench.config.cleanup = Cleanup { compacts: true, deletes };
        bench.config.retention_ms = Some(1000);
        let (dir, log) = bench.start();
        put(&log, &[pair("a", "1")]);
        seal(&log);
        clean(&dir);
        bench.clock.advance(1001);
        dir.maintain().unwrap();
        assert_eq!(records(&log).is_empty(), deletes);
    }
}

#[test]
fn a_segment_without_records_holds_no_retention_up() {
    let mut bench = compacted(SimDisk::new());
    bench.config.cleanup = Cleanup { compacts: true, deletes: true };
    bench.config.retention_ms = Some(1000);
    bench.config.segment_bytes = 120;
    let (dir, log) = bench.start();
    for _ in 0..3 {
        put(&log, &[pair("a", "a value of some length")]);
        seal(&log);
    }
    clean(&dir);
    assert_eq!(log.bounds().log_start_offset, 0);
    bench.clock.advance(1001);
    dir.maintain().unwrap();
    assert_eq!((log.bounds().log_start_offset, records(&log)), (3, Vec::new()));
}

#[test]
fn records_without_a_key_are_refused_and_named() {
    let (_bench, _dir, log) = start();
    let mixed = BatchBuilder::new()
        .record(NOW_MS, Some(b"a"), Some(b"1"))
        .record(NOW_MS, None, Some(b"2"))
        .record(NOW_MS, Some(b""), Some(b"3"))
        .record(NOW_MS, None, None)
        .build()
        .unwrap();
    for batch in [mixed.clone(), compressed(Codec::Lz4, &mixed)] {
        match log.append(&batch, AppendOrigin::Client) {
            Err(AppendError::KeylessRecords { indexes }) => assert_eq!(indexes, [1, 3]),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(log.bounds().log_end_offset, 0);
}

#[test]
fn records_that_nobody_can_read_are_refused() {
    let (_bench, _dir, log) = start();
    let good = keyed(BatchBuilder::new(), NOW_MS, &[pair("a", "1"), pair("b", "1")]);
    let with = |at: usize, byte: u8| {
        let mut batch = good.clone();
        batch[at] = byte;
        let crc = crc32c(&batch[CRC_START..]);
        batch[17..CRC_START].copy_from_slice(&crc.to_be_bytes());
        batch
    };
    // The codec, the length of the first record, its offset delta.
    for (at, byte) in [(22, 1), (22, 3), (HEADER_BYTES, 6), (HEADER_BYTES + 3, 2)] {
        let refused = log.append(&with(at, byte), AppendOrigin::Client);
        assert!(matches!(refused, Err(AppendError::UnreadableRecords { .. })), "{refused:?}");
    }
    log.append(&with(at_value(&good), b'2'), AppendOrigin::Client).unwrap();
    assert_eq!(log.bounds().log_end_offset, 2);
}

/// Where the value of the last record is.
fn at_value(batch: &[u8]) -> usize {
    // The count of its headers follows.
    batch.len() - 2
}

#[test]
fn records_without_a_key_from_before_go() {
    let (_bench, dir, log) = start();
    let compacting = log.config();
    let plain = Cleanup { compacts: false, deletes: true };
    log.set_config(LogConfig { cleanup: plain, ..compacting.clone() });
    append(&log, &["keyless"]);
    put(&log, &[pair("a", "1")]);
    seal(&log);
    log.set_config(compacting);
    clean(&dir);
    assert_eq!(records(&log), [record(1, "a", Some("1"))]);
}

#[test]
fn damage_ends_the_cleaning_of_its_partition_and_nothing_else() {
    let (bench, dir, log) = start();
    put(&log, &[pair("a", "1"), pair("a", "2")]);
    seal(&log);
    log.flush().unwrap();
    let other = dir.create("other", 0, Uuid::new_v4(), bench.config.clone()).unwrap();
    put(&other, &[pair("a", "1"), pair("a", "2")]);
    seal(&other);
    let path = Bench::partition_file("00000000000000000000.log");
    bench.disk.corrupt(&path, 70, 0x10).unwrap();
    let before = read_file(&bench.disk, &path).unwrap();
    clean(&dir);
    assert!(!log.is_cleanable());
    assert_eq!(read_file(&bench.disk, &path).unwrap(), before);
    assert!(!exists(&bench, &path.with_extension("log.cleaned")));
    assert_eq!(records(&other), [record(1, "a", Some("2"))]);
    put(&log, &[pair("b", "1")]);
}

#[test]
fn a_full_disk_is_no_reason_to_give_up() {
    let (bench, dir, log) = start();
    put(&log, &[pair("a", "1"), pair("a", "2")]);
    seal(&log);
    log.flush().unwrap();
    dir.checkpoint().unwrap();
    bench.disk.set_fault(Some(Fault::FullFrom(0)));
    drop(dir.clean(&|| false));
    bench.disk.set_fault(None);
    clean(&dir);
    assert_eq!(records(&log), [record(1, "a", Some("2"))]);
}

#[test]
fn a_stop_ends_a_pass() {
    let (_bench, dir, log) = start();
    put(&log, &[pair("a", "1"), pair("a", "2")]);
    seal(&log);
    dir.clean(&|| true).unwrap();
    assert_eq!(records(&log).len(), 2);
}

#[test]
fn a_deleted_partition_is_forgotten() {
    let (bench, dir, log) = start();
    put(&log, &[pair("a", "1"), pair("a", "2")]);
    seal(&log);
    clean(&dir);
    let checkpoint = Bench::path().join("cleaner-offset-checkpoint");
    let text = || String::from_utf8(read_file(&bench.disk, &checkpoint).unwrap()).unwrap();
    assert_eq!(text(), "0\n1\norders 0 2\n");
    dir.delete(TOPIC, 0).unwrap();
    assert_eq!(text(), "0\n0\n");
    let dirt = log.dirt(NOW_MS);
    assert_eq!(dirt, None);
}

#[test]
fn times_are_found_in_a_cleaned_log() {
    let (bench, dir, log) = start();
    for at in 0..12 {
        let pairs = [pair(&format!("key {}", at % 3), "value")];
        let batch = keyed(BatchBuilder::new(), NOW_MS + at, &pairs);
        log.append(&batch, AppendOrigin::Client).unwrap();
    }
    seal(&log);
    clean(&dir);
    let offset = |log: &PartitionLog, time| {
        log.offset_for_timestamp(time).unwrap().map(|found| (found.offset, found.timestamp))
    };
    let check = |log: &PartitionLog| {
        assert_eq!(offset(log, NOW_MS), Some((9, NOW_MS + 9)));
        assert_eq!(offset(log, NOW_MS + 10), Some((10, NOW_MS + 10)));
        assert_eq!(offset(log, NOW_MS + 12), None);
        assert_eq!(log.max_timestamp().unwrap().unwrap().offset, 11);
    };
    check(&log);
    drop((dir, log));
    let (_dir, log) = bench.start();
    check(&log);
}
