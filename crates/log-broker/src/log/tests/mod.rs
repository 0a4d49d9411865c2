//! The log as a whole: appends and reads against a model, crashes, damage, retention.

mod aborted;
mod basics;
mod checkpoints;
mod compaction;
mod compaction_bench;
mod compaction_model;
mod crash;
mod damage;
mod descriptors;
mod finding;
mod inspection;
mod model;
mod newest;
mod retention;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use levada_kafka_wire::record_batch::{BatchBuilder, BatchHeader, Records, record_bytes};
use uuid::Uuid;

use super::*;
use crate::clock::ManualClock;
use crate::io::SimDisk;

const TOPIC: &str = "orders";
const NOW_MS: i64 = 1_700_000_000_000;

/// A directory on a simulated disk and a clock to turn.
struct Bench {
    disk: SimDisk,
    clock: Arc<ManualClock>,
    config: LogConfig,
    map_bytes: usize,
}

impl Bench {
    fn new() -> Self {
        Self::on(SimDisk::new())
    }

    fn on(disk: SimDisk) -> Self {
        let config =
            LogConfig { segment_bytes: 600, index_interval_bytes: 100, ..LogConfig::default() };
        let map_bytes = LogOptions::default().cleaner_map_bytes;
        Self { disk, clock: Arc::new(ManualClock::at(NOW_MS)), config, map_bytes }
    }

    fn path() -> PathBuf {
        PathBuf::from("/data/log")
    }

    fn open(&self) -> Result<LogDir, LogError> {
        let options = LogOptions {
            default_config: self.config.clone(),
            cleaner_map_bytes: self.map_bytes,
            ..LogOptions::default()
        };
        let disk = Arc::new(self.disk.clone());
        LogDir::open_on(disk, &Self::path(), self.clock.clone(), options)
    }

    /// Opens the directory with its one partition, creating it the first time.
    fn start(&self) -> (LogDir, Arc<PartitionLog>) {
        let dir = self.open().unwrap();
        let log = match dir.partition(TOPIC, 0) {
            Some(log) => log,
            None => dir.create(TOPIC, 0, Uuid::new_v4(), self.config.clone()).unwrap(),
        };
        (dir, log)
    }

    fn partition_file(name: &str) -> PathBuf {
        Self::path().join(format!("{TOPIC}-0")).join(name)
    }
}

/// A batch with one record per value, stamped with the bench's time.
fn batch(values: &[&str]) -> Vec<u8> {
    batch_at(NOW_MS, values)
}

fn batch_at(timestamp: i64, values: &[&str]) -> Vec<u8> {
    build(BatchBuilder::new(), timestamp, values)
}

fn idempotent(sequence: i32, values: &[&str]) -> Vec<u8> {
    build(BatchBuilder::new().producer(77, 0, sequence), NOW_MS, values)
}

fn build(builder: BatchBuilder, timestamp: i64, values: &[&str]) -> Vec<u8> {
    let add = |builder: BatchBuilder, value: &&str| {
        builder.record(timestamp, None, Some(value.as_bytes()))
    };
    values.iter().fold(builder, add).build().unwrap()
}

fn append(log: &Arc<PartitionLog>, values: &[&str]) -> Appended {
    log.append(&batch(values), AppendOrigin::Client).unwrap()
}

/// Offset and value of every record a reader sees from `from` on.
fn read_from(log: &PartitionLog, from: i64) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    let mut next = from;
    loop {
        let read = log.read(next, ReadBound::HighWatermark, 200, true).unwrap();
        if read.records.is_empty() {
            return found;
        }
        assert!(read.next_offset > next, "a read that returns records moves on");
        found.extend(records_of(&read.records).into_iter().filter(|(offset, _)| *offset >= from));
        next = read.next_offset;
    }
}

fn records_of(mut bytes: &[u8]) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let header = BatchHeader::parse(bytes).unwrap();
        let (batch, rest) = bytes.split_at(header.total_bytes);
        let header = BatchHeader::parse_whole(batch).unwrap();
        let unfolded = record_bytes(&header, batch, 1 << 20).unwrap();
        for record in Records::new(&header, &unfolded) {
            let record = record.unwrap();
            let value = String::from_utf8(record.value.unwrap().to_vec()).unwrap();
            found.push((record.offset, value));
        }
        bytes = rest;
    }
    found
}

/// The batch with these bytes at a place, and the checksum that belongs to them.
fn patched(mut batch: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    batch[at..at + bytes.len()].copy_from_slice(bytes);
    let crc = levada_kafka_wire::record_batch::crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
    batch
}

fn all(log: &PartitionLog) -> Vec<(i64, String)> {
    read_from(log, log.bounds().log_start_offset)
}

fn numbered(values: &[&str]) -> Vec<(i64, String)> {
    (0..).zip(values.iter().map(|value| (*value).to_owned())).collect()
}

fn exists(bench: &Bench, path: &Path) -> bool {
    use crate::io::Disk;
    bench.disk.open(path).is_ok()
}
