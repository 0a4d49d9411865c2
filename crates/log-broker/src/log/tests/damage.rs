//! Flipped bits and cut files: the longest valid prefix, or a clear error, never a panic and never
//! a wrong record.

use super::*;
use crate::io::{Disk, read_file};

const VALUES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// Twelve records in some segments, all durable; closed cleanly or not.
fn prepared(is_clean: bool, has_checkpoint: bool) -> Bench {
    let mut bench = Bench::new();
    bench.config.segment_bytes = 300;
    let (dir, log) = bench.start();
    for (at, value) in (0..).zip(VALUES) {
        log.append(&idempotent(at, &[value]), AppendOrigin::Client).unwrap();
    }
    log.flush().unwrap();
    if has_checkpoint {
        dir.maintain().unwrap();
    }
    if is_clean {
        dir.close().unwrap();
    }
    drop(dir);
    bench
}

/// Opens what is left; a partition that is there holds a prefix of the records.
fn records_left(bench: &Bench, context: &str) -> Option<usize> {
    let dir = match bench.open() {
        Ok(dir) => dir,
        Err(error) => {
            assert!(!error.to_string().is_empty(), "{context}");
            return None;
        }
    };
    let Some(log) = dir.partition(TOPIC, 0) else {
        assert_eq!(dir.offline().len(), 1, "{context}: neither there nor offline");
        return None;
    };
    let start = usize::try_from(log.bounds().log_start_offset).unwrap();
    let end = usize::try_from(log.bounds().log_end_offset).unwrap();
    assert!(end <= VALUES.len(), "{context}");
    assert_eq!(all(&log), numbered(&VALUES[..end])[start..], "{context}");
    Some(end)
}

fn files(bench: &Bench) -> Vec<PathBuf> {
    let dir = Bench::partition_file("");
    let within = bench.disk.list(&dir).unwrap();
    let above = bench.disk.list(&Bench::path()).unwrap();
    let within = within.iter().map(|name| dir.join(name));
    let above = above.iter().map(|name| Bench::path().join(name));
    above.filter(|path| !bench.disk.is_dir(path)).chain(within).collect()
}

fn log_files(bench: &Bench) -> Vec<PathBuf> {
    let mut files = files(bench);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    files
}

fn len(bench: &Bench, path: &Path) -> usize {
    read_file(&bench.disk, path).unwrap().len()
}

#[test]
fn a_flip_in_the_last_batches_keeps_the_records_before_it() {
    let bench = prepared(false, false);
    let path = log_files(&bench).pop().unwrap();
    let size = len(&bench, &path);
    let first = usize::try_from(parse_base(&path)).unwrap();
    let batch_bytes = size / (VALUES.len() - first);
    for at in size.saturating_sub(2 * batch_bytes)..size {
        let damaged = Bench::on(bench.disk.crash(0));
        damaged.disk.corrupt(&path, at, 0x04).unwrap();
        let left = records_left(&damaged, &format!("byte {at}")).unwrap();
        let expected = first + at / batch_bytes;
        // The leader epoch of a batch is outside the checksum and not needed to read it.
        let is_epoch = (12..16).contains(&(at % batch_bytes));
        assert!(left == expected || is_epoch && left == VALUES.len(), "byte {at}: {left}");
    }
}

fn parse_base(path: &Path) -> i64 {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap().parse().unwrap()
}

#[test]
fn a_cut_in_the_last_batches_keeps_the_records_before_it() {
    let bench = prepared(false, false);
    let path = log_files(&bench).pop().unwrap();
    let size = len(&bench, &path);
    let first = usize::try_from(parse_base(&path)).unwrap();
    let batch_bytes = size / (VALUES.len() - first);
    for at in 0..size {
        for fill in [false, true] {
            let damaged = Bench::on(bench.disk.crash(0));
            let file = damaged.disk.open(&path).unwrap();
            file.truncate(u64::try_from(at).unwrap()).unwrap();
            if fill {
                file.truncate(u64::try_from(size).unwrap()).unwrap();
            }
            // The last byte of a batch is a zero itself: no headers.
            let whole = (at + usize::from(fill)) / batch_bytes;
            let context = format!("cut at {at}, zeros: {fill}");
            assert_eq!(records_left(&damaged, &context), Some(first + whole), "{context}");
        }
    }
}

