//! Checkpoints on a disk that is full for a while: what was refused is not believed to be stored.

use super::compaction_bench::*;
use super::*;
use crate::io::Fault;

/// With no room while `work` is done, which has to fail.
fn without_room<T, E>(bench: &Bench, work: impl FnOnce() -> Result<T, E>) {
    bench.disk.set_fault(Some(Fault::FullFrom(0)));
    assert!(work().is_err());
    bench.disk.set_fault(None);
}

/// As a start finds it after a power cut that left exactly what was synced.
fn after_a_power_cut(bench: &Bench) -> Bench {
    let mut crashed = Bench::on(bench.disk.crash(0));
    crashed.config = bench.config.clone();
    crashed
}

#[test]
fn records_that_a_second_try_deleted_stay_deleted() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    for value in ["a", "b", "c"] {
        append(&log, &[value]);
    }
    log.flush().unwrap();
    without_room(&bench, || log.delete_records(2));
    assert_eq!(log.bounds().log_start_offset, 0);
    assert_eq!(log.delete_records(2).unwrap(), 2);
    let (_dir, log) = after_a_power_cut(&bench).start();
    assert_eq!(all(&log), [(2, "c".to_owned())]);
}

#[test]
fn a_partition_whose_first_pass_found_no_room_is_known_to_have_holes() {
    for cut in 0..30 {
        let bench = compacted(SimDisk::new());
        let (dir, log) = bench.start();
        put(&log, &[pair("a", "1")]);
        put(&log, &[pair("a", "2")]);
        seal(&log);
        log.flush().unwrap();
        dir.checkpoint().unwrap();
        let dirt = log.dirt(NOW_MS).unwrap();
        let pass = || log.clean(&dirt, NOW_MS, &mut cleaner::Pace::new(u64::MAX, &|| false));
        without_room(&bench, pass);
        let operations = bench.disk.operations();
        bench.disk.set_fault(Some(Fault::PowerCutAt(operations + cut)));
        drop(pass());
        let dir = after_a_power_cut(&bench).open().unwrap();
        assert!(dir.offline().is_empty(), "cut at {cut}: {:?}", dir.offline());
        let left = all(&dir.partition(TOPIC, 0).unwrap());
        assert_eq!(left.last(), Some(&(1, "2".to_owned())), "cut at {cut}");
    }
}

#[test]
fn a_partition_made_anew_has_no_offsets_of_the_one_that_was_deleted_without_room() {
    let bench = Bench::new();
    let (dir, log) = bench.start();
    append(&log, &["a"]);
    log.flush().unwrap();
    dir.checkpoint().unwrap();
    log.delete_records(1).unwrap();
    without_room(&bench, || dir.delete(TOPIC, 0));
    dir.create(TOPIC, 0, Uuid::new_v4(), bench.config.clone()).unwrap();
    let dir = after_a_power_cut(&bench).open().unwrap();
    assert!(dir.offline().is_empty(), "{:?}", dir.offline());
    assert_eq!(all(&dir.partition(TOPIC, 0).unwrap()), []);
}
