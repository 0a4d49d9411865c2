//! What the tests of compaction share: keyed batches, and the log as a consumer and as a replay sees it.

use levada_kafka_wire::compression::Codec;
use levada_kafka_wire::record_batch::{
    BatchBuilder, BatchHeader, ControlType, EndTxnMarker, Records, record_bytes, retain_records,
};

use super::*;
use crate::io::Disk as _;
use crate::producer_state::ProducerStates;

pub(super) const DELETE_RETENTION_MS: i64 = 10_000;

/// Key and value; no value is a tombstone.
pub(super) type Pair = (String, Option<String>);

pub(super) fn pair(key: &str, value: &str) -> Pair {
    (key.to_owned(), Some(value.to_owned()))
}

pub(super) fn tombstone(key: &str) -> Pair {
    (key.to_owned(), None)
}

/// A bench whose partition is compacted whenever something is dirty.
pub(super) fn compacted(disk: SimDisk) -> Bench {
    let mut bench = Bench::on(disk);
    bench.config.cleanup = Cleanup { compacts: true, deletes: false };
    bench.config.min_cleanable_dirty_ratio = 0.0;
    bench.config.delete_retention_ms = DELETE_RETENTION_MS;
    bench.config.segment_bytes = 400;
    bench
}

pub(super) fn keyed(builder: BatchBuilder, timestamp: i64, pairs: &[Pair]) -> Vec<u8> {
    let add = |builder: BatchBuilder, (key, value): &Pair| {
        builder.record(timestamp, Some(key.as_bytes()), value.as_ref().map(String::as_bytes))
    };
    pairs.iter().fold(builder, add).build().unwrap()
}

/// The same records, compressed.
pub(super) fn compressed(codec: Codec, batch: &[u8]) -> Vec<u8> {
    let mut header = BatchHeader::parse_whole(batch).unwrap();
    let bytes = record_bytes(&header, batch, 1 << 20).unwrap().into_owned();
    let records: Vec<_> = Records::new(&header, &bytes).map(Result::unwrap).collect();
    let codecs = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];
    let id = codecs.iter().position(|known| *known == codec).unwrap();
    header.attributes |= i16::try_from(id).unwrap();
    retain_records(&header, &records, None).unwrap()
}

pub(super) fn put(log: &Arc<PartitionLog>, pairs: &[Pair]) -> i64 {
    let batch = keyed(BatchBuilder::new(), NOW_MS, pairs);
    log.append(&batch, AppendOrigin::Client).unwrap().base_offset
}

pub(super) fn put_in_txn(log: &Arc<PartitionLog>, producer: i64, sequence: i32, pairs: &[Pair]) {
    let builder = BatchBuilder::new().producer(producer, 0, sequence).transactional();
    log.append(&keyed(builder, NOW_MS, pairs), AppendOrigin::Client).unwrap();
}

pub(super) fn end_txn(log: &Arc<PartitionLog>, producer: i64, control_type: ControlType) -> i64 {
    let marker = EndTxnMarker { control_type, coordinator_epoch: 3 };
    let batch = marker.to_batch(NOW_MS, producer, 0).unwrap();
    log.append(&batch, AppendOrigin::Coordinator).unwrap().base_offset
}

/// Seals the active segment, so that all there is may be cleaned.
pub(super) fn seal(log: &PartitionLog) {
    let mut core = log.core.lock();
    if core.active.size > 0 {
        log.roll(&mut core).unwrap();
    }
}

/// A start has to replay the log then.
pub(super) fn lose_snapshots(disk: &SimDisk) {
    for name in disk.list(&Bench::partition_file("")).unwrap() {
        let path = Bench::partition_file(&name);
        if path.extension().is_some_and(|extension| extension == "snapshot") {
            disk.remove_file(&path).unwrap();
        }
    }
}

pub(super) fn clean(dir: &LogDir) {
    dir.clean(&|| false).unwrap();
}

/// A record or a marker as a consumer gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) offset: i64,
    pub(super) timestamp: i64,
    pub(super) key: String,
    pub(super) value: Option<String>,
    /// Of records within transactions, and of markers.
    pub(super) producer: Option<i64>,
    pub(super) marker: Option<ControlType>,
}