#[test]
fn damage_below_the_durable_offset_is_reported_and_changes_nothing() {
    let bench = prepared(false, true);
    for path in log_files(&bench) {
        let size = len(&bench, &path);
        if size == 0 {
            continue;
        }
        let damaged = Bench::on(bench.disk.crash(0));
        let file = damaged.disk.open(&path).unwrap();
        file.truncate(u64::try_from(size - 1).unwrap()).unwrap();
        assert_eq!(records_left(&damaged, "cut"), None);
        assert_eq!(len(&damaged, &path), size - 1);
    }
}

#[test]
fn a_missing_segment_is_reported() {
    let bench = prepared(true, true);
    let paths = log_files(&bench);
    assert!(paths.len() >= 3, "{paths:?}");
    bench.disk.remove_file(&paths[1]).unwrap();
    assert_eq!(records_left(&bench, "middle segment gone"), None);
}

#[test]
fn any_flip_in_any_file_gives_right_records_or_an_error() {
    for is_clean in [false, true] {
        let bench = prepared(is_clean, true);
        for path in files(&bench) {
            for at in 0..len(&bench, &path) {
                for mask in [0x01, 0x10, 0x80] {
                    let context = format!("{} byte {at} mask {mask}", path.display());
                    let damaged = Bench::on(bench.disk.crash(0));
                    damaged.disk.corrupt(&path, at, mask).unwrap();
                    records_left_or_caught(&damaged, &context);
                }
            }
        }
    }
}

/// As [`records_left`]; a flip in a sealed or cleanly closed log is found by the reader's checksum.
fn records_left_or_caught(bench: &Bench, context: &str) {
    let Ok(dir) = bench.open() else { return };
    let Some(log) = dir.partition(TOPIC, 0) else {
        // A flipped directory entry aside, a partition is never silently missing.
        assert_eq!(dir.offline().len(), 1, "{context}");
        return;
    };
    let mut next = log.bounds().log_start_offset;
    let end = log.bounds().high_watermark;
    assert!(end <= 12, "{context}");
    while next < end {
        match log.read(next, ReadBound::HighWatermark, 10_000, true) {
            Ok(read) if !read.records.is_empty() => {
                assert!(read.next_offset > next, "{context}");
                next = read.next_offset;
                let Ok(header) = BatchHeader::parse(&read.records) else { return };
                let Some(first) = read.records.get(..header.total_bytes) else { return };
                if BatchHeader::parse_whole(first).is_err() {
                    return;
                }
            }
            Ok(_) => panic!("{context}: no records at {next} below {end}"),
            Err(ReadError::Storage(_)) => return,
            Err(error) => panic!("{context}: {error}"),
        }
    }
    drop(log.offset_for_timestamp(NOW_MS));
}

#[test]
fn missing_and_cut_derived_files_are_made_again() {
    for is_clean in [false, true] {
        let bench = prepared(is_clean, true);
        let derived = ["index", "timeindex", "snapshot"];
        for path in files(&bench) {
            let extension = path.extension().and_then(|extension| extension.to_str());
            let is_epochs = path.ends_with("leader-epoch-checkpoint");
            if !is_epochs && !extension.is_some_and(|extension| derived.contains(&extension)) {
                continue;
            }
            for cut in 0..=len(&bench, &path) {
                let damaged = Bench::on(bench.disk.crash(0));
                if cut == len(&bench, &path) {
                    damaged.disk.remove_file(&path).unwrap();
                } else {
                    let file = damaged.disk.open(&path).unwrap();
                    file.truncate(u64::try_from(cut).unwrap()).unwrap();
                }
                let context = format!("{} cut at {cut}", path.display());
                assert_eq!(records_left(&damaged, &context), Some(12), "{context}");
                let (_dir, log) = damaged.start();
                let again = log.append(&idempotent(11, &["l"]), AppendOrigin::Client).unwrap();
                assert_eq!((again.base_offset, again.is_duplicate), (11, true), "{context}");
                let found = log.offset_for_timestamp(NOW_MS).unwrap().unwrap();
                assert_eq!(found.offset, 0, "{context}");
            }
        }
    }
}
