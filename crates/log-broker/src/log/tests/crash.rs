//! Power cuts at every operation: what was acknowledged as flushed is there, in order, once.

use levada_kafka_wire::record_batch::BatchBuilder;

use super::*;
use crate::io::{Disk, Fault};

/// What a client was told.
#[derive(Debug, Default)]
struct Told {
    sent: Vec<String>,
    acknowledged: usize,
    deleted_to: i64,
}

/// Writes, flushes, rolls, deletes and stops until the power goes.
fn workload(bench: &Bench) -> Told {
    let mut told = Told::default();
    if let Err(error) = try_workload(bench, &mut told) {
        assert!(matches!(error, LogError::Io { .. } | LogError::Offline { .. }), "{error}");
    }
    told
}

fn try_workload(bench: &Bench, told: &mut Told) -> Result<(), LogError> {
    let dir = bench.open()?;
    let log = dir.create(TOPIC, 0, Uuid::nil(), bench.config.clone())?;
    for at in 0..24 {
        let value = format!("value-{at}");
        let sent = build(BatchBuilder::new().producer(77, 0, at), NOW_MS, &[&value]);
        told.sent.push(value);
        match log.append(&sent, AppendOrigin::Client) {
            Ok(appended) => assert_eq!(appended.base_offset, i64::from(at)),
            Err(AppendError::Storage(error) | AppendError::OutcomeUnknown(error)) => {
                return Err(error);
            }
            Err(error) => panic!("{error}"),
        }
        if at % 3 == 2 {
            log.flush()?;
            told.acknowledged = told.sent.len();
        }
        if at % 8 == 7 {
            dir.maintain()?;
            told.acknowledged = told.sent.len();
        }
        if at == 18 {
            told.deleted_to = log.delete_records(10).map_err(|error| match error {
                ReadError::Storage(error) => error,
                other => panic!("{other}"),
            })?;
        }
    }
    dir.close()?;
    told.acknowledged = told.sent.len();
    Ok(())
}

fn check_recovered(crashed: &Bench, told: &Told, context: &str) {
    let dir = crashed.open().unwrap_or_else(|error| panic!("{context}: {error}"));
    assert!(dir.offline().is_empty(), "{context}: {:?}", dir.offline());
    let Some(log) = dir.partition(TOPIC, 0) else {
        assert_eq!(told.acknowledged, 0, "{context}: the partition is gone");
        return;
    };
    let bounds = log.bounds();
    let end = usize::try_from(bounds.log_end_offset).unwrap();
    assert!(end >= told.acknowledged, "{context}: {end} of {}", told.acknowledged);
    assert!(end <= told.sent.len(), "{context}");
    assert!(bounds.log_start_offset >= told.deleted_to, "{context}");
    let start = usize::try_from(bounds.log_start_offset).unwrap();
    let expected: Vec<_> = (0..).zip(told.sent[..end].iter().cloned()).skip(start).collect();
    assert_eq!(all(&log), expected, "{context}");
    if end > start {
        let at = i32::try_from(end - 1).unwrap();
        let again = idempotent(at, &[&told.sent[end - 1]]);
        let answer = log.append(&again, AppendOrigin::Client).unwrap();
        assert_eq!((answer.base_offset, answer.is_duplicate), (i64::from(at), true), "{context}");
    }
    let next = i32::try_from(end).unwrap();
    let appended = log.append(&idempotent(next, &["after"]), AppendOrigin::Client).unwrap();
    assert_eq!(appended.base_offset, i64::from(next), "{context}");
}

/// How many operations the workload makes when nothing goes wrong.
fn operations() -> u64 {
    let bench = Bench::new();
    assert_eq!(workload(&bench).acknowledged, 24);
    bench.disk.operations()
}

#[test]
fn acknowledged_records_survive_a_power_cut_at_every_operation() {
    for cut in 0..operations() + 10 {
        let bench = Bench::new();
        bench.disk.set_fault(Some(Fault::PowerCutAt(cut)));
        let told = workload(&bench);
        for seed in 0..6 {
            let crashed = Bench::on(bench.disk.crash(seed * 7919 + seed));
            check_recovered(&crashed, &told, &format!("cut at {cut}, outcome {seed}"));
        }
    }
}

#[tokio::test]
async fn what_was_answered_after_its_flush_survives_a_power_cut_at_that_moment() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    let mut answered = Vec::new();
    for at in 0..24 {
        let value = format!("value-{at}");
        let appended = append(&log, &[&value]);
        log.flushed(appended.last_offset).await.unwrap();
        answered.push((at, value));
        let (_crashed_dir, crashed) = Bench::on(bench.disk.crash(0)).start();
        assert_eq!(all(&crashed), answered);
    }
}

#[test]
fn a_second_power_cut_during_recovery_loses_nothing_more() {
    for cut in (0..operations()).step_by(5) {
        let bench = Bench::new();
        bench.disk.set_fault(Some(Fault::PowerCutAt(cut)));
        let told = workload(&bench);
        for second in 0..12 {
            let crashed = Bench::on(bench.disk.crash(cut * 31 + second));
            crashed.disk.set_fault(Some(Fault::PowerCutAt(second)));
            drop(crashed.open());
            let again = Bench::on(crashed.disk.crash(second * 17 + 1));
            check_recovered(&again, &told, &format!("cut at {cut}, then at {second}"));
        }
    }
}

#[test]
fn a_half_deleted_partition_is_whole_or_gone() {
    let make = || {
        let bench = Bench::new();
        let (dir, log) = bench.start();
        append(&log, &["a"]);
        log.flush().unwrap();
        (bench, dir)
    };
    for cut in 0..6 {
        let (bench, dir) = make();
        bench.disk.set_fault(Some(Fault::PowerCutAt(bench.disk.operations() + cut)));
        let is_deleted = dir.delete(TOPIC, 0).is_ok();
        for seed in 0..8 {
            let crashed = Bench::on(bench.disk.crash(seed));
            let dir = crashed.open().unwrap();
            assert!(dir.offline().is_empty(), "{:?}", dir.offline());
            if let Some(log) = dir.partition(TOPIC, 0) {
                assert!(!is_deleted, "cut at {cut}: deleted and there again");
                assert_eq!(all(&log), numbered(&["a"]));
            } else {
                let names = crashed.disk.list(&Bench::path()).unwrap();
                assert!(!names.iter().any(|name| name.ends_with("-delete")), "{names:?}");
            }
        }
    }
}

#[test]
fn a_cut_log_begins_a_new_leader_epoch() {
    let bench = Bench::new();
    let (dir, log) = bench.start();
    append(&log, &["a"]);
    log.flush().unwrap();
    drop(dir);
    let path = Bench::partition_file("00000000000000000000.log");
    let file = bench.disk.open(&path).unwrap();
    file.write_at(file.len().unwrap(), [b"torn", b""]).unwrap();
    let (dir, log) = bench.start();
    assert_eq!(log.bounds().leader_epoch, 1);
    let end = |leader_epoch, end_offset| Some(EpochEnd { leader_epoch, end_offset });
    append(&log, &["b"]);
    log.flush().unwrap();
    assert_eq!(log.offset_for_leader_epoch(0), end(0, 1));
    assert_eq!(log.offset_for_leader_epoch(1), end(1, 2));
    assert_eq!(log.offset_for_leader_epoch(-1), None);
    drop(dir);
    let (_dir, log) = bench.start();
    assert_eq!(log.bounds().leader_epoch, 1, "nothing was cut this time");
}
