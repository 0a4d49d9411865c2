//! A process that can open no directory any more: what it refuses has changed nothing.

use super::compaction_bench::*;
use super::*;
use crate::io::Fault;

/// Without a descriptor for directories while `work` is done.
fn without_descriptor<T>(bench: &Bench, work: impl FnOnce() -> T) -> T {
    bench.disk.set_fault(Some(Fault::NoDirOpens));
    let done = work();
    bench.disk.set_fault(None);
    done
}

#[test]
fn a_segment_that_cannot_be_begun_is_begun_later() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    let value = "x".repeat(400);
    append(&log, &[&value]);
    let refused =
        without_descriptor(&bench, || log.append(&batch(&[&value]), AppendOrigin::Client));
    assert!(matches!(refused, Err(AppendError::Storage(LogError::Io { .. }))), "{refused:?}");
    append(&log, &[&value]);
    log.flush().unwrap();
    assert_eq!(all(&log), numbered(&[&value, &value]));
}

#[test]
fn a_pass_that_cannot_swap_is_made_again() {
    let bench = compacted(SimDisk::new());
    let (dir, log) = bench.start();
    put(&log, &[pair("a", "1")]);
    put(&log, &[pair("a", "2")]);
    seal(&log);
    log.flush().unwrap();
    dir.checkpoint().unwrap();
    clean_without_descriptor(&bench, &log);
    assert_eq!(all(&log).len(), 2);
    clean(&dir);
    assert_eq!(all(&log), [(1, "2".to_owned())]);
}

/// The checkpoint that a pass begins with is there already, so that the swap is the first to fail.
fn clean_without_descriptor(bench: &Bench, log: &PartitionLog) {
    let dirt = log.dirt(NOW_MS).unwrap();
    log.shared.clean_offsets.update(|all| all.insert((TOPIC.to_owned(), 0), 0).is_none()).unwrap();
    let mut pace = cleaner::Pace::new(u64::MAX, &|| false);
    assert!(without_descriptor(bench, || log.clean(&dirt, NOW_MS, &mut pace)).is_err());
}

#[test]
fn a_partition_that_could_not_be_made_or_deleted_is_so_later() {
    let bench = Bench::new();
    let dir = bench.open().unwrap();
    let make = || dir.create(TOPIC, 0, Uuid::nil(), bench.config.clone());
    assert!(without_descriptor(&bench, make).is_err());
    append(&make().unwrap(), &["a"]);
    assert!(without_descriptor(&bench, || dir.delete(TOPIC, 0)).is_err());
    assert_eq!(all(&dir.partition(TOPIC, 0).unwrap()).len(), 0, "not synced yet");
    dir.delete(TOPIC, 0).unwrap();
    assert!(dir.partition(TOPIC, 0).is_none());
}