/// Every whole batch up to the bound, each once, with its checksum compared.
pub(super) fn batches(log: &PartitionLog, bound: ReadBound) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut next = log.bounds().log_start_offset;
    loop {
        let read = log.read(next, bound, 150, true).unwrap();
        if read.records.is_empty() {
            return found;
        }
        assert!(read.next_offset > next, "a read that returns records moves on");
        let mut rest = &read.records[..];
        while !rest.is_empty() {
            let header = BatchHeader::parse(rest).unwrap();
            let (batch, after) = rest.split_at(header.total_bytes);
            BatchHeader::parse_whole(batch).unwrap();
            found.push(batch.to_vec());
            rest = after;
        }
        next = read.next_offset;
    }
}

pub(super) fn seen(log: &PartitionLog, bound: ReadBound) -> Vec<Seen> {
    let start = log.bounds().log_start_offset;
    let all = batches(log, bound).into_iter().flat_map(|batch| seen_in(&batch));
    all.filter(|seen| seen.offset >= start).collect()
}

fn seen_in(batch: &[u8]) -> Vec<Seen> {
    let header = BatchHeader::parse_whole(batch).unwrap();
    let marker = header.is_control().then(|| EndTxnMarker::of_batch(&header, batch)).flatten();
    let bytes = record_bytes(&header, batch, 1 << 20).unwrap().into_owned();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Records::new(&header, &bytes)
        .map(Result::unwrap)
        .map(|record| Seen {
            offset: record.offset,
            timestamp: record.timestamp,
            key: marker.map_or_else(|| text(record.key.unwrap()), |_| String::new()),
            value: record.value.filter(|_| marker.is_none()).map(text),
            producer: header.is_transactional().then_some(header.producer_id),
            marker: marker.map(|marker| marker.control_type),
        })
        .collect()
}

/// What a committed reader is left with, by the rule that clients follow: records of a producer are
/// skipped from the first offset that the broker names until its abort marker.
pub(super) fn committed(log: &PartitionLog) -> Vec<Seen> {
    let bounds = log.bounds();
    let core = log.core.lock();
    let mut aborted = core.producers.aborted(bounds.log_start_offset, bounds.last_stable_offset);
    drop(core);
    aborted.reverse();
    let mut skipped = std::collections::HashSet::new();
    let mut found = Vec::new();
    for seen in seen(log, ReadBound::LastStable) {
        while aborted.last().is_some_and(|txn| txn.first_offset <= seen.offset) {
            skipped.extend(aborted.pop().map(|txn| txn.producer_id));
        }
        match (seen.marker, seen.producer) {
            (Some(ControlType::Abort), Some(producer)) => _ = skipped.remove(&producer),
            (Some(_), _) => {}
            (None, Some(producer)) if skipped.contains(&producer) => {}
            (None, _) => found.push(seen),
        }
    }
    found
}

/// The last of each key, as (offset, value).
pub(super) fn table(records: &[Seen]) -> std::collections::BTreeMap<String, (i64, String)> {
    let mut table = std::collections::BTreeMap::new();
    for record in records {
        match &record.value {
            Some(value) => _ = table.insert(record.key.clone(), (record.offset, value.clone())),
            None => _ = table.remove(&record.key),
        }
    }
    table
}

/// The producer state that replaying every batch on the disk gives, without a snapshot.
pub(super) fn replayed(log: &PartitionLog) -> ProducerStates {
    let files: Vec<_> = {
        let core = log.core.lock();
        let sealed = core.sealed.iter().map(|sealed| (sealed.segment.clone(), sealed.size));
        sealed.chain([(core.active.segment.clone(), core.active.size)]).collect()
    };
    let mut states = ProducerStates::default();
    for (segment, size) in files {
        let mut scan = scan::Scan::new(&*segment.file, 0, size);
        while let Some(batch) = scan.next_batch().unwrap() {
            let marker = batch
                .header
                .is_control()
                .then(|| EndTxnMarker::of_batch(&batch.header, batch.bytes))
                .flatten();
            states.apply(&batch.header, marker, NOW_MS);
        }
    }
    states
}
