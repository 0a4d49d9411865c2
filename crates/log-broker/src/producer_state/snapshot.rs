//! Producer state as bytes. Kafka's own snapshot keeps one batch a producer; ours keeps the whole
//! window, under a version number that Kafka discards and rebuilds.
//!
//! | bytes | field (big endian) |
//! |---|---|
//! | 2 | version 101 |
//! | 4 | CRC-32C of all that follows |
//! | 4 | producers: each id i64, epoch i16, coordinator epoch i32, batches u8 × (sequences i32 i32, offsets i64 i64, timestamp i64) |
//! | 4 | open transactions: each producer id i64, first offset i64 |
//! | 4 | aborted transactions: each producer id i64, first, last and stable offset i64 |

use std::collections::VecDeque;

use levada_kafka_wire::record_batch::crc32c;

use super::transactions::Aborted;
use super::{Producer, ProducerStates, StoredBatch, WINDOW};

const VERSION: [u8; 2] = 101_i16.to_be_bytes();
const HEAD_BYTES: usize = 6;

/// A snapshot that cannot be used; the log is replayed instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the producer snapshot is damaged or of another version")]
pub(crate) struct SnapshotError;

impl ProducerStates {
    /// The same state gives the same bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; HEAD_BYTES];
        let mut ids: Vec<i64> = self.producers.keys().copied().collect();
        ids.sort_unstable();
        put_count(&mut out, ids.len());
        for (id, producer) in ids.iter().filter_map(|id| Some((id, self.producers.get(id)?))) {
            out.extend(id.to_be_bytes());
            out.extend(producer.epoch.to_be_bytes());
            out.extend(producer.coordinator_epoch.to_be_bytes());
            out.push(u8::try_from(producer.batches.len()).unwrap_or(u8::MAX));
            for batch in &producer.batches {
                out.extend(batch.first_sequence.to_be_bytes());
                out.extend(batch.last_sequence.to_be_bytes());
                out.extend(batch.base_offset.to_be_bytes());
                out.extend(batch.last_offset.to_be_bytes());
                out.extend(batch.max_timestamp.to_be_bytes());
            }
        }
        put_count(&mut out, self.transactions.open.len());
        for (id, first_offset) in &self.transactions.open {
            out.extend(id.to_be_bytes());
            out.extend(first_offset.to_be_bytes());
        }
        put_count(&mut out, self.transactions.aborted.len());
        for aborted in &self.transactions.aborted {
            out.extend(aborted.producer_id.to_be_bytes());
            out.extend(aborted.first_offset.to_be_bytes());
            out.extend(aborted.last_offset.to_be_bytes());
            out.extend(aborted.last_stable_offset.to_be_bytes());
        }
        let crc = crc32c(&out[HEAD_BYTES..]);
        out[..2].copy_from_slice(&VERSION);
        out[2..HEAD_BYTES].copy_from_slice(&crc.to_be_bytes());
        out
    }

    /// Expiry starts anew at `now_ms`.
    pub(crate) fn decode(bytes: &[u8], now_ms: i64) -> Result<Self, SnapshotError> {
        let (head, body) = bytes.split_first_chunk::<HEAD_BYTES>().ok_or(SnapshotError)?;
        if head[..2] != VERSION || head[2..] != crc32c(body).to_be_bytes() {
            return Err(SnapshotError);
        }
        let mut states = Self::default();
        let mut input = Input(body);
        for _ in 0..u32::from_be_bytes(input.take()?) {
            let id = i64::from_be_bytes(input.take()?);
            let epoch = i16::from_be_bytes(input.take()?);
            let coordinator_epoch = i32::from_be_bytes(input.take()?);
            let [count] = input.take()?;
            let mut batches = VecDeque::with_capacity(WINDOW);
            for _ in 0..count {
                batches.push_back(StoredBatch {
                    first_sequence: i32::from_be_bytes(input.take()?),
                    last_sequence: i32::from_be_bytes(input.take()?),
                    base_offset: i64::from_be_bytes(input.take()?),
                    last_offset: i64::from_be_bytes(input.take()?),
                    max_timestamp: i64::from_be_bytes(input.take()?),
                });
            }
            let producer = Producer { epoch, batches, last_used_ms: now_ms, coordinator_epoch };
            states.producers.insert(id, producer);
        }
        for _ in 0..u32::from_be_bytes(input.take()?) {
            let id = i64::from_be_bytes(input.take()?);
            states.transactions.open.insert(id, i64::from_be_bytes(input.take()?));
        }
        for _ in 0..u32::from_be_bytes(input.take()?) {
            states.transactions.aborted.push(Aborted {
                producer_id: i64::from_be_bytes(input.take()?),
                first_offset: i64::from_be_bytes(input.take()?),
                last_offset: i64::from_be_bytes(input.take()?),
                last_stable_offset: i64::from_be_bytes(input.take()?),
            });
        }
        if input.0.is_empty() { Ok(states) } else { Err(SnapshotError) }
    }
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(SnapshotError)?;
        self.0 = rest;
        Ok(*field)
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}
