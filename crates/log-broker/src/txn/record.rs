//! The records of `__transaction_state`, in Kafka's own schema so that its tools can read them.
//!
//! ```text
//! key   v0  transactional id string
//! value v1  producer id i64 · epoch i16 · timeout i32 · status i8
//!           · partitions [ topic string · indexes [i32] ]? · last update i64 · start i64
//!           · tagged: 0 previous producer id i64 · 1 next producer id i64 · 2 client version i16
//! ```
//! Value v0 is the same with classic lengths and without tagged fields. A null value is a
//! tombstone.

use bytes::Bytes;
use levada_kafka_wire::WireError;
use levada_kafka_wire::reader::Reader;

use super::transaction::{Open, Outcome, Partitions, Phase, Protocol, Transaction};
use crate::record_log::EncodedRecord;

const KEY_VERSION: i16 = 0;
const VALUE_VERSION: i16 = 1;

const PREVIOUS_PRODUCER_ID: u32 = 0;
const NEXT_PRODUCER_ID: u32 = 1;
const CLIENT_VERSION: u32 = 2;

/// `client_transaction_version` of a producer that follows KIP-890.
const CLIENT_V2: i16 = 2;

/// A transactional id and what is known of it; `None` forgets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TransactionRecord {
    pub(crate) transactional_id: String,
    pub(crate) transaction: Option<Transaction>,
}

/// Why a record could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordFormatError {
    #[error("a transactional id of {0} bytes does not fit the format, which allows 32767")]
    IdTooLong(usize),
    #[error(transparent)]
    Malformed(#[from] WireError),
    #[error("value version {0} is not known to this program")]
    ValueVersion(i16),
    #[error("{0} is no status of a transaction")]
    Status(i8),
}

impl TransactionRecord {
    pub(crate) fn encode(&self) -> Result<EncodedRecord, RecordFormatError> {
        let id = self.transactional_id.as_bytes();
        let length = i16::try_from(id.len()).map_err(|_| RecordFormatError::IdTooLong(id.len()))?;
        let mut key = KEY_VERSION.to_be_bytes().to_vec();
        key.extend(length.to_be_bytes());
        key.extend(id);
        Ok(EncodedRecord { key, value: self.transaction.as_ref().map(encode_value) })
    }

