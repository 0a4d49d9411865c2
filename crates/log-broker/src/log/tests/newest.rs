//! The record with the largest timestamp, while others are appended that nobody may read yet.

use super::*;

#[test]
fn the_newest_readable_record_is_found_while_newer_ones_wait_for_their_sync() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    let append_at = |time: i64| {
        log.append(&batch_at(time, &["some value"]), AppendOrigin::Client).unwrap();
    };
    let newest = |log: &PartitionLog| log.max_timestamp().unwrap().map(|found| found.offset);
    assert_eq!(newest(&log), None);
    append_at(NOW_MS + 1);
    append_at(NOW_MS);
    log.flush().unwrap();
    {
        let _no_sync = log.flush_turn.lock();
        let segments = log.segment_count();
        for later in 2.. {
            append_at(NOW_MS + later);
            assert_eq!(newest(&log), Some(0));
            if log.segment_count() == segments + 2 {
                break;
            }
        }
    }
    log.flush().unwrap();
    assert_eq!(newest(&log), Some(log.bounds().log_end_offset - 1));
    log.delete_records(-1).unwrap();
    assert_eq!(newest(&log), None);
}
