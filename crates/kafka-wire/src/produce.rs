//! Produce requests (versions 3–13), read by hand: the records stay slices of the frame.

use bytes::Bytes;

use crate::budget::Budget;
use crate::reader::{Reader, WireError};

/// The first version with tagged fields and compact lengths.
const FLEXIBLE: i16 = 9;
/// The first version that names topics by id.
const TOPIC_IDS: i16 = 13;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProduceRequest {
    /// Valid UTF-8.
    pub transactional_id: Option<Bytes>,
    pub acks: i16,
    pub timeout_ms: i32,
    pub topics: Vec<ProduceTopic>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProduceTopic {
    /// Valid UTF-8; empty where topics are named by id.
    pub name: Bytes,
    /// All zero where topics are named.
    pub id: [u8; 16],
    pub partitions: Vec<ProducePartition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducePartition {
    pub index: i32,
    pub records: Option<Bytes>,
}

impl ProduceRequest {
    pub fn transactional_id(&self) -> Option<&str> {
        std::str::from_utf8(self.transactional_id.as_ref()?).ok()
    }

    /// Reads a body in a version from 3 to 13. Bytes after it are left alone.
    pub fn read(body: &Bytes, version: i16) -> Result<Self, WireError> {
        let is_flexible = version >= FLEXIBLE;
        let mut reader = Reader::new(body);
        let mut budget = Budget::of_frame(body.len());
        let transactional_id = reader.text(is_flexible)?;
        let (acks, timeout_ms) = (reader.i16()?, reader.i32()?);
        let topics = reader.structs(is_flexible, |reader| {
            budget.element()?;
            let at = reader.position();
            let (name, id) = match version {
                TOPIC_IDS.. => (Bytes::new(), reader.array()?),
                _ => (reader.text(is_flexible)?.ok_or(WireError::Null { at })?, [0; 16]),
            };
            let partitions = reader.structs(is_flexible, |reader| {
                budget.element()?;
                let index = reader.i32()?;
                let records = reader.length(is_flexible)?;
                let records = records.map(|length| reader.take(length)).transpose()?;
                Ok(ProducePartition { index, records })
            })?;
            Ok(ProduceTopic { name, id, partitions })
        })?;
        if is_flexible {
            reader.skip_tagged_fields()?;
        }
        Ok(Self { transactional_id, acks, timeout_ms, topics })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classic() -> Bytes {
        Bytes::from_static(
            b"\xff\xff\xff\xff\x00\x00\x75\x30\
              \x00\x00\x00\x01\x00\x01t\
              \x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x03abc\x00\x00\x00\x01\xff\xff\xff\xff",
        )
    }

    fn flexible() -> Bytes {
        Bytes::from_static(
            b"\x00\xff\xff\x00\x00\x75\x30\x02\x02t\x03\
              \x00\x00\x00\x00\x04abc\x00\x00\x00\x00\x01\x00\x00\x00\x00",
        )
    }

    fn expected() -> ProduceRequest {
        let partition = |index, records| ProducePartition { index, records };
        ProduceRequest {
            transactional_id: None,
            acks: -1,
            timeout_ms: 30_000,
            topics: vec![ProduceTopic {
                name: Bytes::from_static(b"t"),
                id: [0; 16],
                partitions: vec![
                    partition(0, Some(Bytes::from_static(b"abc"))),
                    partition(1, None),
                ],
            }],
        }
    }

    #[test]
    fn classic_and_flexible_bodies_read_alike() {
        assert_eq!(ProduceRequest::read(&classic(), 3), Ok(expected()));
        assert_eq!(ProduceRequest::read(&flexible(), 9), Ok(expected()));
    }

    #[test]
    fn topics_are_named_by_id_since_version_13() {
        let mut body = flexible().to_vec();
        body.splice(8..10, [7; 16]);
        let mut by_id = expected();
        by_id.topics[0].name = Bytes::new();
        by_id.topics[0].id = [7; 16];
        assert_eq!(ProduceRequest::read(&body.into(), 13), Ok(by_id));
    }

    #[test]
    fn records_are_slices_of_the_frame() {
        let body = classic();
        let request = ProduceRequest::read(&body, 8).unwrap();
        let records = request.topics[0].partitions[0].records.clone().unwrap();
        assert!(body.as_ptr_range().contains(&records.as_ptr()));
    }

    #[test]
    fn every_prefix_is_an_error() {
        for (whole, version) in [(classic(), 8), (flexible(), 9)] {
            for end in 0..whole.len() {
                assert!(ProduceRequest::read(&whole.slice(..end), version).is_err(), "{end}");
            }
        }
    }
}