    /// `None` for a key of a version that this program does not write.
    pub(crate) fn decode(
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Option<Self>, RecordFormatError> {
        let key = Bytes::copy_from_slice(key);
        let mut reader = Reader::new(&key);
        if reader.i16()? != KEY_VERSION {
            return Ok(None);
        }
        let transactional_id = text(&mut reader, false)?;
        let transaction = value.map(decode_value).transpose()?;
        Ok(Some(Self { transactional_id, transaction }))
    }
}

fn encode_value(txn: &Transaction) -> Vec<u8> {
    let none = Partitions::new();
    let (started_ms, partitions) =
        txn.open().map_or((-1, &none), |open| (open.started_ms, &open.partitions));
    let mut out = VALUE_VERSION.to_be_bytes().to_vec();
    out.extend(txn.producer_id.to_be_bytes());
    out.extend(txn.epoch.to_be_bytes());
    out.extend(txn.timeout_ms.to_be_bytes());
    out.extend(status(&txn.phase).to_be_bytes());
    put_length(&mut out, partitions.len());
    for (topic, indexes) in partitions {
        put_length(&mut out, topic.len());
        out.extend(topic.as_bytes());
        put_length(&mut out, indexes.len());
        out.extend(indexes.iter().flat_map(|index| index.to_be_bytes()));
        out.push(0);
    }
    out.extend(txn.last_update_ms.to_be_bytes());
    out.extend(started_ms.to_be_bytes());
    put_tagged(&mut out, txn);
    out
}

fn put_tagged(out: &mut Vec<u8>, txn: &Transaction) {
    let id = |id: i64| id.to_be_bytes().to_vec();
    let version = (txn.protocol == Protocol::V2).then(|| CLIENT_V2.to_be_bytes().to_vec());
    let fields = [
        (PREVIOUS_PRODUCER_ID, txn.previous_producer_id.map(id)),
        (NEXT_PRODUCER_ID, txn.next_producer_id.map(id)),
        (CLIENT_VERSION, version),
    ];
    let set: Vec<_> =
        fields.iter().filter_map(|(tag, field)| Some((tag, field.as_ref()?))).collect();
    put_uvarint(out, u32::try_from(set.len()).unwrap_or(u32::MAX));
    for (tag, field) in set {
        put_uvarint(out, *tag);
        put_uvarint(out, u32::try_from(field.len()).unwrap_or(u32::MAX));
        out.extend(field);
    }
}

fn decode_value(value: &[u8]) -> Result<Transaction, RecordFormatError> {
    let value = Bytes::copy_from_slice(value);
    let mut reader = Reader::new(&value);
    let version = reader.i16()?;
    let is_flexible = match version {
        0 => false,
        1 => true,
        other => return Err(RecordFormatError::ValueVersion(other)),
    };
    let producer_id = reader.i64()?;
    let epoch = reader.i16()?;
    let timeout_ms = reader.i32()?;
    let status = reader.i8()?;
    let partitions = partitions(&mut reader, is_flexible)?;
    let last_update_ms = reader.i64()?;
    let open = Open { started_ms: reader.i64()?, partitions };
    let mut txn = Transaction {
        producer_id,
        previous_producer_id: None,
        next_producer_id: None,
        epoch,
        last_epoch: None,
        timeout_ms,
        phase: phase(status, open)?,
        last_update_ms,
        protocol: Protocol::V1,
    };
    if is_flexible {
        tagged(&mut reader, &mut txn)?;
    }
    Ok(txn)
}

/// Each element is read before the next one is made: a false count allocates nothing.
fn partitions(reader: &mut Reader<'_>, is_flexible: bool) -> Result<Partitions, RecordFormatError> {
    let mut partitions = Partitions::new();
    for _ in 0..reader.nullable_count(is_flexible, 1)?.unwrap_or_default() {
        let topic = text(reader, is_flexible)?;
        let indexes = partitions.entry(topic).or_default();
        for _ in 0..reader.count(is_flexible, size_of::<i32>())? {
            indexes.insert(reader.i32()?);
        }
        if is_flexible {
            reader.skip_tagged_fields()?;
        }
    }
    Ok(partitions)
}

fn tagged(reader: &mut Reader<'_>, txn: &mut Transaction) -> Result<(), RecordFormatError> {
    for _ in 0..reader.uvarint()? {
        let tag = reader.uvarint()?;
        let size = reader.uvarint()?;
        match tag {
            PREVIOUS_PRODUCER_ID => txn.previous_producer_id = known_id(reader.i64()?),
            NEXT_PRODUCER_ID => txn.next_producer_id = known_id(reader.i64()?),
            CLIENT_VERSION if reader.i16()? >= CLIENT_V2 => txn.protocol = Protocol::V2,
            CLIENT_VERSION => {}
            _ => reader.skip(usize::try_from(size).unwrap_or(usize::MAX))?,
        }
    }
    Ok(())
}

fn known_id(id: i64) -> Option<i64> {
    Some(id).filter(|id| *id >= 0)
}

/// Kafka's numbers; 6 (dead) and 7 (fencing) are never written.
fn status(phase: &Phase) -> i8 {
    match phase {
        Phase::Empty => 0,
        Phase::Ongoing(_) => 1,
        Phase::Prepared(Outcome::Commit, _) => 2,
        Phase::Prepared(Outcome::Abort, _) => 3,
        Phase::Completed(Outcome::Commit) => 4,
        Phase::Completed(Outcome::Abort) => 5,
    }
}

fn phase(status: i8, open: Open) -> Result<Phase, RecordFormatError> {
    Ok(match status {
        0 => Phase::Empty,
        1 => Phase::Ongoing(open),
        2 => Phase::Prepared(Outcome::Commit, open),
        3 => Phase::Prepared(Outcome::Abort, open),
        4 => Phase::Completed(Outcome::Commit),
        5 => Phase::Completed(Outcome::Abort),
        other => return Err(RecordFormatError::Status(other)),
    })
}

fn text(reader: &mut Reader<'_>, is_flexible: bool) -> Result<String, RecordFormatError> {
    let at = reader.position();
    let text = reader.text(is_flexible)?.ok_or(WireError::Null { at })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    put_uvarint(out, u32::try_from(length).unwrap_or(u32::MAX).saturating_add(1));
}

fn put_uvarint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction() -> Transaction {
        let partitions = Partitions::from([("t".to_owned(), [0, 7].into())]);
        Transaction {
            producer_id: 5,
            previous_producer_id: Some(4),
            next_producer_id: None,
            epoch: 3,
            last_epoch: None,
            timeout_ms: 60_000,
            phase: Phase::Prepared(Outcome::Commit, Open { started_ms: 1, partitions }),
            last_update_ms: 2,
            protocol: Protocol::V2,
        }
    }

