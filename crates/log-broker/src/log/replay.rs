//! State that is a function of the log: producers and leader epochs.

use std::io;

use levada_kafka_wire::record_batch::EndTxnMarker;

use super::checkpoint::LeaderEpochs;
use super::layout::{Kind, parse_segment_name, segment_path};
use super::recovery::Recovery;
use super::scan::{Scan, ScanError};
use super::segment::Segment;
use crate::io::read_file;
use crate::producer_state::ProducerStates;
use crate::seeded::seeded;

/// Producer state at `end_offset`: the newest snapshot that holds, and the batches after it.
pub(super) fn producers(
    recovery: &Recovery<'_>,
    segments: Vec<(&Segment, u64)>,
    end_offset: i64,
    now_ms: i64,
) -> io::Result<ProducerStates> {
    let (mut states, from) = newest_snapshot(recovery, end_offset, now_ms)?;
    seeded!(SequencesNotRebuilt => return Ok(states));
    let after = segments.partition_point(|(segment, _)| segment.base_offset <= from);
    for (segment, size) in segments.into_iter().skip(after.saturating_sub(1)) {
        let mut scan = Scan::new(&*segment.file, 0, size);
        while let Some(batch) = scan.next_batch().map_err(into_io)? {
            if batch.header.base_offset < from {
                continue;
            }
            let is_control = batch.header.is_control();
            let marker =
                is_control.then(|| EndTxnMarker::of_batch(&batch.header, batch.bytes)).flatten();
            states.apply(&batch.header, marker, now_ms);
        }
    }
    Ok(states)
}

/// Removes snapshots of offsets past the end, which a cut left behind.
fn newest_snapshot(
    recovery: &Recovery<'_>,
    end_offset: i64,
    now_ms: i64,
) -> io::Result<(ProducerStates, i64)> {
    let disk = &*recovery.shared.disk;
    let names = disk.list(&recovery.dir)?;
    let snapshots = names.iter().rev().filter_map(|name| match parse_segment_name(name) {
        Some((offset, Kind::Snapshot)) => Some(offset),
        _ => None,
    });
    for offset in snapshots {
        let path = segment_path(&recovery.dir, offset, Kind::Snapshot);
        if offset > end_offset {
            disk.remove_file(&path)?;
            continue;
        }
        match ProducerStates::decode(&read_file(disk, &path)?, now_ms) {
            Ok(states) => return Ok((states, offset)),
            Err(error) => tracing::warn!(path = %path.display(), %error, "snapshot not used"),
        }
    }
    Ok((ProducerStates::default(), 0))
}

/// Leader epochs as the batches carry them.
pub(super) fn leader_epochs(segments: Vec<(&Segment, u64)>) -> io::Result<LeaderEpochs> {
    let mut epochs = LeaderEpochs::first();
    for (segment, size) in segments {
        let mut scan = Scan::new(&*segment.file, 0, size);
        while let Some(batch) = scan.next_header().map_err(into_io)? {
            epochs.observe(batch.header.leader_epoch, batch.header.base_offset);
        }
    }
    Ok(epochs)
}

fn into_io(error: ScanError) -> io::Error {
    match error {
        ScanError::Io(error) => error,
        ScanError::Batch(error) => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}