    fn record(transaction: Option<Transaction>) -> TransactionRecord {
        TransactionRecord { transactional_id: "app".to_owned(), transaction }
    }

    fn decode(encoded: &EncodedRecord) -> Result<Option<TransactionRecord>, RecordFormatError> {
        TransactionRecord::decode(&encoded.key, encoded.value.as_deref())
    }

    #[test]
    fn bytes_are_those_of_kafkas_schema() {
        let encoded = record(Some(transaction())).encode().unwrap();
        assert_eq!(encoded.key, b"\0\0\0\x03app");
        let value = b"\0\x01\0\0\0\0\0\0\0\x05\0\x03\0\0\xea\x60\x02\
            \x02\x02t\x03\0\0\0\0\0\0\0\x07\0\
            \0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x01\
            \x02\0\x08\0\0\0\0\0\0\0\x04\x02\x02\0\x02";
        assert_eq!(encoded.value.as_deref(), Some(&value[..]));
    }

    #[test]
    fn every_phase_comes_back() {
        let open = Open { started_ms: 9, partitions: Partitions::new() };
        let phases = [
            Phase::Empty,
            Phase::Ongoing(open.clone()),
            Phase::Prepared(Outcome::Commit, open.clone()),
            Phase::Prepared(Outcome::Abort, open),
            Phase::Completed(Outcome::Commit),
            Phase::Completed(Outcome::Abort),
        ];
        for phase in phases {
            let (next_producer_id, protocol) = (Some(77), Protocol::V1);
            let txn = Transaction { next_producer_id, phase, protocol, ..transaction() };
            let written = record(Some(txn));
            assert_eq!(decode(&written.encode().unwrap()), Ok(Some(written)));
        }
        let tombstone = record(None);
        assert_eq!(decode(&tombstone.encode().unwrap()), Ok(Some(tombstone)));
    }

    #[test]
    fn value_of_an_older_broker_is_read() {
        let value = b"\0\0\0\0\0\0\0\0\0\x05\0\x03\0\0\xea\x60\x01\
            \0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\x07\
            \0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x01";
        let partitions = Partitions::from([("t".to_owned(), [7].into())]);
        let expected = Transaction {
            previous_producer_id: None,
            phase: Phase::Ongoing(Open { started_ms: 1, partitions }),
            protocol: Protocol::V1,
            ..transaction()
        };
        let decoded = TransactionRecord::decode(b"\0\0\0\x03app", Some(value));
        assert_eq!(decoded, Ok(Some(record(Some(expected)))));
    }

    #[test]
    fn damaged_and_foreign_records_are_told_apart() {
        let whole = record(Some(transaction())).encode().unwrap();
        let value = whole.value.unwrap();
        for end in 0..value.len() {
            let cut = TransactionRecord::decode(&whole.key, Some(&value[..end]));
            assert!(cut.is_err(), "{end} bytes");
        }
        assert_eq!(TransactionRecord::decode(b"\0\x01\0\x03app", None), Ok(None));
        let newer = TransactionRecord::decode(&whole.key, Some(b"\0\x09"));
        assert_eq!(newer, Err(RecordFormatError::ValueVersion(9)));
    }
}
